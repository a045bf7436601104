package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/token"
)

type templateFlags struct{ input string }

func newTemplateCmd() *cobra.Command {
	f := &templateFlags{}
	cmd := &cobra.Command{
		Use:   "template --input FILE MODEL|TEMPLATE.jinja",
		Short: "Print the prompt a chat template makes of a conversation",
		Long: `Render a conversation with the chat template of a model, or with a template file, and print the prompt as it is.

The input is a JSON object: messages, and as far as wanted tools, bos_token, eos_token, add_generation_prompt and
further variables of the template. A model's own bos_token and eos_token are used when the input has none.`,
		Example: "  llamaboot template model.gguf --input conversation.json",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	cmd.Flags().StringVar(&f.input, "input", "", "JSON file with the conversation; - is standard input")
	return cmd
}

func (f *templateFlags) run(cmd *cobra.Command, path string) error {
	if f.input == "" {
		return cli.WithHint(cli.Usagef("template needs a conversation"), "give it with --input FILE, or --input - for standard input")
	}
	source, in, err := templateOf(path)
	if err != nil {
		return err
	}
	text, err := readText(cmd, f.input)
	if err != nil {
		return err
	}
	if err := readConversation([]byte(text), &in); err != nil {
		return fmt.Errorf("%s: %w", f.input, err)
	}
	t, err := chat.Parse(source)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	prompt, err := t.Render(in)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = io.WriteString(cmd.OutOrStdout(), prompt)
	return err
}

// templateOf reads a template file, or the template and special tokens of a model.
func templateOf(path string) (source string, in chat.Input, err error) {
	if strings.HasSuffix(path, ".jinja") {
		b, err := os.ReadFile(path)
		return string(b), in, err
	}
	g, release, err := parseGGUF(path)
	if err != nil {
		return "", in, err
	}
	defer release()
	if source, err = g.Text("tokenizer.chat_template", ""); err != nil {
		return "", in, fmt.Errorf("%s: %w", path, err)
	}
	if source == "" {
		return "", in, cli.WithHint(fmt.Errorf("%s: the model has no chat template", path), "give a template file ending in .jinja instead")
	}
	if t, err := token.New(g); err == nil { // a template can be looked at without a tokenizer
		in.BOS, in.EOS = t.Text(t.BOS), t.Text(t.EOS)
	}
	return source, in, nil
}

// readConversation fills in from a JSON object; an object under "input" counts as part of it.
func readConversation(b []byte, in *chat.Input) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return fmt.Errorf("a JSON %s, want an object with \"messages\"", kind.Value)
		}
		return err
	}
	if inner, ok := fields["input"]; ok && fields["messages"] == nil {
		delete(fields, "input")
		if err := json.Unmarshal(inner, &fields); err != nil {
			return err
		}
	}
	in.Extra = map[string]json.RawMessage{}
	for k, v := range fields {
		var err error
		switch k {
		case "messages":
			if in.Messages = v; v[0] != '[' {
				err = fmt.Errorf("%.40s is no list", v)
			}
		case "tools":
			in.Tools = v
		case "bos_token":
			err = json.Unmarshal(v, &in.BOS)
		case "eos_token":
			err = json.Unmarshal(v, &in.EOS)
		case "add_generation_prompt":
			err = json.Unmarshal(v, &in.AddGenerationPrompt)
		default:
			in.Extra[k] = v
		}
		if err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	if in.Messages == nil {
		return errors.New(`the object has no "messages"`)
	}
	return nil
}

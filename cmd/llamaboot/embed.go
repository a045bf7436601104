package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/model"
)

type embedFlags struct {
	engineFlags
	texts         []string
	file, pooling string
}

// poolings are the values of --pooling, none included.
var poolings = map[string]model.Pooling{"": model.PoolNone, "mean": model.PoolMean, "cls": model.PoolCLS, "last": model.PoolLast}

func newEmbedCmd() *cobra.Command {
	f := &embedFlags{}
	cmd := &cobra.Command{
		Use:   "embed [flags] MODEL",
		Short: "Print the embedding of a text",
		Long: `Compute what a text means to a model as a vector of length one, and print it as a JSON array.
Each -p is a text and gets a line of its own; without any the text is standard input or --file.
Two texts are as similar as the sum of the products of their vectors is large.`,
		Example: "  llamaboot embed -p 'a cat' -p 'a kitten' bge.gguf",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.add(cmd)
	cmd.Flags().StringArrayVarP(&f.texts, "prompt", "p", nil, "a text; may be given several times")
	cmd.Flags().StringVar(&f.file, "file", "", "read the text from this file")
	choiceVar(cmd.Flags(), &f.pooling, "pooling", "", []string{"mean", "cls", "last"}, "how the vectors of tokens become one: mean, cls or last (default: what the model asks for)")
	return cmd
}

func (f *embedFlags) run(cmd *cobra.Command, path string) error {
	if len(f.texts) > 0 && f.file != "" {
		return cli.Usagef("--prompt and --file exclude each other")
	}
	return f.withEngine(path, func(e *engine.Engine) error {
		texts := f.texts
		if len(texts) == 0 {
			text, err := readText(cmd, f.file)
			if err != nil {
				return err
			}
			texts = []string{text}
		}
		out := json.NewEncoder(cmd.OutOrStdout())
		for _, text := range texts {
			v, err := e.Embed(cmd.Context(), e.Tokenize(text, true, false), poolings[f.pooling])
			if err == nil {
				err = out.Encode(v)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		return nil
	})
}

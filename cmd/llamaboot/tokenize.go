package main

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/runtime/token"
)

type tokenizeFlags struct {
	noBOS, noParseSpecial, pieces bool
	file                          string
}

func newTokenizeCmd() *cobra.Command {
	f := &tokenizeFlags{}
	cmd := &cobra.Command{
		Use:   "tokenize [flags] MODEL",
		Short: "Print the token ids of a text",
		Long: `Tokenize a whole text, newlines included, from standard input or --file, and print its ids on one line.
The model may be a GGUF file without weights.`,
		Example: "  echo -n 'Hello world' | llamaboot tokenize model.gguf\n  llamaboot tokenize --no-bos --file text.txt model.gguf",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	cmd.Flags().BoolVar(&f.noBOS, "no-bos", false, "do not add the beginning and end tokens the model asks for")
	cmd.Flags().BoolVar(&f.noParseSpecial, "no-parse-special", false, "treat special tokens written in the text as text")
	cmd.Flags().BoolVar(&f.pieces, "pieces", false, "print one id a line with the text it stands for")
	cmd.Flags().StringVar(&f.file, "file", "", "read the text from this file")
	return cmd
}

func (f *tokenizeFlags) run(cmd *cobra.Command, path string) error {
	g, release, err := parseGGUF(path)
	if err != nil {
		return err
	}
	defer release()
	t, err := token.New(g)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	text, err := readText(cmd, f.file)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	for i, id := range t.Encode(text, !f.noBOS, !f.noParseSpecial) {
		switch {
		case f.pieces:
			fmt.Fprintf(out, "%6d -> %q\n", id, t.Piece(id, true))
			continue
		case i > 0:
			out.WriteByte(' ')
		}
		fmt.Fprint(out, id)
	}
	if !f.pieces {
		out.WriteByte('\n')
	}
	return out.Flush()
}

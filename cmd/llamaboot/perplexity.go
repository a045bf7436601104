package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/runtime/engine"
)

// minChunk is the shortest chunk a perplexity can be told of.
const minChunk = 4

type perplexityFlags struct {
	engineFlags
	file  string
	chunk int
	json  bool
}

func newPerplexityCmd() *cobra.Command {
	f := &perplexityFlags{}
	cmd := &cobra.Command{
		Use:   "perplexity -f FILE MODEL",
		Short: "Measure how well a model predicts a text",
		Long: `Measure the perplexity of a text in chunks, as llama.cpp's perplexity tool does: every chunk is a sequence of its
own, and the second half of its tokens counts. A text of less than two chunks is one sequence, and every token but the
first counts.`,
		Example: "  llamaboot perplexity model.gguf -f wiki.test.raw",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.add(cmd)
	cmd.Flags().StringVarP(&f.file, "file", "f", "", "text to measure; - or nothing is standard input")
	numberVar(cmd.Flags(), &f.chunk, "ctx-size", "c", 512, minChunk, noLimit, "tokens in a chunk")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
	return cmd
}

func (f *perplexityFlags) run(cmd *cobra.Command, path string) error {
	text, err := readText(cmd, f.file)
	if err != nil {
		return err
	}
	f.context = f.chunk
	return f.withEngine(path, func(e *engine.Engine) error {
		progress := func(done, chunks int, p engine.Perplexity) {
			fmt.Fprintf(cmd.ErrOrStderr(), "[%d/%d] %.4f\n", done, chunks, p.PPL())
		}
		p, err := e.Perplexity(cmd.Context(), e.Tokenize(text, true, false), f.chunk, progress)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		out := cmd.OutOrStdout()
		if f.json {
			return json.NewEncoder(out).Encode(map[string]any{"ppl": p.PPL(), "ppl_error": p.PPL() * p.Err, "nll_mean": p.NLL, "tokens": p.Tokens})
		}
		_, err = fmt.Fprintf(out, "Final estimate: PPL = %.4f +/- %.5f (%d tokens, mean negative log likelihood %.8f)\n", p.PPL(), p.PPL()*p.Err, p.Tokens, p.NLL)
		return err
	})
}

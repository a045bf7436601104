package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/runtime/app"
	"github.com/llamaboot/llamaboot/runtime/bench"
	"github.com/llamaboot/llamaboot/runtime/compute"
)

type benchFlags struct {
	bench.Options
	json      bool
	synthetic string
	write     string
	force     bool
}

func newBenchCmd() *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use:   "bench [flags] [MODEL]",
		Short: "Measure how fast a model runs",
		Long: `Measure a GGUF model or llamafile: prompt (pp) and generation (tg) speed in tokens a second, the time to the
first token, and how near generation comes to what the memory of this machine allows.

--synthetic makes a model of random weights with a real one's shape, so that nothing need be downloaded: ` +
			strings.Join(bench.Shapes(), ", ") + `;
the type after the colon is that of a tensor, Q4_K_M or Q5_K_M. Only the speed of such a model means something.

With --json every test is one line: {"test":"pp512","threads":2,"min":..,"median":..,"max":..}`,
		Example: `  llamaboot bench model.gguf
  llamaboot bench -t 1,2 --json model.llamafile
  llamaboot bench --synthetic tinyllama-1.1b:Q4_K_M`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := cmd.Flags()
	numberVar(flags, &f.Prompt, "prompt", "p", 512, -noLimit, noLimit, "tokens of the prompt; negative for no such test")
	numberVar(flags, &f.Gen, "gen", "n", 128, -noLimit, noLimit, "tokens to generate; negative for no such test")
	numbersVar(flags, &f.Threads, "threads", "t", 1, app.MaxThreads, "numbers of threads, one round each (default one for each physical core)")
	numberVar(flags, &f.Reps, "reps", "r", 5, 1, noLimit, "repetitions of every test")
	flags.BoolVar(&f.CPU, "cpu", false, "also print tokens a second of processor time, which other work disturbs less")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line")
	flags.StringVar(&f.synthetic, "synthetic", "", "measure a model made for it, SHAPE:TYPE")
	flags.StringVar(&f.write, "write", "", "only write the synthetic model to this file")
	flags.BoolVarP(&f.force, "force", "f", false, "with --write: replace the file if it exists")
	choiceVar(flags, &f.Level, "level", "", levelNames(), "instruction-set level: "+orList(levelNames())+" (default the last)")
	return cmd
}

func (f *benchFlags) run(cmd *cobra.Command, args []string) error {
	if (len(args) == 1) == (f.synthetic != "") {
		return cli.WithHint(cli.Usagef("want either a model or --synthetic"), "llamaboot bench --synthetic tinyllama-1.1b:Q4_0 needs no file")
	}
	if f.synthetic != "" {
		if err := bench.CheckSynthetic(f.synthetic); err != nil {
			return cli.Usagef("--synthetic %s: %w", printable(f.synthetic), err)
		}
	}
	if f.write != "" {
		return f.writeModel(cmd.Context())
	}
	data, release, err := f.model(args)
	if err != nil {
		return err
	}
	defer release()
	r, err := bench.Run(cmd.Context(), data, f.Options)
	if err != nil && len(args) > 0 {
		err = fmt.Errorf("%s: %w", args[0], err)
	}
	if err != nil {
		return err
	}
	if f.json {
		return r.WriteJSON(cmd.OutOrStdout())
	}
	return r.WriteText(cmd.OutOrStdout())
}

// writeModel writes the synthetic model and nothing else.
func (f *benchFlags) writeModel(ctx context.Context) error {
	if f.synthetic == "" {
		return cli.WithHint(cli.Usagef("--write without --synthetic"), "name the model to write: --synthetic tinyllama-1.1b:Q4_0")
	}
	return outfile.Write(f.write, 0o666, f.force, 0, func(out *outfile.File) error {
		w := bufio.NewWriter(cli.Writer(ctx, out))
		if err := bench.Synthetic(w, f.synthetic); err != nil {
			return err
		}
		return w.Flush()
	})
}

// model returns the GGUF file to measure.
func (f *benchFlags) model(args []string) (data []byte, release func() error, err error) {
	if f.synthetic != "" {
		data, err = bench.SyntheticBytes(f.synthetic)
		return data, func() error { return nil }, err
	}
	return loadGGUF(args[0])
}

// levelNames are the values of --level.
func levelNames() (names []string) {
	for _, l := range compute.Levels() {
		names = append(names, l.String())
	}
	return names
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/quant"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

type quantizeFlags struct {
	threads int
	force   bool
}

func newQuantizeCmd() *cobra.Command {
	f := &quantizeFlags{}
	cmd := &cobra.Command{
		Use:   "quantize IN.gguf OUT.gguf TYPE",
		Short: "Make a model smaller by rounding its weights",
		Long: `Round the weights of a model to fewer bits, the way llama.cpp does. TYPE is one of
  ` + strings.Join(quant.Targets(), " ") + `
Q4_K_M is the usual choice. Start from F32, F16 or BF16: rounding rounded weights again loses more.`,
		Example: "  llamaboot quantize model-f16.gguf model-q4.gguf Q4_K_M",
		Args:    cobra.ExactArgs(3),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0], args[1], args[2]) },
	}
	threadsVar(cmd.Flags(), &f.threads)
	cmd.Flags().BoolVarP(&f.force, "force", "f", false, "replace the output file if it exists")
	return cmd
}

func (f *quantizeFlags) run(cmd *cobra.Command, in, out, name string) error {
	if !slices.Contains(quant.Targets(), strings.ToUpper(name)) {
		return cli.Usagef("TYPE %s: want %s", printable(name), orList(quant.Targets()))
	}
	if err := outfile.KeepInputs(out, in); err != nil {
		return err
	}
	g, release, err := parseGGUF(in)
	if err != nil {
		return err
	}
	defer release()
	threads := f.threads
	if threads == 0 {
		threads = runtime.NumCPU()
	}
	pool := compute.NewPool(threads, nil)
	defer pool.Close()
	progress := func(i, n int, tensor string, from, to tensor.Type) {
		fmt.Fprintf(cmd.ErrOrStderr(), "[%d/%d] %s: %v -> %v\n", i+1, n, printable(tensor), from, to)
	}
	w, err := quant.File(g, name, pool, progress)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	size := int64(0)
	err = outfile.Write(out, 0o666, f.force, 0, func(file *outfile.File) (err error) {
		b := bufio.NewWriterSize(cli.Writer(cmd.Context(), file), 1<<20)
		if size, err = w.WriteTo(b); errors.Is(err, quant.ErrNotFinite) {
			return fmt.Errorf("%s: %w", in, err)
		} else if err != nil {
			return err
		}
		return b.Flush()
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d bytes, %.1f %% of %d\n", out, size, 100*float64(size)/float64(g.Size), g.Size)
	return err
}

package main

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/internal/progress"
)

// splitWeights takes the model out of in and writes it beside the llamafile that will
// be written to output, where its program looks for it. A model that is there already
// stays.
func splitWeights(ctx context.Context, in *ape.Input, output string, f *buildFlags, stderr io.Writer) error {
	if len(f.models) != 1 {
		return usagef("--split-weights goes with one --model, got %d", len(f.models))
	}
	model := in.Members[0]
	in.Members = in.Members[1:]
	path := strings.TrimSuffix(strings.TrimSuffix(output, ".exe"), ".llamafile") + ".gguf"
	if there, err := os.Stat(path); err == nil {
		if source, err := os.Stat(f.models[0]); err == nil && os.SameFile(source, there) {
			return nil
		}
	}
	return writeOutput(path, 0o666, f.force, model.Size, func(out *outfile.File) error {
		add, finish := progress.Bytes(stderr, "writing "+path, model.Size)
		defer finish()
		_, err := io.Copy(out, &contextReader{ctx, io.TeeReader(io.NewSectionReader(model.Data, 0, model.Size), counter(add))})
		return err
	})
}

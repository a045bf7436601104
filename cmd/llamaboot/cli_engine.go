package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/runtime/app"
	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model"
)

// loadGGUF maps the model of a GGUF file, or the first one of a llamafile.
func loadGGUF(path string) (data []byte, release func() error, err error) {
	b, err := bundle.Open(path)
	if err != nil {
		return nil, nil, err
	}
	models := b.Models()
	if len(models) == 0 {
		b.Close()
		return nil, nil, cli.WithHint(fmt.Errorf("%s: no model in it", path), "llamaboot build puts a model into a llamafile")
	}
	data, free, err := b.Load(models[0])
	if err != nil {
		b.Close()
		return nil, nil, err
	}
	return data, func() error { return errors.Join(free(), b.Close()) }, nil
}

// parseGGUF opens and parses the model that loadGGUF finds. The file must not be used after release.
func parseGGUF(path string) (f *gguf.File, release func() error, err error) {
	data, release, err := loadGGUF(path)
	if err != nil {
		return nil, nil, err
	}
	if f, err = gguf.Parse(data); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", path, err), release())
	}
	return f, release, nil
}

// engineFlags are the flags of verbs that compute.
type engineFlags struct {
	threads, context int
	cache            string
}

func (f *engineFlags) add(cmd *cobra.Command) {
	threadsVar(cmd.Flags(), &f.threads)
	choiceVar(cmd.Flags(), &f.cache, "cache-type", "f32", []string{"f32", "f16", "q8_0"}, "precision of cached keys and values: f32, f16 (as when chatting) or q8_0")
}

// threadsVar defines --threads: 0 is one on each core.
func threadsVar(flags *pflag.FlagSet, p *int) {
	numberVar(flags, p, "threads", "t", 0, 0, app.MaxThreads, "CPU threads (default all)")
}

// withEngine opens the model at path for the time of use.
func (f *engineFlags) withEngine(path string, use func(*engine.Engine) error) error {
	cache, err := model.ParseCacheType(f.cache)
	if err != nil {
		return err
	}
	level, err := app.Level(os.Getenv)
	if err != nil {
		return err
	}
	data, release, err := loadGGUF(path)
	if err != nil {
		return err
	}
	defer release()
	e, err := engine.Open(path, data, engine.Options{Threads: f.threads, Level: level, Context: f.context, Cache: cache})
	if err != nil {
		return err
	}
	defer e.Close()
	return use(e)
}

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

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
		return nil, nil, withHint(fmt.Errorf("%s: no model in it", path), "llamaboot build puts a model into a llamafile")
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
	cmd.Flags().IntVarP(&f.threads, "threads", "t", 0, "CPU threads (default all)")
	cmd.Flags().StringVar(&f.cache, "cache-type", "f32", "precision of cached keys and values: f32, f16 (as when chatting) or q8_0")
}

// withEngine opens the model at path for the time of use.
func (f *engineFlags) withEngine(path string, use func(*engine.Engine) error) error {
	if f.threads < 0 || f.threads > app.MaxThreads {
		return usagef("--threads %d: want at most %d, or 0 for one on each core", f.threads, app.MaxThreads)
	}
	cache, err := model.ParseCacheType(f.cache)
	if err != nil {
		return &usageError{err}
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

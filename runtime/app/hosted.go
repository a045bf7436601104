package app

import (
	"io"
	"os"
	"os/signal"

	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/console"
)

// Hosted is the world of a process under an operating system.
func Hosted(name string, args []string) Platform {
	return Platform{
		Name:       name,
		Args:       args,
		Env:        os.Getenv,
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		Interrupts: interrupts,
		Terminal:   func() (*console.Terminal, bool) { return console.OpenTerminal(os.Stdin, os.Stdout) },
		OpenSelf:   bundle.OpenSelf,
		OpenFile:   bundle.Open,
		OpenText:   func(path string) (io.ReadCloser, error) { return os.Open(path) },
	}
}

// interrupts turns SIGINT, or Ctrl-C on Windows, into values from now on.
func interrupts() <-chan struct{} {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	out := make(chan struct{})
	go func() {
		for range signals {
			out <- struct{}{}
		}
	}()
	return out
}

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

// interrupts turns SIGINT, or Ctrl-C on Windows, into values from now on. When another one comes while nobody took the
// one before, the program is busy with something that does not look (loading a model from a slow disk, writing to a
// pipe nobody reads), and ends.
func interrupts() <-chan struct{} {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	out := make(chan struct{}, 1)
	go func() {
		for range signals {
			select {
			case out <- struct{}{}:
			default:
				os.Exit(ExitInterrupted)
			}
		}
	}()
	return out
}

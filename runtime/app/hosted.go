package app

import (
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/chats"
	"github.com/llamaboot/llamaboot/runtime/console"
)

// Hosted is the world of a process under an operating system.
func Hosted(name string, args []string) Platform {
	return Platform{
		Name:        name,
		Args:        args,
		Environ:     os.Environ,
		Env:         os.Getenv,
		Stdin:       os.Stdin,
		Stdout:      os.Stdout,
		Stderr:      os.Stderr,
		Interrupts:  func() <-chan struct{} { return signals(os.Interrupt) },
		Terminate:   func() <-chan struct{} { return signals(syscall.SIGTERM) },
		Listen:      listenHosted,
		OpenBrowser: openBrowser,
		ChatsFile:   chatsFile,
		OpenChats:   chats.Open,
		Terminal:    func() (*console.Terminal, bool) { return console.OpenTerminal(os.Stdin, os.Stdout) },
		OpenSelf:    bundle.OpenSelf,
		OpenFile:    bundle.Open,
		OpenText:    func(path string) (io.ReadCloser, error) { return os.Open(path) },
	}
}

// signals turns a signal (os.Interrupt is Ctrl-C on Windows) into values from now on. When another one comes while nobody took the
// one before, the program is busy with something that does not look (loading a model from a slow disk, writing to a
// pipe nobody reads), and ends.
func signals(s os.Signal) <-chan struct{} {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, s)
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

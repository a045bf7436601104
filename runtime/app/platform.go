// Package app is the program inside every llamafile: its flags, its modes, and what it prints.
//
// It is plain Go and knows neither disks nor hardware: whatever differs between a process under an OS and the
// bare-metal core comes in through Platform.
package app

import (
	"io"
	"net"

	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/chats"
	"github.com/llamaboot/llamaboot/runtime/console"
)

// Platform is the world the program runs in.
type Platform struct {
	// Name is the program's name in messages and in the help text.
	Name string
	// Build names the build of the program, for --version; nil where it cannot tell.
	Build func() string
	// Args are the user's arguments, without the program's name.
	Args []string
	// BootArgs, when not nil, is text in .args syntax that replaces the llamafile's own .args.
	BootArgs *string
	// BootSettings says that the program runs on the machine whose boot disk the llamafile is: the owner's settings in
	// its llamaboot.cfg count, between .args and BootArgs.
	BootSettings bool
	// Env returns an environment variable; nil means there are none.
	Env func(key string) string

	// Environ lists the environment as os.Environ does; nil means there is none.
	Environ func() []string

	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// RawConsole says that no terminal driver lies below Stdin: typed bytes are not echoed, lines are not edited,
	// and Ctrl-C arrives as byte 0x03. The program then does that itself.
	RawConsole bool
	// MarkText makes --cli announce its text with the lines guest.TextBegin and guest.TextEnd on Stderr, for consoles where
	// Stdout and Stderr are one stream.
	MarkText bool
	// Terminal switches the terminal around the program to raw input, so that the chat can edit lines itself. nil, or
	// false: there is none.
	Terminal func() (*console.Terminal, bool)
	// Columns is the width of a raw console; nil: unknown.
	Columns func() int
	// SetConsole sets the machine's own keyboard and screen up; nil where an operating system has done that.
	SetConsole func(ConsoleOptions) error
	// Status shows a line of text that stays on the screen; nil where there is no place for one.
	Status func(text string)
	// Temperature is the CPU's; nil, or false: it does not say.
	Temperature func() (celsius int, ok bool)
	// Interrupts makes Ctrl-C deliver one value each time instead of ending the program, from when the program looks for
	// them; nil when they only come through a raw console.
	Interrupts func() <-chan struct{}
	// Terminate makes the system's request to end the program deliver one value each time, as Interrupts does; nil where
	// there is no such request.
	Terminate func() <-chan struct{}
	// Listen opens a TCP address or a UNIX socket, as net.Listen does; nil where there is no network.
	Listen func(network, address string) (net.Listener, error)

	// OpenBrowser shows an address in the person's web browser, where there is one; nil where there never is.
	OpenBrowser func(address string)
	// ChatsFile is the usual place of the page's chats, "" for none; OpenChats opens such a file. nil: there are no files.
	ChatsFile func() string
	OpenChats func(path string) (*chats.Store, error)

	// PowerOff and Reboot switch the machine off and start it again, at /quit and /reboot of the chat; nil where the
	// program is one of many. They return when the machine does not let itself be switched.
	PowerOff, Reboot func()

	// OpenSelf opens the llamafile this program was started from.
	OpenSelf func() (*bundle.File, error)
	// OpenFile opens another llamafile or model by path; nil means there are no files.
	OpenFile func(path string) (*bundle.File, error)
	// OpenText opens a text by path; nil means there are no files.
	OpenText func(path string) (io.ReadCloser, error)
	// Threads is the number of CPUs to compute on when -t does not say; 0 leaves it to the engine.
	Threads int
}

// ConsoleOptions are the flags that concern the keyboard and the screen of a bare machine.
type ConsoleOptions struct {
	Keyboard string // --keyboard; empty: us
	Video    string // --video; empty: auto
}

// Exit statuses of the program.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitInterrupted = 130 // 128 + SIGINT, the shells' convention
)

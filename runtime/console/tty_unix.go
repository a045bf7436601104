//go:build unix && !aix && !solaris && !illumos

package console

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ttyState is what Close restores.
type ttyState = unix.Termios

func (t *Terminal) raw() bool {
	old, err := unix.IoctlGetTermios(int(t.in.Fd()), ioctlGet)
	if err != nil {
		return false
	}
	if _, err := unix.IoctlGetTermios(int(t.out.Fd()), ioctlGet); err != nil {
		return false
	}
	t.state = *old
	now := *old
	now.Lflag &^= unix.ICANON | unix.ECHO | unix.ISIG | unix.IEXTEN
	now.Iflag &^= unix.ICRNL | unix.IXON | unix.ISTRIP
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
	if unix.IoctlSetTermios(int(t.in.Fd()), ioctlSet, &now) != nil {
		return false
	}
	t.out.WriteString(pasteOn)
	return true
}

// Close restores the terminal.
func (t *Terminal) Close() {
	t.out.WriteString(pasteOff)
	unix.IoctlSetTermios(int(t.in.Fd()), ioctlSet, &t.state) // a terminal that is gone needs nothing
}

// Columns is the terminal's width, 0 if it does not say.
func (t *Terminal) Columns() int {
	size, err := unix.IoctlGetWinsize(int(t.out.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

// stopWait is how long a stop may take to come: the signal may go to another thread, and the terminal must stay as the
// shell wants it until then. Where nobody could continue it a process is not stopped at all.
const stopWait = 200 * time.Millisecond

// Suspend stops the process group as Ctrl-Z does, and returns when it is continued.
func (t *Terminal) Suspend() {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	t.Close()
	syscall.Kill(0, syscall.SIGTSTP)
	select {
	case <-continued:
	case <-time.After(stopWait):
	}
	t.raw()
}

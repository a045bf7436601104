//go:build unix && !solaris && !aix

package edit

import (
	"os"
	"syscall"
)

// lock takes the file for editing until it is closed. ErrBusy says that another process has it; other errors are of the
// file system (flock(2)).
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK {
		return ErrBusy
	}
	return err
}

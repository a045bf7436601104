//go:build unix

package outfile

import (
	"io/fs"
	"syscall"
)

// umask reads the process's umask, which can only be done by setting it.
func umask() fs.FileMode {
	m := syscall.Umask(0o077)
	syscall.Umask(m)
	return fs.FileMode(m)
}

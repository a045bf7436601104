//go:build !linux

package flash

import (
	"fmt"
	"os"
	"runtime"
)

// Find describes the block device at path. Only Linux tells reliably which disks are removable and unused.
func Find(path string) (*Device, error) {
	return nil, fmt.Errorf("%w: this system (%s) is not supported; write the file with dd, Rufus or balenaEtcher", ErrDevice, runtime.GOOS)
}

// OpenDevice is a device open for writing.
type OpenDevice struct{ *os.File }

// Open cannot be reached: Find gives no device.
func (d *Device) Open() (*OpenDevice, error) { return nil, ErrDevice }

// Reread has nothing to do.
func (d *OpenDevice) Reread() error { return nil }

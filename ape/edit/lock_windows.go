package edit

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockAt is the high half of the offset of the locked byte. LockFileEx forbids others to
// read what is locked, so that byte lies behind the end of any file.
const lockAt = 1 << 30

// lock takes the file for editing until it is closed. ErrBusy says that another process has it; other errors are of the
// file system.
func lock(f *os.File) error {
	at := windows.Overlapped{OffsetHigh: lockAt}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if err == windows.ERROR_LOCK_VIOLATION {
		return ErrBusy
	}
	return err
}

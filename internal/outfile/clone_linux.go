package outfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// cloneUnit divides offset and length of what is shared: a multiple of the blocks of
// every file system that can share them.
const cloneUnit = 64 << 10

// CloneFrom lets the file share the first n bytes of src, rounded down to whole 64 KiB,
// from its own offset at on (ioctl_ficlonerange(2)). It returns how many bytes that
// were: 0 where the file system cannot, on another disk, or at an odd offset.
func (f *File) CloneFrom(src *os.File, at, n int64) int64 {
	n -= n % cloneUnit
	if n <= 0 || at%cloneUnit != 0 {
		return 0
	}
	r := unix.FileCloneRange{Src_fd: int64(src.Fd()), Src_length: uint64(n), Dest_offset: uint64(at)}
	if unix.IoctlFileCloneRange(int(f.Fd()), &r) != nil {
		return 0
	}
	return n
}

// Package esp makes EFI System Partitions in memory: a FAT32 volume (UEFI Specification
// 2.10 section 13.3, package fat32) with its files at offsets that are multiples of 4 KiB
// and known to the caller.
//
// Not supported: changing a partition, which is for its owner's system to do.
package esp

import (
	"io"

	"github.com/llamaboot/llamaboot/image/fat32"
)

// A File of the partition. With Short, which is the 8.3 name then, the last part of Path
// may be a long name.
type File struct {
	Path, Short string
	Data        []byte
}

// Options are what the volume says of itself.
type Options struct {
	Label  string // up to 11 upper-case characters
	Serial uint32
	Start  int64 // offset of the partition on the disk
}

// New returns the bytes of a partition as small as FAT32 may be, and the offset of each
// file in it. Places depend on the sizes of the files before, not on those behind.
func New(o Options, files []File) (volume []byte, at []int64, err error) {
	list := make([]fat32.File, len(files))
	for i, f := range files {
		list[i] = fat32.File{Path: f.Path, Size: int64(len(f.Data)), Short: f.Short}
	}
	layout, err := fat32.New(fat32.Options{Label: o.Label, Serial: o.Serial, HiddenSectors: o.Start / fat32.SectorSize}, list)
	if err != nil {
		return nil, nil, err
	}
	b := make(memory, layout.Size())
	if err := layout.WriteMetadata(b, 0); err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		off, _ := layout.Offset(f.Path)
		at = append(at, off)
		copy(b[off:], f.Data)
	}
	return b, at, nil
}

// memory is a fixed stretch of memory to write to.
type memory []byte

func (m memory) WriteAt(b []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(m)) || copy(m[off:], b) < len(b) {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

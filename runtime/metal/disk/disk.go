// Package disk reads the boot disk as the file it was written from: block devices
// as io.ReaderAt, and the GPT that says where the file ends.
//
// Reference: UEFI 2.10 section 5.3 (GUID Partition Table).
package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Blocks is a disk that reads whole blocks.
type Blocks interface {
	// BlockSize is the size of a logical block in bytes, 512 or 4096.
	BlockSize() int
	// MaxBlocks is the largest number of blocks of one read.
	MaxBlocks() int
	// ReadBlocks fills b, whole blocks, from block lba on.
	ReadBlocks(lba uint64, b []byte) error
	// Name says which disk it is, for messages.
	Name() string
}

// GUID is a GUID as it lies on the disk.
type GUID [16]byte

// WeightsType is the partition type GUID of the weights,
// 4C4C414D-4142-4F4F-5457-454947485453.
var WeightsType = GUID{0x4d, 0x41, 0x4c, 0x4c, 0x42, 0x41, 0x4f, 0x4f, 0x54, 0x57, 0x45, 0x49, 0x47, 0x48, 0x54, 0x53}

// ErrNoGPT reports a disk without a valid GUID partition table.
var ErrNoGPT = errors.New("disk: no GUID partition table")

// Table is what a GPT says about the disk.
type Table struct {
	Disk       GUID
	Size       int64 // bytes up to the end of the backup header: the size of the image
	Partitions []Partition
}

// Partition is a used entry.
type Partition struct {
	Type, Unique GUID
	Offset, Size int64 // bytes
}

// GPT header (table 5-5) and entry (table 5-6).
const (
	headerSize   = 92
	entrySize    = 128
	maxEntries   = 1024
	maxBlockSize = 64 << 10
	maxDiskSize  = 1 << 62
)

// header is what matters of a header.
type header struct {
	disk        GUID
	alternate   uint64 // block of the backup header
	entries     uint64 // block of the entries
	count, each uint32
	entriesSum  uint32
	size        int64 // bytes up to the end of the backup header
}

// parseHeader reads a header at the start of b, for blocks of size bytes.
func parseHeader(b []byte, size int) (h header, err error) {
	le := binary.LittleEndian
	if string(b[:8]) != "EFI PART" {
		return h, fmt.Errorf("block 1 starts with %q", b[:8])
	}
	n := le.Uint32(b[12:])
	if n < headerSize || int(n) > min(size, len(b)) {
		return h, fmt.Errorf("header of %d bytes", n)
	}
	sum := le.Uint32(b[16:])
	sector := bytes.Clone(b[:n])
	clear(sector[16:20])
	if got := crc32.ChecksumIEEE(sector); got != sum {
		return h, fmt.Errorf("header checksum %08x, want %08x", got, sum)
	}
	h = header{
		disk: GUID(b[56:72]), alternate: le.Uint64(b[32:]), entries: le.Uint64(b[72:]),
		count: le.Uint32(b[80:]), each: le.Uint32(b[84:]), entriesSum: le.Uint32(b[88:]),
	}
	if h.count > maxEntries || h.each < entrySize || h.each > 4096 || h.each%8 != 0 {
		return h, fmt.Errorf("%d entries of %d bytes", h.count, h.each)
	}
	if h.alternate >= maxDiskSize/uint64(size) || h.entries >= maxDiskSize/uint64(size) {
		return h, fmt.Errorf("backup header at block %d, entries at block %d", h.alternate, h.entries)
	}
	h.size = int64(h.alternate+1) * int64(size)
	return h, nil
}

// ReadTable reads and checks the primary GPT of b.
func ReadTable(b Blocks) (*Table, error) {
	size := b.BlockSize()
	if size < 512 || size > maxBlockSize || size&(size-1) != 0 {
		return nil, fmt.Errorf("disk: %s has blocks of %d bytes, want a power of two from 512 to %d", b.Name(), size, maxBlockSize)
	}
	sector := make([]byte, size)
	if err := b.ReadBlocks(1, sector); err != nil {
		return nil, fmt.Errorf("disk: %s: reading the partition table at block 1: %w", b.Name(), err)
	}
	h, err := parseHeader(sector, size)
	if err != nil {
		return nil, fmt.Errorf("%w on %s: %w", ErrNoGPT, b.Name(), err)
	}
	t := &Table{Disk: h.disk, Size: h.size}
	r := NewReader(b, maxDiskSize)
	entries := make([]byte, int(h.count)*int(h.each))
	if _, err := r.ReadAt(entries, int64(h.entries)*int64(size)); err != nil {
		return nil, fmt.Errorf("disk: %s: reading the partition entries: %w", b.Name(), err)
	}
	if got := crc32.ChecksumIEEE(entries); got != h.entriesSum {
		return nil, fmt.Errorf("%w on %s: entry checksum %08x, want %08x", ErrNoGPT, b.Name(), got, h.entriesSum)
	}
	le := binary.LittleEndian
	for ; len(entries) > 0; entries = entries[h.each:] {
		p := Partition{Type: GUID(entries[:16]), Unique: GUID(entries[16:32])}
		first, last := le.Uint64(entries[32:]), le.Uint64(entries[40:])
		if p.Type == (GUID{}) || first > last || last > h.alternate {
			continue
		}
		p.Offset, p.Size = int64(first)*int64(size), int64(last-first+1)*int64(size)
		t.Partitions = append(t.Partitions, p)
	}
	return t, trim(t, r, size)
}

// trim takes the size from the header for the other size of blocks that a llamafile carries, if that is smaller:
// partition tools that make use of all of a larger stick move the end in the header that they understand, and leave the
// other alone.
func trim(t *Table, r *Reader, size int) error {
	const small, large = 512, 4096
	at, other := int64(large), large
	switch size {
	case small:
	case large:
		at, other = small, small
	default:
		return nil
	}
	b := make([]byte, small)
	if _, err := r.ReadAt(b, at); err != nil {
		return fmt.Errorf("disk: %s: reading the second partition table: %w", r.Name(), err)
	}
	if h, err := parseHeader(b, other); err == nil && h.disk == t.Disk {
		t.Size = min(t.Size, h.size)
	}
	return nil
}

// HasType and HasUnique report whether a partition of that type or identity exists.
func (t *Table) HasType(g GUID) bool {
	for _, p := range t.Partitions {
		if p.Type == g {
			return true
		}
	}
	return false
}

func (t *Table) HasUnique(g GUID) bool {
	for _, p := range t.Partitions {
		if p.Unique == g {
			return true
		}
	}
	return false
}

// Reader reads the first size bytes of a disk at any offset.
type Reader struct {
	blocks Blocks
	size   int64
	bounce []byte
}

// NewReader returns a reader; it is not safe for concurrent use.
func NewReader(b Blocks, size int64) *Reader {
	return &Reader{blocks: b, size: size, bounce: make([]byte, b.BlockSize())}
}

// Name says which disk it is.
func (r *Reader) Name() string { return r.blocks.Name() }

// Size is the size in bytes.
func (r *Reader) Size() int64 { return r.size }

// ReadAt implements io.ReaderAt.
func (r *Reader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off > r.size {
		return 0, fmt.Errorf("disk: %s: offset %d outside its %d bytes", r.blocks.Name(), off, r.size)
	}
	if rest := r.size - off; int64(len(p)) > rest {
		p, err = p[:rest], io.EOF
	}
	bs := int64(r.blocks.BlockSize())
	for n < len(p) {
		lba, in := uint64(off/bs), int(off%bs)
		if whole := min((len(p)-n)/int(bs), r.blocks.MaxBlocks()); in == 0 && whole > 0 {
			k := whole * int(bs)
			if e := r.read(lba, p[n:n+k]); e != nil {
				return n, e
			}
			n, off = n+k, off+int64(k)
			continue
		}
		if e := r.read(lba, r.bounce); e != nil {
			return n, e
		}
		k := copy(p[n:], r.bounce[in:])
		n, off = n+k, off+int64(k)
	}
	return n, err
}

func (r *Reader) read(lba uint64, p []byte) error {
	if err := r.blocks.ReadBlocks(lba, p); err != nil {
		if at := (interface{ DiskOffset() uint64 })(nil); errors.As(err, &at) { // it names the part that failed itself
			return fmt.Errorf("disk: %s: reading %w", r.blocks.Name(), err)
		}
		return fmt.Errorf("disk: %s: reading %d bytes at offset %d: %w", r.blocks.Name(), len(p), int64(lba)*int64(r.blocks.BlockSize()), err)
	}
	return nil
}

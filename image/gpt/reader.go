package gpt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"unicode/utf16"
)

// ReadHeader reads and checks the header at LBA my of a disk with sectors of the given
// size in bytes.
func ReadHeader(r io.ReaderAt, sector int64, my uint64) (Header, error) {
	b := make([]byte, sector)
	if n, err := r.ReadAt(b, int64(my)*sector); n < len(b) {
		return Header{}, fmt.Errorf("read the partition table at LBA %d: %w", my, err)
	}
	h, err := DecodeHeader(b, my)
	if err != nil {
		return h, err
	}
	if limit := uint64(maxDisk / sector); h.Alternate >= limit || h.Array >= limit {
		return h, fmt.Errorf("%w at LBA %d: the other header at LBA %d, entries at LBA %d, want less than %d", ErrHeader, my, h.Alternate, h.Array, limit)
	}
	return h, nil
}

// Read reads and checks the table whose header is at LBA my: 1 for the primary one. What
// the partitions are is for Check.
func Read(r io.ReaderAt, sector int64, my uint64) (*Table, error) {
	h, err := ReadHeader(r, sector, my)
	if err != nil {
		return nil, err
	}
	array := make([]byte, int64(h.Count)*int64(h.Size))
	if n, err := r.ReadAt(array, int64(h.Array)*sector); n < len(array) {
		return nil, fmt.Errorf("read the partition entries at LBA %d: %w", h.Array, err)
	}
	if got := crc32.ChecksumIEEE(array); got != h.ArrayCRC {
		return nil, fmt.Errorf("%w at LBA %d: CRC-32 %08x, the header says %08x", ErrArray, h.Array, got, h.ArrayCRC)
	}
	return &Table{h, DecodeArray(array, int(h.Size))}, nil
}

// DecodeHeader decodes and checks the header at the start of b, found at LBA my.
func DecodeHeader(b []byte, my uint64) (Header, error) {
	bad := func(format string, args ...any) (Header, error) {
		return Header{}, fmt.Errorf("%w at LBA %d: %s", ErrHeader, my, fmt.Sprintf(format, args...))
	}
	if len(b) < HeaderSize {
		return bad("%d bytes, want %d", len(b), HeaderSize)
	}
	le := binary.LittleEndian
	if got := b[:len(signature)]; string(got) != signature {
		return bad("offset 0x0: signature %q, want %q", got, signature)
	}
	size := le.Uint32(b[offHeaderSize:])
	if size < HeaderSize || uint64(size) > uint64(len(b)) {
		return bad("offset %#x: header size %d, want %d to %d", offHeaderSize, size, HeaderSize, len(b))
	}
	clean := bytes.Clone(b[:size])
	clear(clean[offHeaderCRC:][:4])
	if got, want := crc32.ChecksumIEEE(clean), le.Uint32(b[offHeaderCRC:]); got != want {
		return bad("offset %#x: CRC-32 %08x, the header's bytes give %08x", offHeaderCRC, want, got)
	}
	if got := le.Uint32(b[offRevision:]); got != revision {
		return bad("offset %#x: revision %#x, want %#x", offRevision, got, revision)
	}
	h := Header{
		My:          le.Uint64(b[offMy:]),
		Alternate:   le.Uint64(b[offAlternate:]),
		FirstUsable: le.Uint64(b[offFirstUsable:]),
		LastUsable:  le.Uint64(b[offLastUsable:]),
		Disk:        GUID(b[offDisk:][:16]),
		Array:       le.Uint64(b[offArray:]),
		Count:       le.Uint32(b[offCount:]),
		Size:        le.Uint32(b[offSize:]),
		ArrayCRC:    le.Uint32(b[offArrayCRC:]),
	}
	if h.My != my {
		return bad("offset %#x: the header says it is LBA %d", offMy, h.My)
	}
	if h.Count == 0 || h.Count > maxEntries {
		return bad("offset %#x: %d entries, want 1 to %d", offCount, h.Count, maxEntries)
	}
	if h.Size < EntrySize || h.Size > maxEntrySize || h.Size&(h.Size-1) != 0 {
		return bad("offset %#x: entries of %d bytes, want a power of two from %d to %d", offSize, h.Size, EntrySize, maxEntrySize)
	}
	return h, nil
}

// DecodeArray returns the used entries of a partition entry array with entries of size
// bytes, at least EntrySize.
func DecodeArray(b []byte, size int) []Partition {
	le := binary.LittleEndian
	var parts []Partition
	for ; len(b) >= size; b = b[size:] {
		p := Partition{
			Type:       GUID(b[offType:][:16]),
			ID:         GUID(b[offID:][:16]),
			First:      le.Uint64(b[offFirst:]),
			Last:       le.Uint64(b[offLast:]),
			Attributes: le.Uint64(b[offAttributes:]),
		}
		if p.Type == (GUID{}) {
			continue
		}
		var name []uint16
		for j := range nameUnits {
			u := le.Uint16(b[offName+2*j:])
			if u == 0 {
				break
			}
			name = append(name, u)
		}
		p.Name = string(utf16.Decode(name))
		parts = append(parts, p)
	}
	return parts
}

// Check reports partitions that are empty, leave the usable sectors or overlap, as
// firmware does.
func (t *Table) Check() error {
	for i, p := range t.Partitions {
		if p.First > p.Last || p.First < t.FirstUsable || p.Last > t.LastUsable {
			return fmt.Errorf("%w: partition %d %q spans LBA %d to %d, usable are %d to %d", ErrArray, i+1, p.Name, p.First, p.Last, t.FirstUsable, t.LastUsable)
		}
		for j, q := range t.Partitions[:i] {
			if p.First <= q.Last && q.First <= p.Last {
				return fmt.Errorf("%w: partitions %d %q and %d %q overlap", ErrArray, j+1, q.Name, i+1, p.Name)
			}
		}
	}
	return nil
}

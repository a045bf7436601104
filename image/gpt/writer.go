package gpt

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"unicode/utf16"
)

// EncodeArray returns the ArraySize bytes of the partition entry array (5.3.3).
func EncodeArray(parts []Partition) ([]byte, error) {
	if len(parts) > Entries {
		return nil, fmt.Errorf("%d partitions, at most %d", len(parts), Entries)
	}
	le := binary.LittleEndian
	b := make([]byte, ArraySize)
	for i, p := range parts {
		e := b[i*EntrySize:][:EntrySize]
		copy(e[offType:], p.Type[:])
		copy(e[offID:], p.ID[:])
		le.PutUint64(e[offFirst:], p.First)
		le.PutUint64(e[offLast:], p.Last)
		le.PutUint64(e[offAttributes:], p.Attributes)
		name := utf16.Encode([]rune(p.Name))
		if len(name) > nameUnits {
			return nil, fmt.Errorf("partition name %q: %d UTF-16 units, at most %d", p.Name, len(name), nameUnits)
		}
		for j, u := range name {
			le.PutUint16(e[offName+2*j:], u)
		}
	}
	return b, nil
}

// Encode returns the HeaderSize bytes of h with its checksum; Count and Size
// are this package's.
func (h *Header) Encode() []byte {
	le := binary.LittleEndian
	b := make([]byte, HeaderSize)
	copy(b, signature)
	le.PutUint32(b[offRevision:], revision)
	le.PutUint32(b[offHeaderSize:], HeaderSize)
	le.PutUint64(b[offMy:], h.My)
	le.PutUint64(b[offAlternate:], h.Alternate)
	le.PutUint64(b[offFirstUsable:], h.FirstUsable)
	le.PutUint64(b[offLastUsable:], h.LastUsable)
	copy(b[offDisk:], h.Disk[:])
	le.PutUint64(b[offArray:], h.Array)
	le.PutUint32(b[offCount:], Entries)
	le.PutUint32(b[offSize:], EntrySize)
	le.PutUint32(b[offArrayCRC:], h.ArrayCRC)
	le.PutUint32(b[offHeaderCRC:], crc32.ChecksumIEEE(b)) // over the header with this field zero
	return b
}

// Package gpt encodes and checks GUID partition tables.
//
// Implements UEFI Specification 2.10, chapter 5 (GPT disk layout): headers,
// entry arrays and the protective MBR record, for any sector size. It is
// hand-written because a llamafile carries two tables (512- and 4096-byte
// sectors) with entry arrays at places of its own choosing, which the
// partition/gpt package of go-diskfs cannot express; that package reads ours in
// the tests.
package gpt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf16"
)

// Sizes of the records, UEFI 5.3.2 and 5.3.3.
const (
	HeaderSize = 92
	EntrySize  = 128
	// Entries is the array's length every tool expects (5.3.1: at least 16 KiB).
	Entries   = 128
	ArraySize = Entries * EntrySize

	nameUnits = 36
)

const (
	signature = "EFI PART"
	revision  = 0x00010000
)

// Errors for errors.Is.
var (
	ErrHeader = errors.New("gpt: invalid header")
	ErrArray  = errors.New("gpt: invalid partition array")
)

// Partition type GUIDs.
var (
	TypeESP      = MustGUID("C12A7328-F81F-11D2-BA4B-00A0C93EC93B") // EFI System Partition
	TypeBIOSBoot = MustGUID("21686148-6449-6E6F-744E-656564454649") // "Hah!IdontNeedEFI": boot code
	// TypeWeights is llamaboot's own: "LLAMABOOTWEIGHTS" in the text's bytes.
	TypeWeights = MustGUID("4C4C414D-4142-4F4F-5457-454947485453")
)

// A GUID in the mixed-endian form disks use (UEFI appendix A).
type GUID [16]byte

// MustGUID parses the text form of a constant.
func MustGUID(text string) GUID {
	var a uint32
	var b, c uint16
	var d [8]byte
	hex := strings.ReplaceAll(text, "-", "")
	n, err := fmt.Sscanf(hex, "%8x%4x%4x%2x%2x%2x%2x%2x%2x%2x%2x",
		&a, &b, &c, &d[0], &d[1], &d[2], &d[3], &d[4], &d[5], &d[6], &d[7])
	if err != nil || n != 11 {
		panic("gpt: bad GUID constant " + text)
	}
	var g GUID
	binary.LittleEndian.PutUint32(g[0:], a)
	binary.LittleEndian.PutUint16(g[4:], b)
	binary.LittleEndian.PutUint16(g[6:], c)
	copy(g[8:], d[:])
	return g
}

// Derive makes a version 4 variant 1 GUID (RFC 9562) from hash bytes.
func Derive(hash [16]byte) GUID {
	g := GUID(hash)
	g[7] = g[7]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g
}

func (g GUID) String() string {
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", binary.LittleEndian.Uint32(g[0:]),
		binary.LittleEndian.Uint16(g[4:]), binary.LittleEndian.Uint16(g[6:]), g[8:10], g[10:])
}

// A Partition is one entry; First and Last are inclusive LBAs.
type Partition struct {
	Type, ID    GUID
	First, Last uint64
	Attributes  uint64
	Name        string
}

// EncodeArray returns the ArraySize bytes of the partition entry array (5.3.3).
func EncodeArray(parts []Partition) ([]byte, error) {
	if len(parts) > Entries {
		return nil, fmt.Errorf("gpt: %d partitions, at most %d", len(parts), Entries)
	}
	b := make([]byte, ArraySize)
	for i, p := range parts {
		e := b[i*EntrySize:][:EntrySize]
		copy(e[0:], p.Type[:])
		copy(e[16:], p.ID[:])
		binary.LittleEndian.PutUint64(e[32:], p.First)
		binary.LittleEndian.PutUint64(e[40:], p.Last)
		binary.LittleEndian.PutUint64(e[48:], p.Attributes)
		name := utf16.Encode([]rune(p.Name))
		if len(name) > nameUnits {
			return nil, fmt.Errorf("gpt: partition name %q: %d UTF-16 units, at most %d", p.Name, len(name), nameUnits)
		}
		for j, u := range name {
			binary.LittleEndian.PutUint16(e[56+2*j:], u)
		}
	}
	return b, nil
}

// DecodeArray returns the used entries of a partition entry array.
func DecodeArray(b []byte) []Partition {
	var parts []Partition
	for ; len(b) >= EntrySize; b = b[EntrySize:] {
		p := Partition{
			Type:       GUID(b[0:16]),
			ID:         GUID(b[16:32]),
			First:      binary.LittleEndian.Uint64(b[32:]),
			Last:       binary.LittleEndian.Uint64(b[40:]),
			Attributes: binary.LittleEndian.Uint64(b[48:]),
		}
		if p.Type == (GUID{}) {
			continue
		}
		var name []uint16
		for j := range nameUnits {
			u := binary.LittleEndian.Uint16(b[56+2*j:])
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

// A Header is one of the two headers of a table (5.3.2).
type Header struct {
	My, Alternate           uint64 // LBA of this header and of the other one
	FirstUsable, LastUsable uint64
	Disk                    GUID
	Array                   uint64 // LBA of the entry array
	ArrayCRC                uint32
	Count, Size             uint32 // entries in the array, bytes of each
}

// Encode returns the HeaderSize bytes of h with its checksum; Count and Size
// are this package's.
func (h *Header) Encode() []byte {
	b := make([]byte, 0, HeaderSize)
	b = append(b, signature...)                            // 0x00
	b = binary.LittleEndian.AppendUint32(b, revision)      // 0x08
	b = binary.LittleEndian.AppendUint32(b, HeaderSize)    // 0x0c
	b = binary.LittleEndian.AppendUint32(b, 0)             // 0x10 CRC of the header
	b = binary.LittleEndian.AppendUint32(b, 0)             // 0x14 reserved
	b = binary.LittleEndian.AppendUint64(b, h.My)          // 0x18
	b = binary.LittleEndian.AppendUint64(b, h.Alternate)   // 0x20
	b = binary.LittleEndian.AppendUint64(b, h.FirstUsable) // 0x28
	b = binary.LittleEndian.AppendUint64(b, h.LastUsable)  // 0x30
	b = append(b, h.Disk[:]...)                            // 0x38
	b = binary.LittleEndian.AppendUint64(b, h.Array)       // 0x48
	b = binary.LittleEndian.AppendUint32(b, Entries)       // 0x50
	b = binary.LittleEndian.AppendUint32(b, EntrySize)     // 0x54
	b = binary.LittleEndian.AppendUint32(b, h.ArrayCRC)    // 0x58
	binary.LittleEndian.PutUint32(b[0x10:], crc32.ChecksumIEEE(b))
	return b
}

// DecodeHeader decodes and checks the header found at LBA my.
func DecodeHeader(b []byte, my uint64) (Header, error) {
	bad := func(format string, args ...any) (Header, error) {
		return Header{}, fmt.Errorf("%w at LBA %d: %s", ErrHeader, my, fmt.Sprintf(format, args...))
	}
	if len(b) < HeaderSize {
		return bad("%d bytes, want %d", len(b), HeaderSize)
	}
	if string(b[:8]) != signature {
		return bad("offset 0x0: signature %q, want %q", b[:8], signature)
	}
	size := binary.LittleEndian.Uint32(b[0x0c:])
	if size < HeaderSize || uint64(size) > uint64(len(b)) {
		return bad("offset 0xc: header size %d, want %d to %d", size, HeaderSize, len(b))
	}
	clean := append([]byte(nil), b[:size]...)
	copy(clean[0x10:0x14], make([]byte, 4))
	if got, want := crc32.ChecksumIEEE(clean), binary.LittleEndian.Uint32(b[0x10:]); got != want {
		return bad("offset 0x10: CRC-32 %08x, the header's bytes give %08x", want, got)
	}
	h := Header{
		My:          binary.LittleEndian.Uint64(b[0x18:]),
		Alternate:   binary.LittleEndian.Uint64(b[0x20:]),
		FirstUsable: binary.LittleEndian.Uint64(b[0x28:]),
		LastUsable:  binary.LittleEndian.Uint64(b[0x30:]),
		Disk:        GUID(b[0x38:0x48]),
		Array:       binary.LittleEndian.Uint64(b[0x48:]),
		Count:       binary.LittleEndian.Uint32(b[0x50:]),
		Size:        binary.LittleEndian.Uint32(b[0x54:]),
		ArrayCRC:    binary.LittleEndian.Uint32(b[0x58:]),
	}
	if h.My != my {
		return bad("offset 0x18: the header says it is LBA %d", h.My)
	}
	if h.Size != EntrySize || h.Count == 0 || h.Count > 1024 {
		return bad("offset 0x50: %d entries of %d bytes, want 1 to 1024 of %d", h.Count, h.Size, EntrySize)
	}
	return h, nil
}

// CheckArray verifies the array's checksum and that every partition lies
// between the header's usable LBAs and overlaps no other, as firmware does.
func (h *Header) CheckArray(array []byte) error {
	if got := crc32.ChecksumIEEE(array); got != h.ArrayCRC {
		return fmt.Errorf("%w at LBA %d: CRC-32 %08x, the header says %08x", ErrArray, h.Array, got, h.ArrayCRC)
	}
	parts := DecodeArray(array)
	for i, p := range parts {
		if p.First > p.Last || p.First < h.FirstUsable || p.Last > h.LastUsable {
			return fmt.Errorf("%w: partition %d %q spans LBA %d to %d, usable are %d to %d", ErrArray, i+1, p.Name, p.First, p.Last, h.FirstUsable, h.LastUsable)
		}
		for j, q := range parts[:i] {
			if p.First <= q.Last && q.First <= p.Last {
				return fmt.Errorf("%w: partitions %d %q and %d %q overlap", ErrArray, j+1, q.Name, i+1, p.Name)
			}
		}
	}
	return nil
}

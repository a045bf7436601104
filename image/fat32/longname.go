package fat32

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// Long names (section 7): each part is a directory entry with 13 UTF-16 units; the
// last part comes first, the entry with the short name after all of them.
const (
	longUnits    = 13
	longMaxParts = 20
	longLast     = 0x40 // in the number of the part that comes first
	longMax      = 255

	offLongNumber   = 0
	offLongChecksum = 13 // of the short name
)

// longPlaces are the offsets of the units in an entry.
var longPlaces = [longUnits]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30}

// longParts is the number of entries the long name takes.
func longParts(name string) int { return (len(name) + longUnits - 1) / longUnits }

// checksum ties the parts of a long name to the short one.
func checksum(short [nameSize]byte) (sum byte) {
	for _, c := range short {
		sum = sum>>1 | sum<<7
		sum += c
	}
	return sum
}

// encodeNames returns the entries of the long name, none if short is empty, and the 8.3
// name.
func encodeNames(name, short string) (long [][]byte, eightThree [nameSize]byte, err error) {
	if short == "" {
		eightThree, err = encodeName(name)
		return nil, eightThree, err
	}
	if eightThree, err = encodeName(short); err != nil {
		return nil, eightThree, err
	}
	bad := func(c rune) bool { return c < ' ' || c > '~' || strings.ContainsRune(`"*/:<>?\|`, c) }
	if len(name) > longMax || strings.ContainsFunc(name, bad) || strings.TrimRight(name, " .") != name || name == "" {
		return nil, eightThree, fmt.Errorf("%w: %q is no long name of ASCII characters", ErrName, name)
	}
	sum := checksum(eightThree)
	for part := longParts(name); part > 0; part-- {
		b := make([]byte, EntrySize)
		b[offLongNumber], b[offAttributes], b[offLongChecksum] = byte(part), attrLong, sum
		if part == longParts(name) {
			b[offLongNumber] |= longLast
		}
		for i, at := range longPlaces {
			unit := uint16(0xffff) // behind the end
			switch k := (part-1)*longUnits + i; {
			case k < len(name):
				unit = uint16(name[k])
			case k == len(name):
				unit = 0
			}
			binary.LittleEndian.PutUint16(b[at:], unit)
		}
		long = append(long, b)
	}
	return long, eightThree, nil
}

// longName gathers the parts of a long name, which precede their entry, last part first.
type longName struct {
	units [longMaxParts * longUnits]uint16
	parts int  // of the name under way, 0: none
	want  int  // number of the part that comes next
	sum   byte // checksum of the short name they belong to
}

// add takes one part. Anything out of order drops the name: the entry keeps its short one.
func (l *longName) add(b []byte) {
	number := int(b[offLongNumber] &^ longLast)
	if b[offLongNumber]&longLast != 0 {
		l.parts, l.want, l.sum = number, number, b[offLongChecksum]
	}
	if l.parts == 0 || number != l.want || number < 1 || number > longMaxParts || b[offLongChecksum] != l.sum {
		l.parts = 0
		return
	}
	at := l.units[(number-1)*longUnits:]
	for i, field := range longPlaces {
		at[i] = binary.LittleEndian.Uint16(b[field:])
	}
	l.want--
}

// take returns the long name of the entry in b, empty if there is none.
func (l *longName) take(b []byte) string {
	parts := l.parts
	l.parts = 0
	if parts == 0 || l.want != 0 || l.sum != checksum([nameSize]byte(b[offName:][:nameSize])) {
		return ""
	}
	units := l.units[:parts*longUnits]
	if end := slices.Index(units, 0); end >= 0 {
		units = units[:end]
	}
	return string(utf16.Decode(units))
}

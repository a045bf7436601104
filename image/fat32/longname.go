package fat32

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/fatfs"
)

// Long names (section 7): each part is a directory entry with 13 UTF-16 units; the
// last part comes first, the entry with the short name after all of them.
const (
	longUnits = 13
	longLast  = 0x40 // in the number of the part that comes first
	longMax   = 255
	attrLong  = 0x0f
)

// longPlaces are the offsets of the units in an entry.
var longPlaces = [longUnits]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30}

// longParts is the number of entries the long name takes.
func longParts(name string) int { return (len(name) + longUnits - 1) / longUnits }

// names returns the entries of the long name, none if short is empty, and the 8.3 name.
func names(name, short string) (long [][]byte, eightThree [11]byte, err error) {
	if short == "" {
		eightThree, err = shortName(name)
		return nil, eightThree, err
	}
	if eightThree, err = shortName(short); err != nil {
		return nil, eightThree, err
	}
	bad := func(c rune) bool { return c < ' ' || c > '~' || strings.ContainsRune(`"*/:<>?\|`, c) }
	if len(name) > longMax || strings.ContainsFunc(name, bad) || strings.TrimRight(name, " .") != name || name == "" {
		return nil, eightThree, fmt.Errorf("%w: %q is no long name of ASCII characters", ErrName, name)
	}
	sum := fatfs.Checksum(eightThree)
	for part := longParts(name); part > 0; part-- {
		b := make([]byte, EntrySize)
		b[0], b[11], b[13] = byte(part), attrLong, sum
		if part == longParts(name) {
			b[0] |= longLast
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

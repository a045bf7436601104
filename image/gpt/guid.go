package gpt

import (
	"encoding/binary"
	"fmt"
)

// A GUID in the mixed-endian form disks and firmware use (UEFI appendix A).
type GUID [16]byte

// Partition type GUIDs.
var (
	TypeESP      = MustGUID("C12A7328-F81F-11D2-BA4B-00A0C93EC93B") // EFI System Partition
	TypeBIOSBoot = MustGUID("21686148-6449-6E6F-744E-656564454649") // "Hah!IdontNeedEFI": boot code
)

// guidDigits gives where the hex digits of each byte stand in the text form: the first
// three fields are little-endian numbers.
var guidDigits = [16]uint8{6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34}

const guidText = "00000000-0000-0000-0000-000000000000"

// MustGUID parses the text form of a constant. It allocates nothing: the bare-metal core
// calls it before Go's runtime runs.
func MustGUID(text string) GUID {
	var g GUID
	good := len(text) == len(guidText)
	for i := 0; good && i < len(text); i++ {
		_, hex := digit(text[i])
		good = hex != (guidText[i] == '-') && (hex || text[i] == '-')
	}
	if !good {
		panic("bad GUID constant")
	}
	for i, at := range guidDigits {
		high, _ := digit(text[at])
		low, _ := digit(text[at+1])
		g[i] = high<<4 | low
	}
	return g
}

// digit returns the value of a hex digit.
func digit(c byte) (v uint8, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
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

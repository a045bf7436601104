package gpt

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// A GUID in the mixed-endian form disks and firmware use (UEFI appendix A).
type GUID [16]byte

// Partition type GUIDs.
var (
	TypeESP      = MustGUID("C12A7328-F81F-11D2-BA4B-00A0C93EC93B") // EFI System Partition
	TypeBIOSBoot = MustGUID("21686148-6449-6E6F-744E-656564454649") // "Hah!IdontNeedEFI": boot code
)

// MustGUID parses the text form of a constant.
func MustGUID(text string) GUID {
	var g GUID
	if n, err := hex.Decode(g[:], []byte(strings.ReplaceAll(text, "-", ""))); err != nil || n != len(g) {
		panic("gpt: bad GUID constant " + text)
	}
	// The first three fields are little-endian numbers.
	slices.Reverse(g[0:4])
	slices.Reverse(g[4:6])
	slices.Reverse(g[6:8])
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

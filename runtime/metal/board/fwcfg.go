//go:build metal

package board

import (
	"encoding/binary"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// QEMU's firmware configuration device (docs/specs/fw_cfg.rst), port interface:
// 16-bit selector, byte-wise data.
const (
	fwSelector  = 0x510
	fwData      = 0x511
	fwSignature = 0x00
	fwDirectory = 0x19
	fwEntrySize = 64
	fwNameSize  = 56
	fwMaxFiles  = 1024
	fwMaxFile   = 64 << 10
)

// QEMUFile returns the contents of a file given to QEMU with -fw_cfg name=...;
// false on any other machine.
func QEMUFile(name string) (string, bool) {
	if string(fwRead(fwSignature, 4)) != "QEMU" {
		return "", false
	}
	kern.Out16(fwSelector, fwDirectory)
	n := binary.BigEndian.Uint32(fwNext(4))
	for range min(n, fwMaxFiles) {
		e := fwNext(fwEntrySize)
		file, _, _ := strings.Cut(string(e[8:8+fwNameSize]), "\x00")
		if file == name {
			size := min(binary.BigEndian.Uint32(e), fwMaxFile)
			return string(fwRead(binary.BigEndian.Uint16(e[4:]), int(size))), true
		}
	}
	return "", false
}

func fwRead(selector uint16, n int) []byte {
	kern.Out16(fwSelector, selector)
	return fwNext(n)
}

func fwNext(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = kern.In8(fwData)
	}
	return b
}

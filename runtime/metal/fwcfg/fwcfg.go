// Package fwcfg reads the files that QEMU was given for its guest with -fw_cfg.
//
// Reference: QEMU docs/specs/fw_cfg.rst, port interface: 16-bit selector, byte-wise data.
package fwcfg

import (
	"encoding/binary"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/metal/port"
)

const (
	portSelector = 0x510
	portData     = 0x511
	keySignature = 0x00
	keyDirectory = 0x19
	entrySize    = 64 // of the directory: size, key, reserved, name
	entryName    = 8
	maxFiles     = 1024
	maxFile      = 64 << 10 // bytes
)

// File returns the contents of a file, its first 64 KiB; false where there is none, as on
// any machine but QEMU's.
func File(io port.IO, name string) (string, bool) {
	if string(read(io, keySignature, 4)) != "QEMU" {
		return "", false
	}
	n := binary.BigEndian.Uint32(read(io, keyDirectory, 4))
	for range min(n, maxFiles) {
		e := next(io, entrySize)
		if file, _, _ := strings.Cut(string(e[entryName:]), "\x00"); file == name {
			return string(read(io, binary.BigEndian.Uint16(e[4:]), int(min(binary.BigEndian.Uint32(e), maxFile)))), true
		}
	}
	return "", false
}

func read(io port.IO, key uint16, n int) []byte {
	io.Out16(portSelector, key)
	return next(io, n)
}

func next(io port.IO, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = io.In8(portData)
	}
	return b
}

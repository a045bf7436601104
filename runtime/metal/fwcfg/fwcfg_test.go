package fwcfg

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/metal/port/porttest"
)

// qemu is the device, with the bytes of each key.
func qemu(items map[uint16][]byte) *porttest.Space {
	s := porttest.New()
	var rest []byte
	s.Devices[portSelector] = porttest.Device{Out: func(size int, v uint32) { rest = items[uint16(v)] }}
	s.Devices[portData] = porttest.Device{In: func(size int) (v uint32) {
		if len(rest) > 0 {
			v, rest = uint32(rest[0]), rest[1:]
		}
		return v // behind the end the device gives zeros
	}}
	return s
}

func entry(size uint32, key uint16, name string) []byte {
	e := binary.BigEndian.AppendUint32(nil, size)
	e = binary.BigEndian.AppendUint16(e, key)
	return append(append(e, 0, 0), []byte(name+strings.Repeat("\x00", entrySize-entryName-len(name)))...)
}

func TestFile(t *testing.T) {
	directory := binary.BigEndian.AppendUint32(nil, 3)
	directory = append(directory, entry(4, 0x20, "etc/e820")...)
	directory = append(directory, entry(5, 0x21, "opt/args")...)
	directory = append(directory, entry(1<<30, 0x22, "opt/large")...)
	s := qemu(map[uint16][]byte{keySignature: []byte("QEMU"), keyDirectory: directory, 0x20: []byte("xxxx"), 0x21: []byte("-p hi and more"), 0x22: []byte("abc")})
	for name, want := range map[string]string{"opt/args": "-p hi", "etc/e820": "xxxx", "opt/large": "abc" + strings.Repeat("\x00", maxFile-3)} {
		if got, ok := File(s, name); !ok || got != want {
			t.Errorf("%s: %.20q, %v, want %.20q", name, got, ok, want)
		}
	}
	if got, ok := File(s, "opt/none"); ok {
		t.Errorf("a file that does not exist: %q", got)
	}
	if got, ok := File(porttest.New(), "opt/args"); ok {
		t.Errorf("a machine without the device: %q", got)
	}
	lying := binary.BigEndian.AppendUint32(nil, 1<<32-1) // files
	if got, ok := File(qemu(map[uint16][]byte{keySignature: []byte("QEMU"), keyDirectory: lying}), "opt/args"); ok {
		t.Errorf("a directory of 2^32-1 files: %q", got)
	}
}

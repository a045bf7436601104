//go:build linux && amd64

package kern

import (
	"encoding/binary"
	"runtime"
	"slices"
	"testing"
	"unsafe"
)

// madtOf builds a MADT with the given entries behind the fixed part.
func madtOf(entries ...[]byte) []byte {
	t := make([]byte, madtHead)
	copy(t, "APIC")
	for _, e := range entries {
		t = append(t, e...)
	}
	binary.LittleEndian.PutUint32(t[4:], uint32(len(t)))
	var sum byte
	for _, c := range t {
		sum += c
	}
	t[9] -= sum
	return t
}

func processors(table []byte) (ids []uint32) {
	eachProcessor(uintptr(unsafe.Pointer(&table[0])), func(id uint32) { ids = append(ids, id) })
	runtime.KeepAlive(table)
	return ids
}

func TestProcessors(t *testing.T) {
	local := func(id, flags byte) []byte { return []byte{0, 8, id, id, flags, 0, 0, 0} }
	x2 := func(id uint32, flags byte) []byte {
		e := []byte{9, 16, 0, 0, 0, 0, 0, 0, flags, 0, 0, 0, 0, 0, 0, 0}
		binary.LittleEndian.PutUint32(e[4:], id)
		return e
	}
	ioapic := []byte{1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0}
	for _, c := range []struct {
		name  string
		table []byte
		want  []uint32
	}{
		{"two of three enabled", madtOf(local(0, 1), ioapic, local(1, 0), local(2, 1)), []uint32{0, 2}},
		{"x2APIC", madtOf(local(0, 1), x2(300, 1), x2(7, 1), x2(8, 0)), []uint32{0, 300, 7}},
		{"255 addresses all, no processor", madtOf(local(0, 1), local(255, 1)), []uint32{0}},
		{"no entries", madtOf(), nil},
		{"entry of length 0 ends the list", madtOf(local(0, 1), []byte{0, 0, 0, 0}, local(1, 1)), []uint32{0}},
		{"entry beyond the table", madtOf(local(0, 1), []byte{0, 200, 1, 1, 1, 0, 0, 0}), []uint32{0}},
	} {
		if got := processors(c.table); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestScanRSDP(t *testing.T) {
	area := make([]byte, 1024)
	base := (uintptr(unsafe.Pointer(&area[0])) + 15) &^ 15
	off := base - uintptr(unsafe.Pointer(&area[0]))
	put := func(at uintptr, good bool) {
		p := area[off+at:][:20]
		copy(p, "RSD PTR ")
		p[8] = 0
		if good {
			var sum byte
			for _, c := range p {
				sum += c
			}
			p[8] = -sum
		}
	}
	if got := scanRSDP(base, base+512); got != 0 {
		t.Errorf("found %#x in empty memory", got)
	}
	put(32, false)
	put(96, true)
	if got := scanRSDP(base, base+512); got != base+96 {
		t.Errorf("found at %d, want 96: bad checksums must be skipped", got-base)
	}
	runtime.KeepAlive(area)
}

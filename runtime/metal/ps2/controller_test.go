package ps2

import (
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/metal/port/porttest"
)

func TestPoll(t *testing.T) {
	const keyA, keyB, mouse = 0x1e, 0x30, 0x100
	s := porttest.New()
	waiting := []uint32{keyA, keyA | 0x80, mouse | keyB, keyB}
	s.Devices[portStatus] = porttest.Device{In: func(int) (v uint32) {
		if len(waiting) > 0 {
			v = full | (waiting[0]&mouse)>>3
		}
		return v
	}}
	s.Devices[portData] = porttest.Device{In: func(int) uint32 {
		c := waiting[0]
		waiting = waiting[1:]
		return c & 0xff
	}}
	d := &Decoder{}
	if got := Poll(s, d, make([]byte, 0, 64)); string(got) != "ab" {
		t.Errorf("typed %q, want what the keyboard sent and not the mouse", got)
	}
	waiting = slices.Repeat([]uint32{keyA, keyA | 0x80}, 100)
	if got := Poll(s, d, make([]byte, 0, 16)); len(got) != 9 || len(waiting) == 0 {
		t.Errorf("typed %q, %d codes left, want a byte more than leaves room for the longest key", got, len(waiting))
	}
	if got := Poll(porttest.New(), d, make([]byte, 0, 64)); len(got) != 0 {
		t.Errorf("typed %q without a controller", got)
	}
	for code := range 256 { // room for the longest
		for _, prefix := range []byte{0, keyExtended} {
			d := &Decoder{alt: true}
			d.Key(prefix)
			if text := d.Key(byte(code)); len(text) > longest {
				t.Errorf("code %#x types %q, %d bytes, want at most %d", code, text, len(text), longest)
			}
		}
	}
}

func TestResetProcessor(t *testing.T) {
	s := porttest.New()
	if ResetProcessor(s); !slices.Equal(s.Log, []string{"out8 0x64 = 0xfe"}) {
		t.Errorf("wrote %q", s.Log)
	}
}

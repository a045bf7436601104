package mbr

import (
	"bytes"
	"testing"
)

func TestProtective(t *testing.T) {
	for total, want := range map[int64][]byte{
		100 * 512: {0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 99, 0, 0, 0},
		3 << 40:   {0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
	} {
		sector := bytes.Repeat([]byte{0x99}, 512)
		PutProtective(sector, total)
		if got := sector[446:462]; !bytes.Equal(got, want) {
			t.Errorf("%d bytes: entry % x, want % x", total, got, want)
		}
		if sector[445] != 0x99 || sector[462] != 0x99 {
			t.Errorf("%d bytes: bytes around the entry changed", total)
		}
	}
}

func TestRest(t *testing.T) {
	sector := make([]byte, 512)
	PutSignatures(sector, [4]byte{1, 2, 3, 4})
	PutActive(sector)
	want := make([]byte, 512)
	copy(want[440:], []byte{1, 2, 3, 4})
	copy(want[462:], []byte{0x80, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0, 0, 0, 0, 1, 0, 0, 0})
	copy(want[510:], []byte{0x55, 0xaa})
	if !bytes.Equal(sector, want) {
		t.Errorf("got % x, want % x", sector[440:], want[440:])
	}
	if got := Signature(sector); got != BootSignature {
		t.Errorf("signature %#x, want %#x", got, BootSignature)
	}
}

package gpt

import (
	"bytes"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/diskfs/go-diskfs/backend/file"
	diskgpt "github.com/diskfs/go-diskfs/partition/gpt"
)

func TestSizes(t *testing.T) {
	if n := len((&Header{}).Encode()); n != HeaderSize {
		t.Errorf("header: %d bytes, want %d", n, HeaderSize)
	}
	b, err := EncodeArray(nil)
	if err != nil || len(b) != ArraySize {
		t.Errorf("array: %d bytes, %v, want %d", len(b), err, ArraySize)
	}
}

func TestGUIDText(t *testing.T) {
	if got, want := TypeESP.String(), "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// The mixed-endian bytes of the ESP type, UEFI table 5-7.
	want := []byte{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}
	if !bytes.Equal(TypeESP[:], want) {
		t.Errorf("got % x, want % x", TypeESP, want)
	}
}

func table(t *testing.T) (Header, []byte, []Partition) {
	t.Helper()
	parts := []Partition{
		{Type: TypeBIOSBoot, ID: Derive([16]byte{1}), First: 80, Last: 127, Name: "stage 2"},
		{Type: TypeESP, ID: Derive([16]byte{2}), First: 2048, Last: 4095, Name: "EFI system"},
	}
	array, err := EncodeArray(parts)
	if err != nil {
		t.Fatal(err)
	}
	h := Header{My: 1, Alternate: 8191, FirstUsable: 80, LastUsable: 8100, Disk: Derive([16]byte{9}),
		Array: 2, ArrayCRC: crc32.ChecksumIEEE(array), Count: Entries, Size: EntrySize}
	return h, array, parts
}

func TestRoundTrip(t *testing.T) {
	h, array, parts := table(t)
	got, err := DecodeHeader(h.Encode(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if got != h {
		t.Errorf("header: got %+v, want %+v", got, h)
	}
	if err := got.CheckArray(array); err != nil {
		t.Error(err)
	}
	for i, p := range DecodeArray(array) {
		if p != parts[i] {
			t.Errorf("partition %d: got %+v, want %+v", i, p, parts[i])
		}
	}
}

func TestReadByGoDiskfs(t *testing.T) {
	h, array, parts := table(t)
	disk := make([]byte, 8192*512)
	copy(disk[510:], []byte{0x55, 0xaa})
	disk[446+4] = 0xee
	copy(disk[512:], h.Encode())
	copy(disk[1024:], array)
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := file.OpenFromPath(path, true)
	if err != nil {
		t.Fatal(err)
	}
	got, err := diskgpt.Read(b, 512, 512)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range parts {
		if g := got.Partitions[i]; g.Start != p.First || g.End != p.Last || g.Name != p.Name || string(g.Type) != p.Type.String() {
			t.Errorf("partition %d: go-diskfs sees %+v, want %+v", i, g, p)
		}
	}
}

func TestDamaged(t *testing.T) {
	h, array, _ := table(t)
	good := h.Encode()
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if _, err := DecodeHeader(bad, 1); !errors.Is(err, ErrHeader) {
			t.Errorf("flipped byte %#x: got %v, want %v", i, err, ErrHeader)
		}
	}
	if _, err := DecodeHeader(good, 2); !errors.Is(err, ErrHeader) {
		t.Errorf("wrong LBA: got %v", err)
	}
	array[40]++
	if err := h.CheckArray(array); !errors.Is(err, ErrArray) {
		t.Errorf("changed array: got %v, want %v", err, ErrArray)
	}
}

func TestOverlap(t *testing.T) {
	h, _, parts := table(t)
	for _, p := range []Partition{{First: 100, Last: 200}, {First: 8000, Last: 8101}, {First: 79, Last: 79}, {First: 300, Last: 200}} {
		p.Type = TypeWeights
		array, err := EncodeArray(append(parts, p))
		if err != nil {
			t.Fatal(err)
		}
		h.ArrayCRC = crc32.ChecksumIEEE(array)
		if err := h.CheckArray(array); !errors.Is(err, ErrArray) {
			t.Errorf("partition %d-%d: got %v, want %v", p.First, p.Last, err, ErrArray)
		}
	}
}

func FuzzDecodeHeader(f *testing.F) {
	h := Header{My: 1, Alternate: 99, FirstUsable: 34, LastUsable: 60}
	f.Add(h.Encode())
	f.Add([]byte(signature))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := DecodeHeader(b, 1); err == nil {
			_ = h.CheckArray(b)
		}
		DecodeArray(b)
	})
}

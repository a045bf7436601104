package gpt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	if got := MustGUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"); got != TypeESP {
		t.Errorf("lower case: got %v, want %v", got, TypeESP)
	}
	for _, bad := range []string{"", "C12A7328F81F11D2BA4B00A0C93EC93B", "C12A7328-F81F-11D2-BA4B-00A0C93EC93", "C12A7328-F81F-11D2-BA4B-00A0C93EC93G",
		"C12A7328-F81F-11D2-BA4B+00A0C93EC93B", "C12A7328-F81F-11D2-BA4B-00A0C93E-93B"} {
		if !panics(func() { MustGUID(bad) }) {
			t.Errorf("MustGUID(%q) returned", bad)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
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
	for i, p := range DecodeArray(array, EntrySize) {
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

// disk returns a disk of 8192 sectors that starts with the table of a header and an array.
func disk(h Header, array []byte) []byte {
	b := make([]byte, 8192*512)
	copy(b[512:], h.Encode())
	copy(b[h.Array*512:], array)
	return b
}

func TestRead(t *testing.T) {
	h, array, parts := table(t)
	got, err := Read(bytes.NewReader(disk(h, array)), 512, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got.Header != h || !slices.Equal(got.Partitions, parts) {
		t.Errorf("got %+v, want %+v %+v", got, h, parts)
	}
	if err := got.Check(); err != nil {
		t.Error(err)
	}
	if n := got.DiskSize(512); n != 8192*512 {
		t.Errorf("disk of %d bytes, want %d", n, 8192*512)
	}
	if !got.HasType(TypeESP) || got.HasType(GUID{1}) || !got.HasID(parts[0].ID) || got.HasID(GUID{1}) {
		t.Error("wrong partitions found")
	}
}

// TestLargeEntries reads entries of twice the usual size (5.3.2 allows powers of two).
func TestLargeEntries(t *testing.T) {
	_, array, parts := table(t)
	var wide []byte
	for i := range Entries {
		wide = append(append(wide, array[i*EntrySize:][:EntrySize]...), make([]byte, EntrySize)...)
	}
	if got := DecodeArray(wide, 2*EntrySize); !slices.Equal(got, parts) {
		t.Errorf("got %+v, want %+v", got, parts)
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
	b := disk(h, array)
	b[h.Array*512+40]++
	if _, err := Read(bytes.NewReader(b), 512, 1); !errors.Is(err, ErrArray) {
		t.Errorf("changed array: got %v, want %v", err, ErrArray)
	}
	if _, err := Read(bytes.NewReader(b[:600]), 512, 1); !errors.Is(err, io.EOF) {
		t.Errorf("disk of 600 bytes: got %v, want %v", err, io.EOF)
	}
}

// TestLies has headers with a right checksum whose fields are impossible.
func TestLies(t *testing.T) {
	le := binary.LittleEndian
	h, array, _ := table(t)
	for name, change := range map[string]func(header []byte){
		"revision 2":            func(b []byte) { le.PutUint32(b[offRevision:], 0x20000) },
		"no entries":            func(b []byte) { le.PutUint32(b[offCount:], 0) },
		"2^32-1 entries":        func(b []byte) { le.PutUint32(b[offCount:], 1<<32-1) },
		"entries of 64 bytes":   func(b []byte) { le.PutUint32(b[offSize:], 64) },
		"entries of 192 bytes":  func(b []byte) { le.PutUint32(b[offSize:], 192) },
		"entries of 8192 bytes": func(b []byte) { le.PutUint32(b[offSize:], 8192) },
		"a disk of 2^64 blocks": func(b []byte) { le.PutUint64(b[offAlternate:], 1<<64-1) },
		"an array at 2^62":      func(b []byte) { le.PutUint64(b[offArray:], 1<<53) },
	} {
		b := disk(h, array)
		header := b[512:][:HeaderSize]
		change(header)
		clear(header[offHeaderCRC:][:4])
		le.PutUint32(header[offHeaderCRC:], crc32.ChecksumIEEE(header))
		if _, err := Read(bytes.NewReader(b), 512, 1); !errors.Is(err, ErrHeader) {
			t.Errorf("%s: got %v, want %v", name, err, ErrHeader)
		}
	}
}

func TestCheck(t *testing.T) {
	h, _, parts := table(t)
	for _, p := range []Partition{{First: 100, Last: 200}, {First: 8000, Last: 8101}, {First: 79, Last: 79}, {First: 300, Last: 200}} {
		p.Type = GUID{1}
		tab := &Table{h, append(parts, p)}
		if err := tab.Check(); !errors.Is(err, ErrArray) {
			t.Errorf("partition %d-%d: got %v, want %v", p.First, p.Last, err, ErrArray)
		}
	}
}

func FuzzRead(f *testing.F) {
	h := Header{My: 1, Alternate: 99, FirstUsable: 34, LastUsable: 60, Array: 2}
	f.Add(h.Encode(), []byte("entries"))
	f.Add([]byte(signature), []byte{})
	f.Fuzz(func(t *testing.T, header, array []byte) {
		b := append(make([]byte, 512), header...)
		if len(header) >= HeaderSize { // a right checksum lets the fuzzer through to the fields
			n := min(max(int(binary.LittleEndian.Uint32(header[offHeaderSize:])), HeaderSize), len(header))
			clear(b[512+offHeaderCRC:][:4])
			binary.LittleEndian.PutUint32(b[512+offHeaderCRC:], crc32.ChecksumIEEE(b[512:512+n]))
		}
		b = append(append(b, make([]byte, 512)...), array...)
		if tab, err := Read(bytes.NewReader(b), 512, 1); err == nil {
			_ = tab.Check()
			if n := tab.DiskSize(512); n <= 0 {
				t.Errorf("a disk of %d bytes", n)
			}
		}
		DecodeArray(array, EntrySize)
	})
}

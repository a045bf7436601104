package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/block/blocktest"
)

// pattern makes a disk of n blocks whose bytes differ.
func pattern(block, n int) *blocktest.Memory {
	m := &blocktest.Memory{Data: make([]byte, n*block), Block: block, Most: 4}
	for i := range m.Data {
		m.Data[i] = byte(i * 7 >> 3)
	}
	return m
}

// typeData is a partition type.
var typeData = gpt.GUID{7}

// putTable writes a header, and an array with two partitions, for a disk of n blocks; the array is where a llamafile
// has it.
func putTable(t testing.TB, m *blocktest.Memory, block, n int) {
	t.Helper()
	array, err := gpt.EncodeArray([]gpt.Partition{
		{Type: gpt.GUID{1}, ID: gpt.GUID{10}, First: 48, Last: 55},
		{Type: typeData, ID: gpt.GUID{11}, First: 56, Last: 63},
	})
	if err != nil {
		t.Fatal(err)
	}
	at := map[int]uint64{512: 0x2000 / 512, 4096: 0x6000 / 4096}[block]
	h := gpt.Header{My: 1, Alternate: uint64(n - 1), FirstUsable: 48, LastUsable: uint64(n - 2), Disk: gpt.GUID([]byte("0123456789abcdef")),
		Array: at, ArrayCRC: crc32.ChecksumIEEE(array)}
	copy(m.Data[block:], h.Encode())
	copy(m.Data[int(at)*block:], array)
}

// gptDisk makes a disk of n blocks, at least 80, with two partitions.
func gptDisk(t testing.TB, block, n int) *blocktest.Memory {
	m := pattern(block, n)
	putTable(t, m, block, n)
	return m
}

// TestEndMovedByATool: on a larger stick a tool has moved the end in one of a llamafile's two headers.
func TestEndMovedByATool(t *testing.T) {
	for _, block := range []int{512, 4096} {
		m := gptDisk(t, block, 409600/block)
		whole := int64(len(m.Data))
		other := 4608 - block
		const sectors = 8 // of the other table's disk
		file := int64(sectors * other)
		putTable(t, m, other, sectors)
		if tab, err := ReadTable(m); err != nil || tab.Size != file {
			t.Errorf("block %d: %+v, %v; want the smaller size %d", block, tab, err, file)
		}
		m.Data[other+0x38]++ // another disk's header, or damaged
		if tab, err := ReadTable(m); err != nil || tab.Size != whole {
			t.Errorf("block %d: %+v, %v; want the table's own size %d", block, tab, err, whole)
		}
	}
}

func TestReadTable(t *testing.T) {
	for _, block := range []int{512, 4096} {
		m := gptDisk(t, block, 80)
		tab, err := ReadTable(m)
		if err != nil {
			t.Fatal(err)
		}
		if tab.Size != int64(80*block) || string(tab.Disk[:]) != "0123456789abcdef" || len(tab.Partitions) != 2 {
			t.Errorf("block %d: %+v", block, tab)
		}
		if !tab.HasType(typeData) || tab.HasType(gpt.GUID{9}) || !tab.HasID(gpt.GUID{11}) || tab.HasID(gpt.GUID{12}) {
			t.Errorf("block %d: wrong partitions found", block)
		}
	}
}

func TestReadTableBad(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(m *blocktest.Memory)
		want   string
	}{
		{"no signature", func(m *blocktest.Memory) { m.Data[512] = 'X' }, "want \"EFI PART\""},
		{"header checksum", func(m *blocktest.Memory) { m.Data[512+60]++ }, "invalid header"},
		{"entry checksum", func(m *blocktest.Memory) { m.Data[0x2000+40]++ }, "invalid partition array"},
		{"unreadable", func(m *blocktest.Memory) { m.Bad = 1 }, "medium error"},
		{"block size", func(m *blocktest.Memory) { m.Block = 520 }, "blocks of 520 bytes"},
	} {
		m := gptDisk(t, 512, 80)
		c.damage(m)
		if _, err := ReadTable(m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add(gptDisk(f, 512, 80).Data)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 2048 {
			return
		}
		// A right checksum lets the fuzzer through to the fields.
		m := &blocktest.Memory{Data: bytes.Clone(b), Block: 512, Most: 8}
		h := m.Data[512:]
		n := min(int(binary.LittleEndian.Uint32(h[12:])), 512)
		if n >= gpt.HeaderSize {
			clear(h[16:20])
			binary.LittleEndian.PutUint32(h[16:], crc32.ChecksumIEEE(h[:n]))
		}
		tab, err := ReadTable(m)
		if err == nil && tab.Size <= 0 {
			t.Errorf("accepted a table with size %d", tab.Size)
		}
	})
}

func TestReader(t *testing.T) {
	m := pattern(512, 40)
	size := int64(40*512 - 100)
	r := NewReader(m, size)
	if err := iotest.TestReader(io.NewSectionReader(r, 0, size), m.Data[:size]); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ off, n int64 }{{0, 512}, {511, 2}, {512, 4096}, {100, 9000}, {size - 1, 1}} {
		got := make([]byte, c.n)
		if _, err := r.ReadAt(got, c.off); err != nil || !bytes.Equal(got, m.Data[c.off:c.off+c.n]) {
			t.Errorf("%d bytes at %d: wrong data or error %v", c.n, c.off, err)
		}
	}
	if n, err := r.ReadAt(make([]byte, 10), size-4); n != 4 || err != io.EOF {
		t.Errorf("read over the end: %d, %v", n, err)
	}
	if _, err := r.ReadAt(make([]byte, 1), size+1); err == nil {
		t.Error("read behind the end succeeded")
	}
	m.Reads = 0
	if _, err := r.ReadAt(make([]byte, 16*512), 0); err != nil || m.Reads != 4 {
		t.Errorf("16 blocks in %d reads, want 4 of 4 blocks (%v)", m.Reads, err)
	}
	m.Bad = 20
	n, err := r.ReadAt(make([]byte, 8*512), 16*512)
	if n != 4*512 || !errors.Is(err, blocktest.ErrBad) || !strings.Contains(err.Error(), "offset 10240") {
		t.Errorf("bad block: %d bytes, %v", n, err)
	}
}

// placed is an error that says where on the disk it happened.
type placed struct{}

func (placed) Error() string      { return "512 bytes at disk offset 4096: medium error" }
func (placed) DiskOffset() uint64 { return 4096 }

type failing struct{ blocktest.Memory }

func (failing) ReadBlocks(uint64, []byte) error { return placed{} }

// TestOffsetNamedOnce: a driver that names the part that failed has the word.
func TestOffsetNamedOnce(t *testing.T) {
	d := &failing{blocktest.Memory{Block: 512, Most: 64}}
	_, err := NewReader(d, 1<<20).ReadAt(make([]byte, 8192), 0)
	if want := "fake: reading 512 bytes at disk offset 4096: medium error"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	m := pattern(512, 64)
	m.Bad = 9
	_, err = NewReader(m, 64*512).ReadAt(make([]byte, 512), 9*512)
	if want := "fake: reading 512 bytes at offset 4608: medium error"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
}

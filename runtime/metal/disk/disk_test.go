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
)

// memory is a fake disk.
type memory struct {
	data  []byte
	block int
	most  int
	bad   uint64 // block that cannot be read
	reads int
}

var errBad = errors.New("medium error")

func (m *memory) BlockSize() int { return m.block }
func (m *memory) MaxBlocks() int { return m.most }
func (m *memory) Name() string   { return "fake" }
func (m *memory) ReadBlocks(lba uint64, b []byte) error {
	m.reads++
	n := uint64(len(b) / m.block)
	if len(b)%m.block != 0 || n > uint64(m.most) {
		panic("not whole blocks, or too many")
	}
	if m.bad != 0 && lba <= m.bad && m.bad < lba+n || (lba+n)*uint64(m.block) > uint64(len(m.data)) {
		return errBad
	}
	copy(b, m.data[lba*uint64(m.block):])
	return nil
}

// gptDisk makes a disk of n blocks with two partitions.
func gptDisk(block, n int) *memory {
	m := &memory{data: make([]byte, n*block), block: block, most: 4}
	for i := range m.data {
		m.data[i] = byte(i * 7 >> 3)
	}
	le := binary.LittleEndian
	entries := m.data[2*block:][:4*entrySize]
	clear(entries)
	for i, typ := range []GUID{{1}, WeightsType} {
		e := entries[i*entrySize:]
		copy(e, typ[:])
		e[16] = byte(10 + i)
		le.PutUint64(e[32:], uint64(8+8*i))
		le.PutUint64(e[40:], uint64(15+8*i))
	}
	h := m.data[block:][:block]
	clear(h)
	copy(h, "EFI PART")
	le.PutUint32(h[12:], headerSize)
	le.PutUint64(h[32:], uint64(n-1))
	copy(h[56:], "0123456789abcdef")
	le.PutUint64(h[72:], 2)
	le.PutUint32(h[80:], 4)
	le.PutUint32(h[84:], entrySize)
	le.PutUint32(h[88:], crc32.ChecksumIEEE(entries))
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:headerSize]))
	return m
}

// TestEndMovedByATool: on a larger stick a tool has moved the end in one of a llamafile's two headers.
func TestEndMovedByATool(t *testing.T) {
	for _, block := range []int{512, 4096} {
		m := gptDisk(block, 40960/block*4)
		whole := int64(len(m.data))
		other := gptDisk(4608-block, 8)
		at, file := 4096, int64(8*4096)
		if block == 4096 {
			at, file = 512, 8*512
		}
		copy(m.data[at:], other.data[4608-block:][:512])
		if tab, err := ReadTable(m); err != nil || tab.Size != file {
			t.Errorf("block %d: %+v, %v; want the smaller size %d", block, tab, err, file)
		}
		m.data[at+56]++ // another disk's header, or damaged
		if tab, err := ReadTable(m); err != nil || tab.Size != whole {
			t.Errorf("block %d: %+v, %v; want the table's own size %d", block, tab, err, whole)
		}
	}
}

func TestReadTable(t *testing.T) {
	for _, block := range []int{512, 4096} {
		m := gptDisk(block, 40)
		tab, err := ReadTable(m)
		if err != nil {
			t.Fatal(err)
		}
		if tab.Size != int64(40*block) || string(tab.Disk[:]) != "0123456789abcdef" || len(tab.Partitions) != 2 {
			t.Errorf("block %d: %+v", block, tab)
		}
		if p := tab.Partitions[1]; p.Offset != int64(16*block) || p.Size != int64(8*block) {
			t.Errorf("block %d: weights at %d, %d bytes", block, p.Offset, p.Size)
		}
		if !tab.HasType(WeightsType) || tab.HasType(GUID{9}) || !tab.HasUnique(GUID{11}) || tab.HasUnique(GUID{12}) {
			t.Errorf("block %d: wrong partitions found", block)
		}
	}
}

func TestReadTableBad(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(m *memory)
		want   string
	}{
		{"no signature", func(m *memory) { m.data[512] = 'X' }, "block 1 starts with"},
		{"header checksum", func(m *memory) { m.data[512+60]++ }, "header checksum"},
		{"entry checksum", func(m *memory) { m.data[1024+40]++ }, "entry checksum"},
		{"unreadable", func(m *memory) { m.bad = 1 }, "medium error"},
		{"block size", func(m *memory) { m.block = 520 }, "blocks of 520 bytes"},
	} {
		m := gptDisk(512, 40)
		c.damage(m)
		if _, err := ReadTable(m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add(gptDisk(512, 40).data)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 2048 {
			return
		}
		// A right checksum lets the fuzzer through to the fields.
		m := &memory{data: bytes.Clone(b), block: 512, most: 8}
		h := m.data[512:]
		n := min(int(binary.LittleEndian.Uint32(h[12:])), 512)
		if n >= headerSize {
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
	m := gptDisk(512, 40)
	size := int64(40*512 - 100)
	r := NewReader(m, size)
	if err := iotest.TestReader(io.NewSectionReader(r, 0, size), m.data[:size]); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ off, n int64 }{{0, 512}, {511, 2}, {512, 4096}, {100, 9000}, {size - 1, 1}} {
		got := make([]byte, c.n)
		if _, err := r.ReadAt(got, c.off); err != nil || !bytes.Equal(got, m.data[c.off:c.off+c.n]) {
			t.Errorf("%d bytes at %d: wrong data or error %v", c.n, c.off, err)
		}
	}
	if n, err := r.ReadAt(make([]byte, 10), size-4); n != 4 || err != io.EOF {
		t.Errorf("read over the end: %d, %v", n, err)
	}
	if _, err := r.ReadAt(make([]byte, 1), size+1); err == nil {
		t.Error("read behind the end succeeded")
	}
	m.reads = 0
	if _, err := r.ReadAt(make([]byte, 16*512), 0); err != nil || m.reads != 4 {
		t.Errorf("16 blocks in %d reads, want 4 of 4 blocks (%v)", m.reads, err)
	}
	m.bad = 20
	n, err := r.ReadAt(make([]byte, 8*512), 16*512)
	if n != 4*512 || !errors.Is(err, errBad) || !strings.Contains(err.Error(), "offset 10240") {
		t.Errorf("bad block: %d bytes, %v", n, err)
	}
}

// placed is an error that says where on the disk it happened.
type placed struct{}

func (placed) Error() string      { return "512 bytes at disk offset 4096: medium error" }
func (placed) DiskOffset() uint64 { return 4096 }

type failing struct{ memory }

func (failing) ReadBlocks(uint64, []byte) error { return placed{} }

// TestOffsetNamedOnce: a driver that names the part that failed has the word.
func TestOffsetNamedOnce(t *testing.T) {
	d := &failing{memory{block: 512, most: 64}}
	_, err := NewReader(d, 1<<20).ReadAt(make([]byte, 8192), 0)
	if want := "disk: fake: reading 512 bytes at disk offset 4096: medium error"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	m := gptDisk(512, 64)
	m.bad = 9
	_, err = NewReader(m, 64*512).ReadAt(make([]byte, 512), 9*512)
	if want := "disk: fake: reading 512 bytes at offset 4608: medium error"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
}

package kern

import (
	"encoding/binary"
	"math/rand"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/kern/ranges"
)

func TestFramesRoundInward(t *testing.T) {
	var f frames
	f.add(hugePage-1, 4*hugePage-1) // whole pages at 2M, 4M
	f.add(9*hugePage+1, 10*hugePage+1)
	f.round()
	if f.total != 2*hugePage || f.Len() != 1 {
		t.Fatalf("total %#x in %d ranges, want %#x in 1", f.total, f.Len(), 2*hugePage)
	}
	for _, want := range []uintptr{hugePage, 2 * hugePage, 0} {
		if got, dirty := f.get(); got != want || dirty != (want != 0) {
			t.Fatalf("get = %#x, %v, want %#x", got, dirty, want)
		}
	}
	f.add(5, 5)
	f.add(7, 6) // wrapped around
	if f.Len() != 1 {
		t.Fatalf("empty ranges were taken: %v", f.List())
	}
}

// TestFramesRemove compares add, remove and get with a bitmap of pages.
func TestFramesRemove(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for round := 0; round < 500; round++ {
		var f frames
		var want [64]bool
		for k := 0; k < 12; k++ { // any order, overlapping; address 0 means "none"
			lo := rng.Intn(50) + 1
			hi := lo + rng.Intn(10)
			f.add(uintptr(lo)*hugePage, uintptr(hi)*hugePage)
			for i := lo; i < hi; i++ {
				want[i] = true
			}
		}
		for k := 0; k < 3; k++ {
			lo, n := uintptr(rng.Intn(60*hugePage)), uintptr(rng.Intn(8*hugePage)+1)
			f.remove(lo, lo+n)
			for i := lo / hugePage; i <= (lo+n-1)/hugePage && i < 64; i++ {
				want[i] = false
			}
		}
		f.round()
		count := uintptr(0)
		for _, w := range want {
			if w {
				count++
			}
		}
		if f.total != count*hugePage {
			t.Fatalf("round %d: total %d pages, want %d", round, f.total/hugePage, count)
		}
		take := func(p, n uintptr) {
			for i := p / hugePage; i < p/hugePage+n; i++ {
				if !want[i] {
					t.Fatalf("round %d: page %#x handed out twice or not free", round, i*hugePage)
				}
				want[i] = false
				count--
			}
		}
		if p, _ := f.get(); p != 0 {
			take(p, 1)
		}
		if run := f.getRun(2); run != 0 {
			take(run, 2)
		}
		for p, _ := f.get(); p != 0; p, _ = f.get() {
			take(p, 1)
		}
		if count != 0 || f.used != f.total {
			t.Fatalf("round %d: %d pages never handed out, used %d of %d", round, count, f.used, f.total)
		}
	}
}

func TestFramesTableFull(t *testing.T) {
	var f frames
	for i := uintptr(1); i <= ranges.Max+5; i++ {
		f.add(2*i*hugePage, (2*i+1)*hugePage)
	}
	if f.Len() != ranges.Max || f.lost != 5*hugePage {
		t.Fatalf("%d ranges, %#x lost", f.Len(), f.lost)
	}
	f.remove(2*hugePage+pageSize, 2*hugePage+2*pageSize) // needs one more
	if f.Len() != ranges.Max || f.lost != 6*hugePage-2*pageSize {
		t.Fatalf("after a hole: %d ranges, %#x lost", f.Len(), f.lost)
	}
	if f.getRun(^uintptr(0)/hugePage+1) != 0 || f.getRun(0) != 0 {
		t.Error("a run of no or more than all memory")
	}
}

// hostMemory is memory of n huge pages at an aligned address.
func hostMemory(t *testing.T, n int) uintptr {
	t.Helper()
	b := make([]byte, (n+1)*hugePage)
	t.Cleanup(func() { runtime.KeepAlive(b) })
	return alignUp(uintptr(unsafe.Pointer(&b[0])), hugePage)
}

func TestFramesReuse(t *testing.T) {
	base := hostMemory(t, 2)
	var f frames
	f.add(base, base+2*hugePage)
	f.round()
	a, _ := f.get()
	b, _ := f.get()
	f.put(a)
	f.put(b)
	if f.used != 0 {
		t.Errorf("%d bytes in use", f.used)
	}
	for _, want := range []uintptr{b, a} {
		got, dirty := f.get()
		if got != want || dirty || *word(got) != 0 {
			t.Errorf("get = %#x, dirty %v, first word %#x; want %#x, zero", got, dirty, *word(got), want)
		}
	}
}

// e820 is an entry of a memory map in MiB.
func e820(base, size uint64, typ uint32) e820Entry { return e820Entry{base << 20, size << 20, typ, 1} }

func TestTakeE820(t *testing.T) {
	const reserved, acpi, nvs, bad = 2, 3, 4, 5
	mib := func(base, end uintptr) ranges.Range { return ranges.Range{Start: base << 20, End: end << 20} }
	many := make([]e820Entry, 200)
	var manyWant []ranges.Range
	for i := range many {
		j := (i*37 + 11) % len(many) // in no order
		many[i] = e820(uint64(4+8*j), 4, e820Usable)
	}
	for j := range many {
		manyWant = append(manyWant, mib(uintptr(4+8*j), uintptr(8+8*j)))
	}
	for _, c := range []struct {
		name string
		list []e820Entry
		want []ranges.Range
	}{
		{"a PC", []e820Entry{{0, 0x9fc00, 1, 1}, {0x9fc00, 0x400, reserved, 1}, {0xf0000, 0x10000, reserved, 1},
			e820(1, 254, 1), e820(255, 1, acpi), {0xfffc0000, 0x40000, reserved, 1}}, []ranges.Range{mib(2, 254)}},
		{"hole below 4 GiB", []e820Entry{e820(1, 3071, 1), e820(3072, 1024, reserved), e820(4096, 2048, 1)},
			[]ranges.Range{mib(2, 3072), mib(4096, 6144)}},
		{"unsorted, overlapping", []e820Entry{e820(64, 64, 1), e820(16, 64, 1), e820(100, 100, 1)}, []ranges.Range{mib(16, 200)}},
		{"the same twice", []e820Entry{e820(16, 16, 1), e820(16, 16, 1)}, []ranges.Range{mib(16, 32)}},
		{"joined before rounding", []e820Entry{e820(3, 2, 1), e820(5, 3, 1)}, []ranges.Range{mib(4, 8)}},
		{"reserved wins, first or last", []e820Entry{e820(20, 4, nvs), e820(16, 32, 1), e820(40, 2, bad)},
			[]ranges.Range{mib(16, 20), mib(24, 40), mib(42, 48)}},
		{"a byte reserved costs a page", []e820Entry{e820(16, 8, 1), {19 << 20, 1, acpi, 1}}, []ranges.Range{mib(16, 18), mib(20, 24)}},
		{"empty entries", []e820Entry{e820(16, 0, 1), e820(16, 4, 1), e820(18, 0, reserved)}, []ranges.Range{mib(16, 20)}},
		{"beyond the end of addresses", []e820Entry{e820(16, 4, 1), {^uint64(0) - 0xfff, 0x2000, reserved, 1}, {1 << 63, 1 << 63, 1, 1}},
			[]ranges.Range{mib(16, 20)}},
		{"beyond the identity map", []e820Entry{e820(1<<20-4, 8, 1), e820(1<<21, 64, 1)}, []ranges.Range{mib(1<<20-4, 1<<20)}},
		{"all below 1 MiB", []e820Entry{{0, 0x9fc00, 1, 1}}, nil},
		{"type 0 and unknown types", []e820Entry{e820(16, 8, 0), e820(32, 8, 12)}, nil},
		{"200 entries", many, manyWant},
	} {
		var f frames
		takeE820(uintptr(unsafe.Pointer(&c.list[0])), uintptr(len(c.list)), &f)
		f.round()
		if got := f.List(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %x, want %x", c.name, got, c.want)
		}
	}
}

func TestEFIRegion(t *testing.T) {
	type descriptor struct {
		typ, pad              uint32
		phys, virt, pages, at uint64
	}
	for _, c := range []struct {
		name       string
		d          descriptor
		start, end uintptr
	}{
		{"free", descriptor{typ: 7, phys: 0x101000, pages: 0x1000}, 0x200000, 0x1000000},
		{"loader data", descriptor{typ: 2, phys: 0x200000, pages: 0x1000}, 0, 0},
		{"persistent", descriptor{typ: 14, phys: 0x200000, pages: 0x1000}, 0, 0},
		{"kept for special uses", descriptor{typ: 7, phys: 0x200000, pages: 0x1000, at: 0x40000}, 0, 0},
		{"below 1 MiB", descriptor{typ: 7, phys: 0x1000, pages: 0x9e}, 0x200000, 0x200000},
		{"too small", descriptor{typ: 7, phys: 0x201000, pages: 0x200}, 0x400000, 0x400000},
		{"across the end of the identity map", descriptor{typ: 7, phys: identityEnd - hugePage, pages: 0x400}, identityEnd - hugePage, identityEnd},
	} {
		if start, end := efiRegion(uintptr(unsafe.Pointer(&c.d))); end-start != c.end-c.start || end != start && start != c.start {
			t.Errorf("%s: %#x to %#x, want %#x to %#x", c.name, start, end, c.start, c.end)
		}
	}
}

// FuzzE820: the result is sorted, within the identity map, and free of what is reserved.
func FuzzE820(f *testing.F) {
	entry := func(base, length uint64, typ byte) []byte {
		b := binary.LittleEndian.AppendUint64(nil, base)
		b = binary.LittleEndian.AppendUint64(b, length)
		return append(b, typ, 0, 0, 0, 1, 0, 0, 0)
	}
	f.Add(slices.Concat(entry(1<<20, 255<<20, 1), entry(255<<20, 1<<20, 3), entry(1<<32, 1<<32, 1)))
	f.Add(slices.Concat(entry(0, ^uint64(0), 1), entry(^uint64(0), 2, 2), entry(5<<20, 1, 5)))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := uintptr(len(b) / e820EntrySize)
		if n == 0 {
			return
		}
		list := make([]e820Entry, n) // aligned
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&list[0])), n*e820EntrySize), b)
		var fr frames
		takeE820(uintptr(unsafe.Pointer(&list[0])), n, &fr)
		fr.round()
		last := uintptr(0)
		for _, r := range fr.List() {
			if r.Start < last || r.Start >= r.End || r.Start < 1<<20 || r.End > identityEnd || r.Start%hugePage != 0 || r.End%hugePage != 0 {
				t.Fatalf("range %x after %#x", r, last)
			}
			last = r.End + 1
			for _, e := range list {
				end := e.base + e.length
				if end < e.base {
					end = ^uint64(0)
				}
				if e.typ != e820Usable && e.length != 0 && uint64(r.Start) < end && e.base < uint64(r.End) && fr.lost == 0 {
					t.Fatalf("range %x covers reserved %x", r, e)
				}
			}
		}
	})
}

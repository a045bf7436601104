//go:build linux && amd64

package kern

import (
	"runtime"
	"sync"
	"testing"
	"unsafe"
)

func TestRunQueue(t *testing.T) {
	pinned := map[int32]int32{3: 0, 4: 1}
	aff := func(i int32) int32 {
		if c, ok := pinned[i]; ok {
			return c
		}
		return -1
	}
	var q runQueue
	for round := 0; round < 3*maxThread; round++ { // the ring wraps
		for _, i := range []int32{3, 4, 1, 2} {
			q.push(i)
		}
		for _, want := range []struct{ cpu, thread int32 }{{2, 1}, {1, 4}, {1, 2}, {1, -1}, {0, 3}, {0, -1}} {
			if got := q.pop(want.cpu, aff); got != want.thread {
				t.Fatalf("round %d: CPU %d got thread %d, want %d", round, want.cpu, got, want.thread)
			}
		}
	}
}

func TestSpinlock(t *testing.T) {
	var l spinlock
	var wg sync.WaitGroup
	n := 0
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 2000 {
				l.lock()
				n++
				l.unlock()
				runtime.Gosched() // on few CPUs the next ticket's owner must get to run
			}
		}()
	}
	wg.Wait()
	if n != 8000 {
		t.Errorf("%d increments, want 8000", n)
	}
}

// TestLayout ties the records to what the boot stages and the CPU expect.
func TestLayout(t *testing.T) {
	var b bootInfo
	for name, c := range map[string]struct{ got, want uintptr }{
		"bootInfo":          {unsafe.Sizeof(b), bootInfoSize},
		"bootInfo.corePA":   {unsafe.Offsetof(b.corePA), 0x10},
		"bootInfo.e820":     {unsafe.Offsetof(b.e820), 0x20},
		"bootInfo.drive":    {unsafe.Offsetof(b.drive), 0x30},
		"bootInfo.thunk":    {unsafe.Offsetof(b.thunk), 0x38},
		"bootInfo.systab":   {unsafe.Offsetof(b.systab), 0x40},
		"bootInfo.diskGUID": {unsafe.Offsetof(b.diskGUID), 0x50},
		"bootInfo.buf":      {unsafe.Offsetof(b.buf), 0x60},
		"bootInfo.tsc":      {unsafe.Offsetof(b.tsc), 0x70},
		"bootInfo.lowPages": {unsafe.Offsetof(b.lowPages), 0x78},
		"cpu.self":          {unsafe.Offsetof(cpus[0].self), 0},
		"trapFrame":         {unsafe.Sizeof(trapFrame{}), trapFrameSize},
		"frame":             {unsafe.Sizeof(frame{}), 16 * 8},
		"e820Entry":         {unsafe.Sizeof(e820Entry{}), 24},
		"sigaction":         {unsafe.Sizeof(sigaction{}), 32},
		"stackT":            {unsafe.Sizeof(stackT{}), 24},
		"Registers":         {unsafe.Sizeof(Registers{}), registersSize},
	} {
		if c.got != c.want {
			t.Errorf("%s: %#x, want %#x", name, c.got, c.want)
		}
	}
}

func TestGate(t *testing.T) {
	g := gate(0x0000_0100_8765_4321, 3)
	want := [2]uint64{0x8765_8e03_0008_4321, 0x0100}
	if g != want {
		t.Errorf("gate = %#x, want %#x", g, want)
	}
}

func TestTrapStubs(t *testing.T) {
	for _, c := range []struct {
		vec  uintptr
		code []byte
	}{
		{6, []byte{0x6a, 0, 0x6a, 6, 0xe9}}, // the CPU pushes no error code for #UD
		{14, []byte{0x6a, 14, 0xe9}},        // but does for #PF
	} {
		at := trapStub(c.vec, uintptr(unsafe.Pointer(&trapStubs[c.vec]))+0x1000)
		n := len(c.code)
		stub := trapStubs[c.vec][:]
		if string(stub[:n]) != string(c.code) {
			t.Errorf("stub %d: % x, want % x", c.vec, stub[:n], c.code)
		}
		if rel := *(*int32)(unsafe.Pointer(&stub[n])); at+uintptr(n)+4+uintptr(rel) != at+0x1000 {
			t.Errorf("stub %d jumps to %#x beyond its start", c.vec, uintptr(n)+4+uintptr(rel))
		}
	}
}

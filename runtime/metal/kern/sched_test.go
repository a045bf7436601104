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

// TestTrapStubs reads the machine code of the exception entries.
func TestTrapStubs(t *testing.T) {
	for vec, want := range map[uintptr][]byte{
		6:  {0x6a, 0, 0x6a, 6}, // the CPU pushes no error code for #UD
		14: {0x6a, 14},         // but does for #PF
		18: {0x6a, 0, 0x6a, 18},
		30: {0x6a, 30},
	} {
		code := unsafe.Slice((*byte)(unsafe.Pointer(trapStub(vec))), 8)
		if string(code[:len(want)]) != string(want) || code[len(want)] != 0xe9 && code[len(want)] != 0xeb {
			t.Errorf("entry %d: % x, want % x and a jump", vec, code, want)
		}
	}
}

func TestStacks(t *testing.T) {
	if stackBase()%pageSize != 0 || userStackStart()+userStackSize > uintptr(unsafe.Pointer(&stackMemory))+stackSpace+pageSize {
		t.Error("the stacks do not fit their memory")
	}
	for _, top := range []uintptr{stackTop(0), stackTop(stackCount - 1), istTop(0, 0), istTop(maxCPU-1, istCount-1), userStackStart() + userStackSize - 8} {
		if guarded(top) || guarded(top-fpSize-1024) {
			t.Errorf("the stack at %#x is its own guard page", top)
		}
	}
	for _, a := range []uintptr{stackStart(0), stackStart(7) + pageSize - 1, istStart(3, 2), userStackStart()} {
		if !guarded(a) {
			t.Errorf("no guard page at %#x", a)
		}
	}
	if guarded(stackBase()-1) || guarded(userStackStart()+pageSize) || guarded(0) {
		t.Error("guard pages where none are")
	}
}

func TestDistinct(t *testing.T) {
	apic := []uint32{0, 1, 2, 3, 8, 9, 300} // cores 0, 1, 4 with two threads each, 150 with one
	if got := distinct(len(apic), func(i int) uint32 { return apic[i] >> 1 }); got != 4 {
		t.Errorf("%d cores, want 4", got)
	}
	if got := distinct(0, nil); got != 0 {
		t.Errorf("%d cores of no CPU", got)
	}
}

package kern

import (
	"testing"
	"unsafe"
)

// TestRecords ties the records to what assembly and the CPU expect.
func TestRecords(t *testing.T) {
	for name, c := range map[string]struct{ got, want uintptr }{
		"cpu.self":  {unsafe.Offsetof(cpus[0].machineCPU) + unsafe.Offsetof(cpus[0].self), 0},
		"thread.fs": {unsafe.Offsetof(threads[0].machineThread) + unsafe.Offsetof(threads[0].fs), 0},
		"trapFrame": {unsafe.Sizeof(trapFrame{}), trapFrameSize},
		"frame":     {unsafe.Sizeof(frame{}), 16 * 8},
		"Registers": {unsafe.Sizeof(Registers{}), registersSize},
	} {
		if c.got != c.want {
			t.Errorf("%s: %#x, want %#x", name, c.got, c.want)
		}
	}
}

func TestClockShot(t *testing.T) {
	for _, c := range []struct {
		shot clockShot
		want uint64
	}{
		{clockShot{1000, 1050, 1100}, 0},
		{clockShot{1000, 1000, 1100}, 0},
		{clockShot{1000, 1100, 1100}, 0},
		{clockShot{1000, 50, 1100}, 1000},
		{clockShot{1000, 2050, 1100}, ^uint64(999)}, // ahead: subtract 1000
	} {
		if got := c.shot.offset(); got != c.want {
			t.Errorf("%v: %d, want %d", c.shot, int64(got), int64(c.want))
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

package selftest

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// cpuList returns the CPUs this program may run on. The kernel of the bare machine answers these system calls as well.
func cpuList() []int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	var list []int
	for i := range len(set) * 64 {
		if set.IsSet(i) {
			list = append(list, i)
		}
	}
	return list
}

// moveTo asks for the calling thread to run on one CPU; back undoes that. Where it has no effect, thisCPU tells.
func moveTo(cpu int) (back func()) {
	var before, one unix.CPUSet
	one.Set(cpu)
	if unix.SchedGetaffinity(0, &before) != nil || unix.SchedSetaffinity(0, &one) != nil {
		return func() {}
	}
	return func() { _ = unix.SchedSetaffinity(0, &before) } // else it stays there, which is no harm
}

// thisCPU is the CPU the caller runs on.
func thisCPU() (cpu int, ok bool) {
	var n uint32
	_, _, e := syscall.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&n)), 0, 0)
	return int(n), e == 0
}

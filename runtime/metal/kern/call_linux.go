package kern

import "syscall"

// sysCall is a system call of a thread that knows it runs on this kernel.
func sysCall(nr, a1, a2, a3 uintptr) uintptr {
	r, _, _ := syscall.RawSyscall(nr, a1, a2, a3)
	return r
}

// rawCall is sysCall for results with the top bit set, which look like an error there.
func rawCall(nr, a1, a2 uintptr) { syscall.RawSyscall(nr, a1, a2, 0) }

// blockingCall is sysCall for calls that wait: Go's scheduler gives the thread's place to
// another.
func blockingCall(nr, a1, a2 uintptr) uintptr {
	r, _, _ := syscall.Syscall(nr, a1, a2, 0)
	return r
}

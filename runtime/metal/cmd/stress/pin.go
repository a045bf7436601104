package main

import (
	"fmt"
	"math/rand"
	"runtime"
	"syscall"
	"unsafe"
)

const sysGetcpu = 309 // getcpu(2) on amd64

// pin moves its thread to one CPU, looks where it is, and lets it go again.
func pin() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	n := runtime.NumCPU()
	all, one := cpuMask(n, -1), rand.Intn(n)
	if err := setAffinity(cpuMask(n, one)); err != nil {
		return err
	}
	var got uint32
	if _, _, errno := syscall.RawSyscall(sysGetcpu, uintptr(unsafe.Pointer(&got)), 0, 0); errno != 0 {
		return fmt.Errorf("getcpu: %w", errno)
	}
	if int(got) != one {
		return fmt.Errorf("runs on CPU %d, want %d", got, one)
	}
	return setAffinity(all)
}

// cpuMask has the bit of one of n CPUs, or all if it is negative.
func cpuMask(n, one int) []uint64 {
	mask := make([]uint64, (n+63)/64)
	for i := range n {
		if one < 0 || i == one {
			mask[i/64] |= 1 << (i % 64)
		}
	}
	return mask
}

func setAffinity(mask []uint64) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, uintptr(len(mask)*8), uintptr(unsafe.Pointer(&mask[0])))
	if errno != 0 {
		return fmt.Errorf("sched_setaffinity: %w", errno)
	}
	return nil
}

//go:build !linux

package kern

// The core is a Linux program: on other hosts, where the package is only tested, its
// system calls are not there.

func sysCall(nr, a1, a2, a3 uintptr) uintptr { return errNoSys }

func rawCall(nr, a1, a2 uintptr) {}

func blockingCall(nr, a1, a2 uintptr) uintptr { return errNoSys }

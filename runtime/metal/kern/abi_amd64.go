package kern

// Numbers of Linux's system calls (arch/x86/entry/syscalls/syscall_64.tbl); TestNumbers
// compares them with package syscall.
const (
	sysRead             = 0
	sysWrite            = 1
	sysClose            = 3
	sysMmap             = 9
	sysMprotect         = 10
	sysMunmap           = 11
	sysSigaction        = 13
	sysSigprocmask      = 14
	sysSigreturn        = 15
	sysSchedYield       = 24
	sysMadvise          = 28
	sysNanosleep        = 35
	sysGetpid           = 39
	sysClone            = 56
	sysExit             = 60
	sysKill             = 62
	sysFcntl            = 72
	sysReadlink         = 89
	sysSigaltstack      = 131
	sysPrctl            = 157
	sysArchPrctl        = 158
	sysGettid           = 186
	sysTkill            = 200
	sysFutex            = 202
	sysSchedSetaffinity = 203
	sysSchedGetaffinity = 204
	sysClockGettime     = 228 // served in assembly
	sysExitGroup        = 231
	sysEpollCtl         = 233
	sysTgkill           = 234
	sysOpenat           = 257
	sysFstatat          = 262
	sysReadlinkat       = 267
	sysFaccessat        = 269
	sysEpollPwait       = 281
	sysEventfd2         = 290
	sysEpollCreate1     = 291
	sysPrlimit64        = 302
	sysGetcpu           = 309
	sysGetrandom        = 318
)

// epollData is the offset of epoll_event.data: the record is packed.
const epollData = 4

// serveMachine serves arch_prctl(ARCH_SET_FS), by which a thread sets its storage.
func serveMachine(nr, a1, a2 uintptr) (result uintptr, ok bool) {
	const setFS = 0x1002
	switch {
	case nr == sysReadlink:
		return errNoEnt, true
	case nr != sysArchPrctl:
		return 0, false
	case a1 != setFS:
		return errInval, true
	}
	thisThread().fs = a2
	return 0, true
}

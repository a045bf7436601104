package kern

import (
	"sync/atomic"
	"unsafe"
)

// Error returns (errno(3)), negated as the ABI wants them.
const (
	errNoEnt    = ^uintptr(2) + 1
	errSrch     = ^uintptr(3) + 1
	errBadF     = ^uintptr(9) + 1
	errAgain    = ^uintptr(11) + 1
	errNoMem    = ^uintptr(12) + 1
	errInval    = ^uintptr(22) + 1
	errNoSys    = ^uintptr(38) + 1
	errTimedOut = ^uintptr(110) + 1
)

// System calls of our own, for the parts of the program that know they are on metal.
const (
	sysFirmware       = 0x1000 + iota // UEFI service
	sysBIOS                           // BIOS interrupt
	sysFeed                           // append to standard input
	sysInterrupt                      // SIGINT
	sysPhysRun                        // contiguous physical memory
	sysTranslate                      // virtual to physical
	sysMapDevice                      // identity-map device memory
	sysMapFramebuffer                 // the same with write combining
	sysTake                           // text for the console
	sysFlush                          // wait until it is shown
)

// mostSyscalls is above all numbers Linux has given to system calls of this machine (470 in 2025).
const mostSyscalls = 512

type timespec struct{ sec, nsec int64 }

func (t *timespec) nano() int64 {
	if t.sec > 1<<32 {
		return 1 << 62
	}
	return t.sec*1000000000 + t.nsec
}

// unknown counts system calls nobody serves, by number; the last entry is for all higher ones.
var unknown [mostSyscalls + 1]uint32

// dispatch serves a system call; f holds the arguments and receives the result.
func dispatch(f *frame) {
	f.setResult(serve(f))
	if atomic.LoadUint64(&thisThread().pending) != 0 {
		deliverAtExit(f)
	}
}

func serve(f *frame) uintptr {
	a1, a2, a3, a4, _, _ := f.args()
	switch nr := f.nr(); nr {
	case sysRead:
		return read(a1, a2, a3)
	case sysWrite:
		return write(a1, a2, a3)
	case sysClose, sysMprotect:
		return 0
	case sysMmap:
		return mmap(a1, a2, a3, a4)
	case sysMunmap:
		return munmap(a1, a2)
	case sysMadvise:
		const dontNeed = 4
		if a3 == dontNeed {
			clearMapped(a1, a2)
		}
		return 0
	case sysFutex:
		return futex(a1, a2, uint32(a3), a4)
	case sysClone:
		return clone(f, a1, a2)
	case sysExit:
		exitThread()
	case sysExitGroup:
		Exit(int32(a1))
	case sysSchedYield:
		sched.lock()
		yield()
		unlockSched()
		return 0
	case sysNanosleep:
		nanosleep((*timespec)(unsafe.Pointer(a1)).nano())
		return 0
	case sysSchedGetaffinity:
		return affinityMask(a2, a3)
	case sysSchedSetaffinity:
		return setAffinity(a1, a2, a3)
	case sysGetcpu:
		*(*uint32)(unsafe.Pointer(a1)) = uint32(currentCPU().id)
		return 0
	case sysGetpid:
		return 1
	case sysGettid:
		return uintptr(thisThread().tid)
	case sysGetrandom:
		for i := uintptr(0); i < a2; i++ {
			*bytePtr(a1 + i) = byte(random() >> 13)
		}
		return a2
	case sysEpollCreate1, sysEventfd2, sysEpollCtl, sysEpollPwait:
		return poll(nr, a1, a2, a3, a4)
	case sysFcntl:
		const getFL, readWrite = 3, 2
		if a1 > 2 {
			return errBadF
		}
		if a2 == getFL {
			return readWrite
		}
		return 0
	case sysOpenat, sysFstatat, sysReadlinkat, sysFaccessat:
		return errNoEnt
	}
	return serveMore(f)
}

// serveMore has the signals and our own calls.
func serveMore(f *frame) uintptr {
	nr := f.nr()
	a1, a2, a3, _, _, _ := f.args()
	switch nr {
	case sysSigaction:
		return sigactionCall(a1, a2, a3)
	case sysSigprocmask:
		return sigprocmask(a1, a2, a3)
	case sysSigreturn:
		sigreturn(f)
	case sysSigaltstack:
		return sigaltstack(a1, a2)
	case sysTgkill:
		return kill(int32(a2), a3)
	case sysTkill:
		return kill(int32(a1), a2)
	case sysKill:
		return kill(thisThread().tid, a2)
	case sysFirmware:
		return firmware(a1, a2)
	case sysBIOS:
		return bios(a1)
	case sysFeed:
		return feed(a1, a2)
	case sysInterrupt:
		interruptThread()
		return 0
	case sysPhysRun:
		memLock.lock()
		p := phys.getRun(a1)
		memLock.unlock()
		return p
	case sysTranslate:
		pa, ok := translate(a1)
		if !ok {
			return 0
		}
		return pa
	case sysMapDevice:
		memLock.lock()
		mapDevice(a1, a2)
		memLock.unlock()
		return 0
	case sysMapFramebuffer:
		memLock.lock()
		mapFramebuffer(a1, a2)
		memLock.unlock()
		return 0
	case sysTake:
		return takeOutput(a1, a2)
	case sysFlush:
		flushOutput()
		return 0
	}
	if result, ok := serveMachine(nr, a1, a2); ok {
		return result
	}
	// Go asks for these two and does without: names of mappings, file limits.
	if nr != sysPrctl && nr != sysPrlimit64 {
		unserved(nr)
	}
	return errNoSys
}

// unserved counts a system call nobody serves and names it the first time.
func unserved(nr uintptr) {
	if countUnknown(nr) > 1 {
		return
	}
	say("\nllamaboot: system call not served: ")
	sayNumber(nr)
	say("\n")
}

func countUnknown(nr uintptr) uint32 { return atomic.AddUint32(&unknown[min(nr, mostSyscalls)], 1) }

func read(fd, p, n uintptr) uintptr {
	switch fd {
	case 0:
		return readInput(p, n)
	case fdEvent:
		return readEvent(p)
	}
	return errBadF
}

func write(fd, p, n uintptr) uintptr {
	switch fd {
	case 2:
		lastWords.add(p, n)
		return writeConsole(p, n)
	case 1:
		return writeConsole(p, n)
	case fdEvent:
		return writeEvent()
	}
	return errBadF
}

func sigactionCall(sig, act, old uintptr) uintptr {
	if sig == 0 || sig > 64 {
		return errInval
	}
	s := &actions[sig]
	if old != 0 {
		*(*sigaction)(unsafe.Pointer(old)) = *s
	}
	if act != 0 {
		*s = *(*sigaction)(unsafe.Pointer(act))
	}
	return 0
}

func sigprocmask(how, set, old uintptr) uintptr {
	t := thisThread()
	before := t.sigMask
	if set != 0 {
		m := *(*uint64)(unsafe.Pointer(set))
		switch how {
		case 0: // SIG_BLOCK
			t.sigMask |= m
		case 1: // SIG_UNBLOCK
			t.sigMask &^= m
		case 2: // SIG_SETMASK
			t.sigMask = m
		default:
			return errInval
		}
	}
	if old != 0 {
		*(*uint64)(unsafe.Pointer(old)) = before
	}
	return 0
}

// stackT is stack_t of sigaltstack(2).
type stackT struct {
	sp    uintptr
	flags int32
	size  uintptr
}

func sigaltstack(set, old uintptr) uintptr {
	const disable = 2
	t := thisThread()
	if old != 0 {
		o := (*stackT)(unsafe.Pointer(old))
		o.sp, o.size, o.flags = t.sigStack, t.sigSize, 0
		if t.sigStack == 0 {
			o.flags = disable
		}
	}
	if set != 0 {
		s := (*stackT)(unsafe.Pointer(set))
		t.sigStack, t.sigSize = s.sp, s.size
		if s.flags&disable != 0 {
			t.sigStack = 0
			return 0
		}
		// Signals are pushed from interrupt stacks, where a page fault must not nest.
		for a := s.sp; a < s.sp+s.size; a += pageSize {
			pin(a)
		}
		pin(s.sp + s.size - 1)
	}
	return 0
}

func kill(tid int32, sig uintptr) uintptr {
	if sig == sigABRT && actions[sigABRT].handler <= 1 {
		Exit(2)
	}
	return tgkill(tid, sig)
}

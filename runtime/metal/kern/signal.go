package kern

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// Signals as the Go runtime uses them: handlers on alternate stacks, SIGURG for
// preemption, SIGSEGV and friends for faults (signal(7), sigaction(2)).
const (
	sigINT  = 2
	sigILL  = 4
	sigTRAP = 5
	sigABRT = 6
	sigFPE  = 8
	sigSEGV = 11

	siTkill = -6 // si_code of tgkill
	siFault = 1  // SEGV_MAPERR, FPE_INTDIV ...

	saNoDefer = 0x40000000
)

// sigaction is struct kernel_sigaction.
type sigaction struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

var actions [65]sigaction

// pushSignal makes the thread at f continue in the handler of sig, on its alternate
// stack. fp: the interrupted vector state, 0: it is still in the registers.
func pushSignal(f *trapFrame, fp uintptr, sig uintptr, code int32, addr uintptr) {
	t := thisThread()
	sa := &actions[sig]
	if t.sigStack == 0 {
		fatal("signal for a thread without signal stack")
	}
	sp := t.sigStack + t.sigSize
	if f.sp > t.sigStack && f.sp <= sp {
		sp = f.sp - stackSlack // nested: below what is there
	}
	pushSignalFrame(f, fp, sp, t, sig, code, addr)
	t.sigMask |= sa.mask
	if sa.flags&saNoDefer == 0 {
		t.sigMask |= 1 << (sig - 1)
	}
}

// putSigInfo fills the cleared siginfo_t at info (sigaction(2)).
func putSigInfo(info, sig uintptr, code int32, addr uintptr) {
	put32(info, uint32(sig))
	put32(info+8, uint32(code))
	if code > 0 {
		*word(info + 16) = addr
	} else {
		put32(info+16, 1) // si_pid
	}
}

// takeSignal removes and returns the next signal the thread may get, 0 if none.
func takeSignal(t *thread) uintptr {
	for {
		p := atomic.LoadUint64(&t.pending) &^ t.sigMask
		if p == 0 {
			return 0
		}
		n := uintptr(bits.TrailingZeros64(p))
		atomic.AndUint64(&t.pending, ^(uint64(1) << n))
		if actions[n+1].handler > 1 { // not SIG_DFL, not SIG_IGN
			return n + 1
		}
	}
}

// tgkill queues sig for the thread and makes its CPU look.
func tgkill(tid int32, sig uintptr) uintptr {
	if sig > 64 {
		return errInval
	}
	result := errSrch
	sched.lock()
	if t := threadOf(tid); t != nil {
		result = 0
		if sig != 0 {
			queueSignal(t, sig)
		}
	}
	unlockSched()
	return result
}

// queueSignal marks sig pending; a running thread's CPU gets an early tick. sched held.
func queueSignal(t *thread, sig uintptr) {
	atomic.OrUint64(&t.pending, 1<<(sig-1))
	if c := &cpus[t.on]; t.state == threadRunning && t != thisThread() && c.cur == uintptr(unsafe.Pointer(t)) {
		message(c, messageTick)
	}
}

// Interrupt raises SIGINT in the program, as Ctrl-C does.
func Interrupt() {
	sysCall(sysInterrupt, 0, 0, 0)
}

// interruptThread gives SIGINT to some thread that accepts it.
func interruptThread() {
	if actions[sigINT].handler <= 1 {
		return
	}
	sched.lock()
	for i := int32(0); i < threadEnd; i++ {
		t := &threads[i]
		if t.state > threadStarting && t.sigMask>>(sigINT-1)&1 == 0 {
			queueSignal(t, sigINT)
			break
		}
	}
	unlockSched()
}

// deliverAtExit hands a pending signal to the thread instead of returning from the
// system call f; does not return when there is one.
func deliverAtExit(f *frame) {
	t := thisThread()
	sig := takeSignal(t)
	if sig == 0 {
		return
	}
	var tf trapFrame
	interrupted(f, &tf)
	pushSignal(&tf, 0, sig, siTkill, 0)
	resumeSignal(&tf, 0)
}

// sigreturn ends a handler: back to the interrupted place, or to the next handler.
// Never returns.
func sigreturn(f *frame) {
	t := thisThread()
	var tf trapFrame
	fp, mask := readSignalFrame(f, &tf)
	if fp == 0 {
		fatal("signal frame without vector state")
	}
	t.sigMask = mask
	if sig := takeSignal(t); sig != 0 {
		pushSignal(&tf, fp, sig, siTkill, 0)
	}
	resumeSignal(&tf, fp)
}

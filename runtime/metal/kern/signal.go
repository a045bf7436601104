//go:build linux && amd64

package kern

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// Signals as the Go runtime uses them: handlers on alternate stacks, SIGURG for
// preemption, SIGSEGV and friends for faults (signal(7), sigaction(2); the frame is
// struct rt_sigframe of Linux, arch/x86/include/uapi/asm/sigcontext.h).
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

// Offsets in struct ucontext and the frame around it.
const (
	ucStackSP   = 16
	ucStackSize = 32
	ucGregs     = 40
	ucFPState   = 224
	ucSigMask   = 296
	ucSize      = 512
	infoSize    = 128
	redZone     = 128
)

var actions [65]sigaction

// pushSignal builds a signal frame on the current thread's alternate stack and
// redirects f to the handler. fp: the interrupted vector state, 64-byte aligned; 0: it
// is still in the registers.
func pushSignal(f *trapFrame, fp uintptr, sig uintptr, code int32, addr uintptr) {
	t := thisThread()
	sa := &actions[sig]
	if t.sigStack == 0 {
		fatal("signal for a thread without signal stack")
	}
	sp := t.sigStack + t.sigSize
	if f.sp > t.sigStack && f.sp <= sp {
		sp = f.sp - redZone // nested: below what is there
	}
	image := (sp - fpSize) &^ 63
	if fp != 0 {
		copyWords(image, fp, fpSize)
	} else {
		storeFP(image)
	}
	info := (image - infoSize) &^ 63
	zero(info, infoSize)
	uc := (info - ucSize) &^ 63
	zero(uc, ucSize)

	*word(uc + ucStackSP) = t.sigStack
	*word(uc + ucStackSize) = t.sigSize
	g := (*[23]uintptr)(unsafe.Pointer(uc + ucGregs))
	g[0], g[1], g[2], g[3] = f.r8, f.r9, f.r10, f.r11
	g[4], g[5], g[6], g[7] = f.r12, f.r13, f.r14, f.r15
	g[8], g[9], g[10], g[11] = f.di, f.si, f.bp, f.bx
	g[12], g[13], g[14] = f.dx, f.ax, f.cx
	g[15], g[16], g[17], g[18] = f.sp, f.ip, f.flags, f.cs
	g[19], g[20], g[22] = f.err, f.vec, addr
	*word(uc + ucFPState) = image
	*word(uc + ucSigMask) = uintptr(t.sigMask)

	*(*int32)(unsafe.Pointer(info)) = int32(sig)
	*(*int32)(unsafe.Pointer(info + 8)) = code
	if code > 0 {
		*word(info + 16) = addr
	} else {
		*(*int32)(unsafe.Pointer(info + 16)) = 1 // si_pid
	}
	t.sigMask |= sa.mask
	if sa.flags&saNoDefer == 0 {
		t.sigMask |= 1 << (sig - 1)
	}
	sp = uc - 8
	*word(sp) = sa.restorer
	f.di, f.si, f.dx, f.ax = sig, info, uc, 0
	f.ip, f.sp = sa.handler, sp
	f.flags &^= 0x500 // TF, DF
}

func word(a uintptr) *uintptr { return (*uintptr)(unsafe.Pointer(a)) }

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
		message(c, vecTimer)
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
	tf := trapFrame{
		r8: f.r8, r9: f.r9, r10: f.r10, r11: f.r11, r12: f.r12, r13: f.r13, r14: f.r14, r15: f.r15,
		di: f.di, si: f.si, bp: f.bp, bx: f.bx, dx: f.dx, ax: f.ax, cx: f.ip,
		sp: f.sp, ip: f.ip, flags: f.r11, cs: selCode, ss: selData,
	}
	pushSignal(&tf, 0, sig, siTkill, 0)
	resumeFrame(&tf)
}

// sigreturn ends a handler: back to the interrupted place, or to the next handler.
// Never returns.
func sigreturn(f *frame) {
	uc := f.sp // the handler's RET has popped the restorer's address
	t := thisThread()
	t.sigMask = uint64(*word(uc + ucSigMask))
	g := (*[23]uintptr)(unsafe.Pointer(uc + ucGregs))
	tf := trapFrame{
		r8: g[0], r9: g[1], r10: g[2], r11: g[3], r12: g[4], r13: g[5], r14: g[6], r15: g[7],
		di: g[8], si: g[9], bp: g[10], bx: g[11], dx: g[12], ax: g[13], cx: g[14],
		sp: g[15], ip: g[16], flags: g[17] | 0x200, cs: selCode, ss: selData,
	}
	fp := *word(uc + ucFPState)
	if fp == 0 {
		fatal("signal frame without vector state")
	}
	if sig := takeSignal(t); sig != 0 {
		pushSignal(&tf, fp, sig, siTkill, 0)
	}
	resumeSignal(&tf, fp)
}

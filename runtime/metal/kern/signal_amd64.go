package kern

import "unsafe"

// The signal frame is struct rt_sigframe of Linux (arch/x86/include/uapi/asm/sigcontext.h).

// Offsets in struct ucontext and the frame around it.
const (
	ucStackSP   = 16
	ucStackSize = 32
	ucGregs     = 40
	ucFPState   = 224
	ucSigMask   = 296
	ucSize      = 512
	infoSize    = 128
)

// stackSlack is the red zone: how far below sp a thread may use its stack.
const stackSlack = 128

// pushSignalFrame lays out, from the top: vector state (64-byte aligned), siginfo,
// ucontext, the restorer's address, to which the handler returns.
func pushSignalFrame(f *trapFrame, fp, sp uintptr, t *thread, sig uintptr, code int32, addr uintptr) {
	image := (sp - fpSize) &^ 63
	if fp != 0 {
		copyWords(image, fp, fpSize)
	} else {
		storeFP(image)
	}
	info := (image - infoSize) &^ 63
	zero(info, infoSize)
	putSigInfo(info, sig, code, addr)
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
	sp = uc - 8
	*word(sp) = actions[sig].restorer
	f.di, f.si, f.dx, f.ax = sig, info, uc, 0
	f.ip, f.sp = actions[sig].handler, sp
	f.flags &^= 0x500 // TF, DF
}

// readSignalFrame: f.sp is that of the handler's return, which has popped the restorer's
// address.
func readSignalFrame(f *frame, tf *trapFrame) (fp uintptr, mask uint64) {
	const interruptsOn = 0x200
	uc := f.sp
	g := (*[23]uintptr)(unsafe.Pointer(uc + ucGregs))
	*tf = trapFrame{
		r8: g[0], r9: g[1], r10: g[2], r11: g[3], r12: g[4], r13: g[5], r14: g[6], r15: g[7],
		di: g[8], si: g[9], bp: g[10], bx: g[11], dx: g[12], ax: g[13], cx: g[14],
		sp: g[15], ip: g[16], flags: g[17] | interruptsOn, cs: selCode, ss: selData,
	}
	return *word(uc + ucFPState), uint64(*word(uc + ucSigMask))
}

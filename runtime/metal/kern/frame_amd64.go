package kern

import "unsafe"

// frame is what syscallEntry pushes, lowest address first.
type frame struct {
	r15, r14, r13, r12, r10, r9, r8, bp, di, si, dx, bx, ax, r11, ip, sp uintptr
}

// trapFrame is what the interrupt entries push, then the CPU's part.
type trapFrame struct {
	r15, r14, r13, r12, r11, r10, r9, r8, bp, di, si, dx, cx, bx, ax uintptr
	vec, err, ip, cs, flags, sp, ss                                  uintptr
}

const trapFrameSize = 22 * 8

func (f *frame) nr() uintptr { return f.ax }
func (f *frame) args() (a1, a2, a3, a4, a5, a6 uintptr) {
	return f.di, f.si, f.dx, f.r10, f.r8, f.r9
}
func (f *frame) setResult(v uintptr) { f.ax = v }
func (f *frame) pc() uintptr         { return f.ip }
func (f *frame) caller() uintptr     { return f.bp }

// interrupted fills tf with what the return from system call f would load: SYSCALL keeps
// the return address in CX and the flags in R11.
func interrupted(f *frame, tf *trapFrame) {
	*tf = trapFrame{
		r8: f.r8, r9: f.r9, r10: f.r10, r11: f.r11, r12: f.r12, r13: f.r13, r14: f.r14, r15: f.r15,
		di: f.di, si: f.si, bp: f.bp, bx: f.bx, dx: f.dx, ax: f.ax, cx: f.ip,
		sp: f.sp, ip: f.ip, flags: f.r11, cs: selCode, ss: selData,
	}
}

// startThread puts a copy of the parent's frame on the child's kernel stack, below it
// what switchStack pops.
func startThread(t *thread, f *frame, flags, stack uintptr) {
	const setTLS = 0x80000
	fr := (*frame)(unsafe.Pointer(t.kstop - unsafe.Sizeof(frame{})))
	*fr = *f
	fr.ax, fr.sp = 0, stack
	t.fs = 0
	if flags&setTLS != 0 {
		_, _, _, _, tls, _ := f.args()
		t.fs = tls
	}
	t.ksp = pushReturn(uintptr(unsafe.Pointer(fr)), codeAddr(addrChild))
}

// pushReturn lays out what switchStack pops: BP, then the return address.
func pushReturn(top, code uintptr) uintptr {
	*word(top - 8) = code
	*word(top - 16) = 0
	return top - 16
}

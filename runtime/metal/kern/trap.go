//go:build linux && amd64

package kern

var exceptionNames = [32]string{
	0: "divide error", 1: "debug", 2: "NMI", 3: "breakpoint", 4: "overflow", 5: "bound range",
	6: "invalid opcode", 7: "no FPU", 8: "double fault", 10: "invalid TSS", 11: "segment not present",
	12: "stack fault", 13: "general protection", 14: "page fault", 16: "x87 error",
	17: "alignment check", 18: "machine check", 19: "SIMD error",
}

// signalOf maps exceptions to the signals Linux sends for them.
func signalOf(vec uintptr) uintptr {
	switch vec {
	case 13, 14:
		return sigSEGV
	case 0, 16, 19:
		return sigFPE
	case 6:
		return sigILL
	case 3:
		return sigTRAP
	}
	return 0
}

// trap handles exceptions, on an interrupt stack. cr2 is valid for page faults; fp
// is the interrupted vector state.
func trap(f *trapFrame, cr2, fp uintptr) {
	const notPresent = 1 // error code bit 0 clear
	if f.vec == 14 && f.err&notPresent == 0 && space.accessible(cr2) {
		populate(cr2)
		return
	}
	if f.vec != 14 {
		cr2 = 0 // stale
	}
	if guarded(cr2) {
		dumpTrap(f, cr2, "stack overflow")
	}
	if sig := signalOf(f.vec); sig != 0 && !onKernelStack(f.sp) && actions[sig].handler > 1 {
		pushSignal(f, fp, sig, siFault, cr2)
		return
	}
	reason := "exception"
	if f.vec < 32 && exceptionNames[f.vec] != "" {
		reason = exceptionNames[f.vec]
	}
	dumpTrap(f, cr2, reason)
}

// dumpTrap reports what happened and stops the machine.
func dumpTrap(f *trapFrame, cr2 uintptr, reason string) {
	beginPanic()
	puts("\nllamaboot: kernel panic: ")
	puts(reason)
	putReg("\n vector ", f.vec)
	putReg(" error ", f.err)
	putReg(" address ", cr2)
	putReg(" cpu ", uintptr(currentCPU().id))
	putReg("\n rip ", f.ip)
	putReg(" rsp ", f.sp)
	putReg(" flags ", f.flags)
	putReg("\n rax ", f.ax)
	putReg(" rbx ", f.bx)
	putReg(" rcx ", f.cx)
	putReg("\n rdx ", f.dx)
	putReg(" rsi ", f.si)
	putReg(" rdi ", f.di)
	putReg("\n rbp ", f.bp)
	putReg(" r8  ", f.r8)
	putReg(" r9  ", f.r9)
	putReg("\n r14 ", f.r14)
	printMachineCheck()
	puts("\n")
	Exit(2)
}

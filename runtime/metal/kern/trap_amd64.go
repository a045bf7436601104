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
	if f.vec == 14 && f.err&notPresent == 0 {
		if space.accessible(cr2) {
			populate(cr2)
			return
		}
		// clearMapped zeroes pages of regions that may not be accessed any more, and
		// another CPU may have retired one meanwhile.
		if cr2 >= userLow && revive(cr2) {
			return
		}
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

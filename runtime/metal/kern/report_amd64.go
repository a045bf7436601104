package kern

// dumpTrap reports an exception nobody handles and stops the machine.
func dumpTrap(f *trapFrame, cr2 uintptr, reason string) {
	beginPanic()
	puts("\nllamaboot: kernel panic: ")
	puts(reason)
	putWhere()
	putRegs("vec", f.vec, "err", f.err, "cr2", cr2)
	putRegs("rip", f.ip, "rsp", f.sp, "flg", f.flags)
	putRegs("rax", f.ax, "rbx", f.bx, "rcx", f.cx)
	putRegs("rdx", f.dx, "rsi", f.si, "rdi", f.di)
	putRegs("rbp", f.bp, "r8 ", f.r8, "r9 ", f.r9)
	putRegs("r10", f.r10, "r11", f.r11, "r12", f.r12)
	putRegs("r13", f.r13, "r14", f.r14, "r15", f.r15)
	printMachineCheck()
	n := putFrames(0, f.ip, f.bp)
	if onKernelStack(f.sp) {
		putCaller(n)
	}
	Exit(2)
}

func putRegs(a string, av uintptr, b string, bv uintptr, c string, cv uintptr) {
	puts(a)
	putReg(" ", av)
	puts("  ")
	puts(b)
	putReg(" ", bv)
	puts("  ")
	puts(c)
	putReg(" ", cv)
	puts("\n")
}

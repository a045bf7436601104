package kern

// machine lists what a processor architecture must provide, each entry with its contract.
// The composite literal below makes the compiler check that the functions exist with
// these types; they are called directly and not through it, as kernel context has no
// interfaces and the small ones must inline.
//
// Beside the functions an architecture defines
//   - machineCPU and machineThread, its parts of cpu and thread;
//   - frame, the registers of a thread in a system call, with the methods nr, args,
//     setResult, pc and caller, and trapFrame, those of an interrupted one, which has a field sp;
//   - the numbers of system calls and the layout of epoll_event (abi_*.go);
//   - the bits of page table entries: ptePresent, pteTable, pteBlock, ptePage, pteDevice,
//     pteAddr, noExec and isHuge, and three in entries that the processor ignores:
//     ptePinned, pteRetired, pteSlot; segmentRights, those of the core's pages;
//   - fpSize, the bytes of a thread's vector state, and istCount, the interrupt stacks of
//     a CPU;
//   - the way in: it fills memory (phys), page tables, cpus[0], its thread and the clock,
//     starts the other processors, and ends in buildUserStack and arm (boot_amd64.go).
//
// Unless said otherwise functions are called with interrupts off and order nothing.
type machine struct {
	// currentCPU returns the record of the processor it runs on. The result is valid
	// until the next switchStack.
	currentCPU func() *cpu
	// kernelG returns the address of the runtime.g that code in kernel context runs on,
	// threadG that of the current thread's g, 0 before it has one.
	kernelG func() uintptr
	threadG func() uintptr

	// switchStack saves the registers a call preserves and the stack pointer, in *from,
	// and resumes what was saved in *to. The scheduler lock is held before and after, so
	// all a thread did before it was saved is visible where it is resumed.
	switchStack func(from, to *uintptr)
	// useKernelStack makes top the stack that the next entry from a thread on c uses.
	useKernelStack func(c *cpu, top uintptr)
	// startThread lays out t's kernel stack so that switchStack to it unlocks the
	// scheduler and returns from the system call f, made by the parent, with result 0 on
	// the user stack. flags and f are those of clone(2).
	startThread func(t *thread, f *frame, flags, stack uintptr)
	// onBootStack reports whether sp lies in a stack that only start and firmware calls use.
	onBootStack func(sp uintptr) bool

	// message interrupts c: messageWake ends its idleWait, messageTick makes it tick,
	// messageStop stops it for good, whatever it does. It is dropped while c is away. All
	// stores before it are visible to c when the message arrives.
	message func(c *cpu, kind uint32)
	// armTimer asks for one tick of this CPU at time at, ns; now is the time. A time in the
	// past ticks at once. It replaces what was asked for before.
	armTimer func(at, now int64)
	// idleWait waits for an interrupt, which may be pending already; it ends with the
	// interrupt served and interrupts off. Interrupts are open only while it waits.
	idleWait func()
	// releaseInterrupts gives timer and interrupts back to the firmware, with none of ours
	// pending; reclaimInterrupts takes them again. Boot processor only.
	releaseInterrupts func()
	reclaimInterrupts func()
	// pause is what a loop that waits for another CPU does in each round.
	pause func()
	// stopCPU never returns.
	stopCPU func()

	// counter is this CPU's counter, corrected by cpu.skew: one clock for all CPUs, which
	// does not run backwards on any. It may be called with interrupts on. counterHz is its
	// rate, counterSource how that was found out.
	counter       func() uint64
	counterHz     func() uint64
	counterSource func() string
	// hardwareRandom returns 64 random bits if the processor has a generator.
	hardwareRandom func() (v uint64, ok bool)

	// direct is the address at which physical memory pa is always accessible, once it is
	// in the tables.
	direct func(pa uintptr) uintptr
	// published makes earlier stores to page tables visible to the table walks of all
	// CPUs, in order, before anything later. Absent entries are not remembered: making
	// one present needs no flush.
	published func()
	// flushTLB forgets all translations of this CPU, flushPage that of one address. Loads
	// and stores after it use the tables as they were when it was called, or newer; those
	// before it have been made.
	flushTLB  func()
	flushPage func(va uintptr)
	// mapFramebuffer maps [base, base+size) so that stores to it may be collected, where
	// the processor can. memLock held.
	mapFramebuffer func(base, size uintptr)
	// copyWords copies n bytes, a multiple of 8, zero clears them.
	copyWords func(dst, src, n uintptr)
	zero      func(p, n uintptr)

	// pushSignalFrame builds the frame of signal sig (rt_sigframe of Linux on this
	// architecture) below sp, with the registers in f, the vector state at fp (0: as it is
	// in the registers) and t's mask, and redirects f to the handler.
	pushSignalFrame func(f *trapFrame, fp, sp uintptr, t *thread, sig uintptr, code int32, addr uintptr)
	// readSignalFrame is its inverse for the rt_sigreturn f: registers to tf, with the
	// privileged parts forced, vector state and mask.
	readSignalFrame func(f *frame, tf *trapFrame) (fp uintptr, mask uint64)
	// interrupted fills tf with what the return from system call f would load.
	interrupted func(f *frame, tf *trapFrame)
	// resumeSignal leaves the kernel to tf with the vector state at fp, 0: as it is in the
	// registers. It never returns.
	resumeSignal func(tf *trapFrame, fp uintptr)

	// firmwareCall serves sysFirmware and sysBIOS between releaseInterrupts and
	// reclaimInterrupts; fn 0 is the BIOS call in the machine's own buffer.
	firmwareCall func(fn uintptr) uintptr
	// serveMachine serves system calls only this architecture has.
	serveMachine func(nr, a1, a2 uintptr) (result uintptr, ok bool)
	// hardwareEvents names what the hardware has reported since the last call, if anything.
	hardwareEvents func()
}

var _ = machine{
	currentCPU, kernelG, threadG,
	switchStack, useKernelStack, startThread, onBootStack,
	message, armTimer, idleWait, releaseInterrupts, reclaimInterrupts, pause, stopCPU,
	counter, counterHz, counterSource, hardwareRandom,
	direct, published, flushTLB, flushPage, mapFramebuffer, copyWords, zero,
	pushSignalFrame, readSignalFrame, interrupted, resumeSignal,
	firmwareCall, serveMachine, hardwareEvents,
}

// Kinds of message.
const (
	messageWake = iota
	messageTick
	messageStop
)

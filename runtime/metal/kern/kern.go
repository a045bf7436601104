//go:build linux && amd64

// Package kern is a kernel inside the process: it serves, in ring 0 and through
// the SYSCALL instruction, the part of the Linux ABI that the unmodified Go runtime
// for linux/amd64 uses. The same ELF file therefore runs as a Linux process (kern
// stays asleep) and on a bare machine (kern is all there is).
//
// References: Intel SDM (64 and IA-32 Architectures, September 2023), System V ABI
// AMD64 supplement 1.0, Linux man-pages 6 (system calls), ACPI 6.5, UEFI 2.10.
//
// Rules for code in this package that runs in kernel context (from an entry in
// entry_amd64.s): interrupts are off, the stack is 20 KiB, g is a fake. So: no
// allocation, no maps, no interfaces holding values, no defer, no panics on purpose,
// and no stores of pointer-typed values to memory (a store would run the write
// barrier of a garbage collection in progress): addresses are kept as uintptr.
// All memory the package uses in kernel context is static or identity-mapped.
//
// Not supported: demand loading of programs, files, processes, user mode.
package kern

import "github.com/llamaboot/llamaboot/runtime/metal/efi"

// Sizes.
const (
	maxCPU    = 256
	maxThread = 1024

	pageSize = 4 << 10
	hugePage = 2 << 20

	bootStackSize = 64 << 10
	bootStackTop  = bootStackSize - 16
	fwStackSize   = 256 << 10

	earlyStackSize = 16 << 10
	earlyStackTop  = earlyStackSize - 16

	// fpSize holds the XSAVE image of xsaveMask: x87, SSE, AVX, AVX-512 (2696 bytes
	// in standard format, SDM volume 1 section 13.4.3), and a Linux signal frame's.
	fpSize    = 4096
	xsaveMask = 0xe7
)

// Interrupt vectors of our own; above every device vector in priority.
const (
	vecWake     = 0xf0
	vecTimer    = 0xf1
	vecSpurious = 0xff
)

// Arguments of codeAddr.
const (
	addrChild = iota
	addrIdle
	addrTimer
	addrWake
	addrSpurious
	addrNMI
	addrAP
)

// cpu is the state of one processor; GS points at it. Assembly uses the field
// names through go_asm.h; self must stay first.
type cpu struct {
	self    uintptr
	usp     uintptr // stack of the thread in a system call, only while switching stacks
	kstack  uintptr // top of the current thread's kernel stack
	cur     uintptr // *thread
	idle    uintptr // *thread that runs when nothing else can
	s0, s1  uintptr // scratch of the clock fast path
	tr      uintptr // task register selector
	window  uint32  // the kernel has opened interrupts itself: nothing to preempt
	id      int32
	idling  int32 // nothing to run; guarded by the scheduler lock
	away    int32 // in a firmware call: must not be sent messages
	apic    uint32
	alive   uint32
	core    int32 // first CPU of the same core
	busy    int32 // with core == id: CPUs of the core that run threads
	own     int32 // 1 + first of the ready threads that may run here only
	ownTail int32 // 1 + last
	kick    int32 // 1 + CPU to be woken when the scheduler lock is free
	tss     [104]byte
	skew    uint64 // what this CPU's time stamp counter lacks to the boot processor's
	ticked  int64  // time of the last tick or dispatch, ns
	seen    uint64 // unmapGen at the last flush of this CPU's translations
}

// thread is one Linux thread (an M of the Go runtime).
type thread struct {
	ksp      uintptr // saved kernel stack pointer while not running
	fs       uintptr // FS base (thread-local storage)
	kstop    uintptr // top of the kernel stack
	futex    uintptr // address waited for; guarded by its bucket
	deadline int64   // ns
	timer    int32   // 1 + place in the timer heap, 0: no deadline
	next     int32   // 1 + next thread in the bucket or the list of free ones
	state    int32
	tid      int32
	woken    int32
	cpu      int32 // the only CPU it may run on, -1: any
	on       int32 // CPU it runs on
	link     int32 // 1 + next thread in cpu.own
	stacked  int32 // its kernel stack is mapped
	sigStack uintptr
	sigSize  uintptr
	pending  uint64 // signals; set by any CPU under the scheduler lock
	sigMask  uint64 // owner only
}

// Thread states.
const (
	threadFree = iota
	threadStarting
	threadRunning
	threadReady
	threadWaiting
)

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

var (
	bootStack [bootStackSize]byte
	// earlyStack serves exceptions before the CPUs have stacks of their own.
	earlyStack [earlyStackSize]byte
	fwStack    [fwStackSize]byte
	fwSP       uintptr // identity-mapped top of fwStack
	userSP     uintptr

	cpus    [maxCPU]cpu
	ncpu    int32 = 1
	threads [maxThread]thread
	idles   [maxCPU]thread

	useXSAVE uint32
	x2apic   uint32
	apicBase uintptr = 0xfee00000
)

// Assembly routines (entry_amd64.s, firmware_amd64.s, instr_amd64.s).

func currentCPU() *cpu
func codeAddr(which uintptr) uintptr
func trapStub(v uintptr) uintptr

//go:noescape
func switchStack(from, to *uintptr)

//go:noescape
func resumeFrame(f *trapFrame)

//go:noescape
func resumeSignal(f *trapFrame, fp uintptr)

//go:noescape
func efiCall(fn uintptr, args *efi.Args) uintptr

func biosCall(thunk, block, cr3 uintptr)
func storeFP(p uintptr)
func copyWords(dst, src, n uintptr)
func zero(p, n uintptr)
func readCR3() uintptr
func writeCR3(v uintptr)
func readCR4() uintptr
func kernelG() uintptr // the g of code in kernel context
func invlpg(a uintptr)
func rdtsc() uint64
func ticks() uint64
func fence()
func pause()
func halt()
func stopCPU()
func out8(port, v uint32)
func out16(port, v uint32)
func out32(port, v uint32)
func in8(port uint32) uint32
func in16(port uint32) uint32
func in32(port uint32) uint32
func rdrand() (v, ok uint64)
func cpuid(leaf, sub uint32) (a, b, c, d uint32)
func rdmsr(msr uint32) uint64
func wrmsr(msr uint32, v uint64)

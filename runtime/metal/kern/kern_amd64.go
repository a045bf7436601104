package kern

import "github.com/llamaboot/llamaboot/runtime/metal/efi"

// Sizes.
const (
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

// machineCPU is the processor's part of cpu; GS points at it. Assembly uses the field
// names through go_asm.h; self must stay first.
type machineCPU struct {
	self   uintptr
	usp    uintptr // stack of the thread in a system call, only while switching stacks
	kstack uintptr // top of the current thread's kernel stack
	s0, s1 uintptr // scratch of the clock fast path
	tr     uintptr // task register selector
	window uint32  // the kernel has opened interrupts itself: nothing to preempt
	alive  uint32  // progress of its start (smp_amd64.go)
	tss    [104]byte
}

// machineThread is the processor's part of thread.
type machineThread struct {
	fs uintptr // FS base (thread-local storage)
}

var (
	bootStack [bootStackSize]byte
	// earlyStack serves exceptions before the CPUs have stacks of their own.
	earlyStack [earlyStackSize]byte
	fwStack    [fwStackSize]byte
	fwSP       uintptr // directly mapped top of fwStack

	useXSAVE uint32
	x2apic   uint32
	apicBase uintptr = 0xfee00000
)

// Assembly routines (entry_amd64.s, firmware_amd64.s, instr_amd64.s).

func codeAddr(which uintptr) uintptr
func trapStub(v uintptr) uintptr

func storeFP(p uintptr)

//go:noescape
func efiCall(fn uintptr, args *efi.Args) uintptr

func biosCall(thunk, block, cr3 uintptr)
func readCR3() uintptr
func writeCR3(v uintptr)
func readCR4() uintptr
func invlpg(a uintptr)
func rdtsc() uint64
func ticks() uint64
func fence()
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

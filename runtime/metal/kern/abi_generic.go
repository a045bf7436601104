//go:build !amd64

package kern

import "unsafe"

// The records and numbers of Linux on arm64, which has those of all newer architectures
// (include/uapi/asm-generic/unistd.h, arch/arm64/include/uapi/asm/sigcontext.h). Until
// that machine is there, the tests of hosts that are not amd64 use them.

const (
	sysRead             = 63
	sysWrite            = 64
	sysClose            = 57
	sysMmap             = 222
	sysMprotect         = 226
	sysMunmap           = 215
	sysSigaction        = 134
	sysSigprocmask      = 135
	sysSigreturn        = 139
	sysSchedYield       = 124
	sysMadvise          = 233
	sysNanosleep        = 101
	sysGetpid           = 172
	sysClone            = 220
	sysExit             = 93
	sysKill             = 129
	sysFcntl            = 25
	sysSigaltstack      = 132
	sysPrctl            = 167
	sysGettid           = 178
	sysTkill            = 130
	sysFutex            = 98
	sysSchedSetaffinity = 122
	sysSchedGetaffinity = 123
	sysClockGettime     = 113
	sysExitGroup        = 94
	sysEpollCtl         = 21
	sysTgkill           = 131
	sysOpenat           = 56
	sysFstatat          = 79
	sysReadlinkat       = 78
	sysFaccessat        = 48
	sysEpollPwait       = 22
	sysEventfd2         = 19
	sysEpollCreate1     = 20
	sysPrlimit64        = 261
	sysGetcpu           = 168
	sysGetrandom        = 278
)

// epollData is the offset of epoll_event.data.
const epollData = 8

const (
	istCount = 1
	fpSize   = 16 + 32*16 // struct fpsimd_context: magic, size, FPSR, FPCR, v0 to v31
)

// machineCPU and machineThread are empty: the processor keeps what they would hold.
type (
	machineCPU    struct{}
	machineThread struct{}
)

// frame is what every entry of the kernel saves; the registers up to pstate in the order
// of struct sigcontext.
type frame struct {
	x          [31]uintptr
	sp, ip     uintptr
	pstate     uintptr
	esr, fault uintptr
}

type trapFrame = frame

const contextSize = 34 * 8 // x, sp, pc, pstate

func (f *frame) nr() uintptr { return f.x[8] }
func (f *frame) args() (a1, a2, a3, a4, a5, a6 uintptr) {
	return f.x[0], f.x[1], f.x[2], f.x[3], f.x[4], f.x[5]
}
func (f *frame) setResult(v uintptr) { f.x[0] = v }
func (f *frame) pc() uintptr         { return f.ip }
func (f *frame) caller() uintptr     { return f.x[29] }

// Descriptors of page tables with a granule of 4 KiB (Arm ARM D8.3); memory attributes
// 0: write-back, 2: device.
const (
	ptePresent = 1 << 0
	pteTable   = 3
	pteBlock   = 0x701 // access flag, inner shareable
	ptePage    = 0x703
	pteDevice  = 2 << 2
	pteAddr    = 0x0000fffffffff000
	noExec     = 3 << 53 // UXN, PXN
	ptePinned  = 1 << 55
	pteRetired = 1 << 56

	// Bits 12 to 20 of a block's descriptor are free.
	maxRetired = 512
	pteSlot    = 12
)

// isHuge reports whether e, of an upper table, maps memory itself, or did when retired.
func isHuge(e uintptr) bool { return e&3 == ptePresent || e&pteRetired != 0 }

// segmentRights are the bits for a page of an ELF segment with these flags.
func segmentRights(flags uint32) uintptr {
	const readOnly = 1 << 7
	r := uintptr(ptePage)
	if flags&elfWrite == 0 {
		r |= readOnly
	}
	if flags&elfExec == 0 {
		r |= noExec
	}
	return r
}

func interrupted(f *frame, tf *trapFrame) { *tf = *f }

// The signal frame: siginfo, then ucontext with sigcontext in it.
const (
	infoSize    = 128
	ucStackSP   = 16
	ucStackSize = 32
	ucSigMask   = 40
	ucFault     = 176
	ucRegs      = ucFault + 8
	ucReserved  = 464 // records, the first of them fpsimd_context
	fpMagic     = 0x46508001
	ucSize      = ucReserved + 4096
)

func pushSignalFrame(f *trapFrame, fp, sp uintptr, t *thread, sig uintptr, code int32, addr uintptr) {
	info := (sp - infoSize - ucSize) &^ 15
	uc := info + infoSize
	zero(info, infoSize+ucSize)
	putSigInfo(info, sig, code, addr)
	*word(uc + ucStackSP) = t.sigStack
	*word(uc + ucStackSize) = t.sigSize
	*word(uc + ucSigMask) = uintptr(t.sigMask)
	*word(uc + ucFault) = addr
	copyWords(uc+ucRegs, uintptr(unsafe.Pointer(f)), contextSize)
	r := uc + ucReserved
	if fp != 0 { // at a system call nothing of it is live in Go code
		copyWords(r, fp, fpSize)
	}
	put32(r, fpMagic)
	put32(r+4, fpSize)
	f.x[0], f.x[1], f.x[2] = sig, info, uc
	f.x[29], f.x[30] = 0, actions[sig].restorer
	f.sp, f.ip = info, actions[sig].handler
}

// readSignalFrame keeps only the condition flags of the processor state.
func readSignalFrame(f *frame, tf *trapFrame) (fp uintptr, mask uint64) {
	const flags = 0xf << 28
	uc := f.sp + infoSize
	copyWords(uintptr(unsafe.Pointer(tf)), uc+ucRegs, contextSize)
	tf.pstate &= flags
	r := uc + ucReserved
	if get32(r) != fpMagic {
		return 0, 0
	}
	return r, uint64(*word(uc + ucSigMask))
}

// stackSlack is how far below sp an interrupted thread may use its stack: Go keeps a
// frame pointer there.
const stackSlack = 16

func serveMachine(nr, a1, a2 uintptr) (result uintptr, ok bool) { return 0, false }

func hardwareEvents() {}

func putRegisters(f *trapFrame, fault uintptr) {
	for i, v := range f.x {
		puts("x")
		putNumber(uintptr(i))
		putReg(" ", v)
		puts("\n")
	}
	putReg("sp ", f.sp)
	putReg(" pc ", f.ip)
	putReg(" pstate ", f.pstate)
	putReg(" esr ", f.esr)
	putReg(" far ", fault)
	puts("\n")
}

// startThread has the child's frame on its kernel stack; there is no code to return to.
func startThread(t *thread, f *frame, flags, stack uintptr) {
	t.ksp = t.kstop - unsafe.Sizeof(frame{})
	fr := (*frame)(unsafe.Pointer(t.ksp))
	*fr = *f
	fr.x[0], fr.sp = 0, stack
}

func bios(args uintptr) uintptr { return errNoSys }

// mapFramebuffer maps it as normal memory without a cache (attributes 1): the CPU may
// collect stores.
func mapFramebuffer(base, size uintptr) {
	const nonCacheable = 1 << 2
	mapRange(base, size, nonCacheable)
}

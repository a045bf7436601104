// Package kern is a kernel inside the process: it serves, in the processor's privileged
// mode, the part of the Linux ABI that the unmodified Go runtime for Linux uses. The same
// ELF file therefore runs as a Linux process (kern stays asleep) and on a bare machine
// (kern is all there is).
//
// The package has two layers. What a processor must provide is listed, with contracts, in
// machine.go and implemented in files named after the architecture (today amd64). All
// other files are free of it and are tested on every host, where machine_hosted.go stands
// in for a machine. The tag metal selects the real one.
//
// References: Intel SDM (64 and IA-32 Architectures, September 2023), System V ABI
// AMD64 supplement 1.0, Linux man-pages 6 (system calls), ACPI 6.5, UEFI 2.10.
//
// Rules for code in this package that runs in kernel context (from an entry in
// entry_amd64.s): interrupts are off, the stack is 20 KiB, g is a fake. So: no
// allocation, no maps, no interfaces holding values, no defer, no panics on purpose,
// and no stores of pointer-typed values to memory (a store would run the write
// barrier of a garbage collection in progress): addresses are kept as uintptr.
// All memory the package uses in kernel context is static or directly mapped.
// TestKernelContext (internal/rules) asks the compiler.
//
// Not supported: demand loading of programs, files, processes, user mode.
package kern

// Sizes.
const (
	maxCPU    = 256
	maxThread = 1024

	pageSize = 4 << 10
	hugePage = 2 << 20
)

// cpu is the state of one processor. The machine's part comes first: on amd64 assembly
// finds the record by its first word.
type cpu struct {
	machineCPU
	cur     uintptr // *thread
	idle    uintptr // *thread that runs when nothing else can
	id      int32
	idling  int32  // nothing to run; changed under the scheduler lock, see reclaim.go
	away    int32  // in a firmware call: must not be sent messages; see reclaim.go
	hwid    uint32 // the number messages are sent to (amd64: APIC ID)
	core    int32  // first CPU of the same core
	busy    int32  // with core == id: CPUs of the core that run threads
	own     int32  // 1 + first of the ready threads that may run here only
	ownTail int32  // 1 + last
	kick    int32  // 1 + CPU to be woken when the scheduler lock is free
	skew    uint64 // added to this CPU's counter to get the boot processor's
	ticked  int64  // time of the last tick or dispatch, ns
	seen    uint64 // unmapGen at the last flush of this CPU's translations
}

// thread is one Linux thread (an M of the Go runtime).
type thread struct {
	machineThread
	ksp      uintptr // saved kernel stack pointer while not running
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

var (
	cpus    [maxCPU]cpu
	ncpu    int32 = 1
	threads [maxThread]thread
	idles   [maxCPU]thread

	// failedCPUs counts processors that were asked to start and did not.
	failedCPUs int32
)

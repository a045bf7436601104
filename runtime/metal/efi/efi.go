// Package efi calls UEFI firmware: its tables as Go structs, its status codes as errors,
// and the boot and runtime services that a program needs which keeps boot services alive.
// The firmware itself is behind the interface Caller, so all of it runs under `go test`
// against a fake (package efitest).
//
// Reference: UEFI Specification 2.10, 64-bit tables (section 2.3.4 for x64, 2.3.6 for
// AArch64). Sections are given at each declaration.
//
// Not supported: ExitBootServices, events, files, variables, network.
package efi

import (
	"sync"
	"unsafe"

	"github.com/llamaboot/llamaboot/image/gpt"
)

// Handle is an EFI_HANDLE (section 2.3.1).
type Handle uintptr

// Func is the address of a function of the firmware.
type Func uintptr

// Ptr is the address of a T in the firmware's memory.
type Ptr[T any] uintptr

// At returns the T at p, which must not be 0. The firmware's memory is mapped at its own
// address; it lies outside Go's heap.
func (p Ptr[T]) At() *T { return *(**T)(unsafe.Pointer(&p)) }

// Boolean is a BOOLEAN (section 2.3.1): 0 is false, and anything else is taken for true.
type Boolean uint8

// MaxArgs is how many arguments a call has at most.
const MaxArgs = 8

// Args are the arguments of a call.
type Args [MaxArgs]uintptr

// Caller calls functions of the firmware, one at a time.
type Caller interface {
	// Call calls fn and returns its status. Memory the arguments point to is static or
	// mapped at its own address: neither a goroutine's stack nor Go's heap.
	Call(fn Func, args Args) Status
}

// Firmware is the firmware that started the program. It must be a package variable: the
// firmware writes results into it.
type Firmware struct {
	caller Caller
	table  Ptr[SystemTable]
	image  Handle

	lock    sync.Mutex // guards scratch
	scratch struct {
		protocol gpt.GUID
		a, b     uintptr
		location [4]uintptr // segment, bus, device, function
		path     [maxPath]byte
	}
	keyLock sync.Mutex // guards key: keys are polled while another goroutine reads a disk
	key     InputKey
}

// Init sets what the firmware passed to the program's entry point (section 4.1) and the
// way to call it. It allocates nothing and may run before Go's runtime does.
func (f *Firmware) Init(table Ptr[SystemTable], image Handle, c Caller) {
	f.table, f.image, f.caller = table, image, c
}

// SetCaller replaces the way to call the firmware.
func (f *Firmware) SetCaller(c Caller) { f.caller = c }

// Call calls a function of the firmware with at most MaxArgs arguments.
func (f *Firmware) Call(fn Func, args ...uintptr) Status {
	var a Args
	copy(a[:], args)
	return f.caller.Call(fn, a)
}

func (f *Firmware) boot() *BootServices { return f.table.At().BootServices.At() }

// address returns the address by which the firmware knows a variable of Firmware.
func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

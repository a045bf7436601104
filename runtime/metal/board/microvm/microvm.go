//go:build tamago && amd64

// Package microvm runs the program with TamaGo's compiler and runtime instead of package
// kern: on virtual machines that start an ELF kernel by its PVH entry and have a serial line
// and virtio disks. Tested on QEMU's microvm machine; Firecracker and Cloud Hypervisor differ
// in where devices are and how they are switched off, which is looked up here too, untested.
//
// TamaGo brings the processor, its local APIC, further processors, exceptions, paging, the
// runtime's hooks (runtime/goos) and memory for DMA. The rest are the drivers that package
// kern's boards have as well. What TamaGo's board packages do differently:
//
//   - pvclock.Init panics on processors without an invariant counter or KVM's clock, such as
//     QEMU's emulated ones.
//   - The counter's frequency is taken from CPUID leaf 15h even where there is no such leaf;
//     here it is measured, unless KVM tells it.
//   - Only SSE is switched on, and the arithmetic wants AVX.
//   - uart.Tx waits for the line without a limit.
//
// Memory: Go's heap from 256 MiB to 1.25 GiB, DMA above it, weights from there to the end of
// RAM below 3 GiB.
package microvm

import (
	"errors"
	"fmt"
	"runtime/goos"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/usbarmory/tamago/amd64"
	tamagodma "github.com/usbarmory/tamago/dma"
	"github.com/usbarmory/tamago/kvm/pvclock"

	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers"
	"github.com/llamaboot/llamaboot/runtime/metal/fwcfg"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
	"github.com/llamaboot/llamaboot/runtime/metal/port"
	"github.com/llamaboot/llamaboot/runtime/metal/uart"
	"github.com/llamaboot/llamaboot/runtime/metal/virtio"
	"github.com/llamaboot/llamaboot/runtime/metal/virtioblk"
)

// Memory map. Package amd64 has Go's memory begin at ramStart and maps the first 3 GiB of
// addresses as ordinary memory.
const (
	ramStart = 0x10000000
	ramBytes = 0x40000000
	dmaStart = ramStart + ramBytes
	dmaBytes = 0x04000000

	weightsStart = dmaStart + dmaBytes
	weightsEnd   = 0xc0000000
)

//go:linkname ramSize runtime/goos.RamSize
var ramSize uint64 = ramBytes

var (
	cpu    = &amd64.CPU{TimerMultiplier: 1} // Init sets the multiplier; until then it must not be 0
	serial uart.UART
	memory dma
)

//go:linkname nanotime runtime/goos.Nanotime
func nanotime() int64 { return cpu.GetTime() }

//go:linkname printk runtime/goos.Printk
func printk(c byte) { serial.Put(c) }

// initHardware runs when Go's runtime is about to start. Packages that look for AVX do so
// later.
//
//go:linkname initHardware runtime/goos.Hwinit1
func initHardware() {
	serial.Init(ports{}, uart.COM1)
	cpu.Init()
	if !cpu.Features().KVM { // else the frequency is what KVM says
		cpu.TimerMultiplier = 1e9 / measureTSC(ports{}, cpu.Counter)
	}
	enableAVX()
	goos.Exit = exit
}

func init() {
	cpu.EnableExceptions()
	// One processor only: TamaGo has as many threads as processors and panics when the
	// runtime wants another, as it does when goroutines tie themselves to threads (package
	// compute's do). It also starts the others without AVX.
	cpu.InitSMP(1)
	if err := tamagodma.Init(dmaStart, dmaBytes); err != nil {
		panic(err)
	}
	if f := cpu.Features(); f.KVM && !f.TSCInvariant && f.KVMClockMSR != 0 {
		pvclock.Init(cpu) // corrects the counter again and again; time starts at boot
	} else {
		setWallClock()
	}
	memory.weights = findRAM()
}

// exit ends the virtual machine: by what QEMU, Cloud Hypervisor and Firecracker watch, in
// this order, and at last by a triple fault.
func exit(status int32) {
	serial.Drain()
	v := uint8(guest.ExitSuccess)
	if status != 0 {
		v = guest.ExitFailure
	}
	ports{}.Out8(guest.ExitPort, v)
	const shutdownPort, shutdown = 0x600, 0x34 // Cloud Hypervisor's ACPI shutdown device
	ports{}.Out8(shutdownPort, shutdown)
	cpu.Reset()
	amd64.Fault()
}

// PowerOff ends the virtual machine after success.
func PowerOff() { exit(0) }

// ReadKeys reads what is typed at the serial line; it waits for the first byte.
type ReadKeys struct{}

// Read implements io.Reader.
func (ReadKeys) Read(b []byte) (int, error) {
	for len(b) > 0 {
		if n := len(serial.Receive(b[:0:len(b)])); n > 0 {
			return n, nil
		}
		time.Sleep(keyPause)
	}
	return 0, nil
}

const keyPause = 10 * time.Millisecond

// QEMUFile returns the contents of a file given to QEMU with -fw_cfg name=...; false on
// any other machine.
func QEMUFile(name string) (string, bool) { return fwcfg.File(ports{}, name) }

// virtioWindows are where virtual machines have virtio devices behind memory-mapped
// registers (section 4.2): QEMU's microvm and Firecracker.
var virtioWindows = []struct {
	base, step uint64
	count      int
}{
	{0xfeb00000, 0x200, 24},
	{0xc0001000, 0x1000, 8},
}

// BootDisk returns the llamafile on the first disk that holds one.
func BootDisk() (*disk.Reader, error) {
	var disks []*block.Disk
	var problems []error
	add := func(d *block.Disk, err error) {
		switch {
		case err == nil:
			disks = append(disks, d)
		case !errors.Is(err, virtio.ErrOtherType):
			problems = append(problems, err)
		}
	}
	for _, w := range virtioWindows {
		for i := range w.count {
			r := registers{pci.BAR{Addr: w.base + uint64(i)*w.step, Size: w.step}}
			add(virtioblk.OpenMMIO(fmt.Sprint("virtio", len(disks)), &memory, r))
		}
	}
	for _, f := range pci.Scan(port.PCI{IO: ports{}}) {
		if virtioblk.Match(f) {
			add(virtioblk.Open(fmt.Sprint("virtio", len(disks)), &memory, f, mapBAR))
		}
	}
	found, noTable, err := drivers.Pick(disks, func(*block.Disk, *disk.Table) bool { return true })
	if len(found) > 0 {
		return found[0].Reader(), nil
	}
	problems = append(append(problems, noTable...), err)
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("no llamafile on this machine's virtio disks: %w", err)
	}
	return nil, errors.New("this machine has no virtio disk: attach the llamafile as one, for QEMU with -device virtio-blk-device")
}

//go:build metal

package board

import (
	"time"
	"unsafe"

	"github.com/llamaboot/llamaboot/internal/address"
	"github.com/llamaboot/llamaboot/runtime/metal/acpi"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// EFI_RUNTIME_SERVICES.ResetSystem (UEFI 2.10 section 8.5.1).
const (
	stRuntimeServices = 88
	rsResetSystem     = 104
	resetCold         = 0
	resetShutdown     = 2
)

// PowerOff switches the machine off. It returns when the machine does not let itself
// be switched off.
func PowerOff() {
	stopDisks()
	if kern.UEFI() {
		resetSystem(resetShutdown)
	}
	p, err := acpi.FindPower(physicalMemory, uint64(kern.RootPointer()))
	if err != nil {
		return
	}
	if p.SMICommand != 0 && p.ACPIEnable != 0 && kern.In16(p.PM1a)&1 == 0 { // SCI_EN
		kern.Out8(p.SMICommand, p.ACPIEnable)
		for i := 0; i < 300 && kern.In16(p.PM1a)&1 == 0; i++ {
			time.Sleep(10 * time.Millisecond)
		}
	}
	kern.Out16(p.PM1a, p.S5a)
	if p.PM1b != 0 {
		kern.Out16(p.PM1b, p.S5b)
	}
	time.Sleep(time.Second)
}

// Reboot starts the machine again: firmware, ACPI reset register, keyboard
// controller, in this order. It returns when none of them works.
func Reboot() {
	stopDisks()
	if kern.UEFI() {
		resetSystem(resetCold)
	}
	p, err := acpi.FindPower(physicalMemory, uint64(kern.RootPointer()))
	if err == nil && p.ResetPort != 0 {
		kern.Out8(p.ResetPort, p.ResetValue)
		time.Sleep(100 * time.Millisecond)
	}
	const keyboardCommand, pulseReset = 0x64, 0xfe
	kern.Out8(keyboardCommand, pulseReset)
	time.Sleep(time.Second)
}

func resetSystem(kind uintptr) {
	rs := load64(kern.SystemTable() + stRuntimeServices)
	callEFI(load64(rs+rsResetSystem), kind, 0, 0, 0)
}

// physicalMemory reads tables of the firmware where they are.
func physicalMemory(addr uint64, n int) []byte {
	if addr < 4096 || addr > address.IdentityEnd-uint64(n) {
		return nil
	}
	kern.MapDevice(uintptr(addr), uintptr(n))
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(addr))), n)
}

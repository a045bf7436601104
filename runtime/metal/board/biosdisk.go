//go:build metal

package board

import (
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// newBIOSDisk opens a drive of the BIOS.
func newBIOSDisk(drive uint8, extensions bool) (block.Device, error) {
	addr, low := kern.LowBuffer()
	d, err := disk.NewBIOS(drive, extensions, low, uint16(addr>>4), int13)
	if err != nil {
		return nil, err
	}
	return block.Patient(d, d.Reset), nil
}

// int13 calls the BIOS's disk services.
func int13(r *disk.Regs) {
	k := kern.Registers{
		EAX: r.EAX, EBX: r.EBX, ECX: r.ECX, EDX: r.EDX, ESI: r.ESI, EDI: r.EDI, DS: r.DS, ES: r.ES, Int: 0x13,
	}
	kern.BIOS(&k)
	r.EAX, r.EBX, r.ECX, r.EDX, r.ESI, r.EDI, r.DS, r.ES = k.EAX, k.EBX, k.ECX, k.EDX, k.ESI, k.EDI, k.DS, k.ES
	r.Carry = k.Flags&kern.Carry != 0
}

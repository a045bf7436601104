//go:build metal

// Package board joins the kernel of package kern to the hardware: serial line, screen,
// keyboard, clock, boot disk, power. Machines started by a BIOS (package board/pc) and by
// UEFI (package board/uefi) stand behind the interface Board. What is here is only the
// wiring: the drivers reach the kernel through small interfaces of their own packages.
package board

import (
	"time"

	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/runtime/metal/acpi"
	"github.com/llamaboot/llamaboot/runtime/metal/board/pc"
	"github.com/llamaboot/llamaboot/runtime/metal/board/uefi"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
	"github.com/llamaboot/llamaboot/runtime/metal/fwcfg"
	"github.com/llamaboot/llamaboot/runtime/metal/input"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
	"github.com/llamaboot/llamaboot/runtime/metal/port"
	"github.com/llamaboot/llamaboot/runtime/metal/screen"
	"github.com/llamaboot/llamaboot/runtime/metal/uart"
)

// Board is a machine as its firmware hands it over.
type Board interface {
	// ShowEarly makes a screen that needs no mapped memory the console's. It runs before
	// Go's runtime and allocates nothing; so does ShowMapped.
	ShowEarly()
	// ShowMapped makes a screen that needs mapped memory the console's.
	ShowMapped()
	// SetConsole chooses the keyboard's layout (see ps2.New) and the picture (see
	// vbe.ParseRequest), where the firmware has not done both.
	SetConsole(layout, video string) error
	// ReadKeys appends what was typed to b, as far as there is room.
	ReadKeys(b []byte) []byte
	// BootDisk finds the disk that the machine was started from and returns the llamafile
	// it holds. warn is told what an owner should know although the disk is found.
	BootDisk(warn func(error)) (*disk.Reader, error)
	// PowerOff and Reboot leave the boot disk's device quiet. They return if the machine
	// cannot be switched off or started again.
	PowerOff()
	Reboot()
}

// All is static memory: it is used before Go's runtime starts and when it has died.
var (
	console  screen.Console
	serial   uart.UART
	firmware efi.Firmware
	memory   dma
	typed    input.Input

	pcBoard   pc.Board
	uefiBoard uefi.Board
	board     Board // one of the two
)

// initEarly chooses the board and gives it what it needs before Go's runtime.
func initEarly() {
	serial.Init(ports{}, uart.COM1)
	if kern.UEFI() {
		firmware.Init(efi.Ptr[efi.SystemTable](kern.SystemTable()), efi.Handle(kern.ImageHandle()), earlyFirmware{})
		uefiBoard.Firmware, uefiBoard.Console, uefiBoard.MapFramebuffer = &firmware, &console, mapEarlyFramebuffer
		board = &uefiBoard
	} else {
		pcBoard.BIOS, pcBoard.IO, pcBoard.Console, pcBoard.MapFramebuffer = bios{}, ports{}, &console, mapFramebuffer
		board = &pcBoard
	}
	board.ShowEarly()
}

// Init brings up what needs Go's runtime: output, wall clock, keyboard, disks.
func Init() {
	firmware.SetCaller(runningFirmware{})
	hardware := drivers.Hardware{Machine: &memory, Config: port.PCI{IO: ports{}}, MapBAR: mapBAR, Drivers: drivers.All()}
	power := acpi.Machine{Memory: physicalMemory, Root: uint64(kern.RootPointer()), IO: ports{}, Sleep: time.Sleep}
	pcBoard.Hardware, pcBoard.Power = hardware, power
	uefiBoard.Hardware, uefiBoard.Power = hardware, power

	serial.Start(time.Sleep)
	go serial.Serve()
	go showOutput()
	setWallClock()
	typed.Sources = []func([]byte) []byte{board.ReadKeys, serial.Receive}
	typed.Feed, typed.Sleep = kern.Feed, time.Sleep
	typed.Start()
}

// showOutput shows the program's text, forever.
func showOutput() {
	buf := make([]byte, 16<<10)
	for {
		text := buf[:kern.TakeOutput(buf)]
		console.Write(text)
		serial.Queue(text)
	}
}

// Current returns the machine that the program runs on.
func Current() Board { return board }

// SetStatus shows text in a line of its own at the bottom of the screen.
func SetStatus(text string) { console.SetStatus(text) }

// Columns is the width for typed lines: of the screen, but no more than the terminal has
// that may listen on the serial line.
func Columns() int {
	const serialColumns = 80
	if n := console.Columns(); n != 0 {
		return min(n, serialColumns)
	}
	return serialColumns
}

// WaitEnter waits for the Enter key, past whoever still reads standard input. It is the
// last thing a program does: nothing reaches standard input afterwards.
func WaitEnter() { typed.WaitEnter() }

// QEMUFile returns the contents of a file given to QEMU with -fw_cfg name=...; false on
// any other machine.
func QEMUFile(name string) (string, bool) { return fwcfg.File(ports{}, name) }

// ReportExit ends an emulator that has the debug exit device; elsewhere it returns.
func ReportExit(status int32) {
	kern.FlushOutput()
	exit(status)
}

// exit tells an emulator how the program ended; elsewhere nothing listens at the port.
// It may run in kernel context.
func exit(status int32) {
	v := uint8(guest.ExitSuccess)
	if status != 0 {
		v = guest.ExitFailure
	}
	serial.Drain()
	kern.Out8(guest.ExitPort, v)
}

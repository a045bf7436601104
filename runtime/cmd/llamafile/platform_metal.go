//go:build metal

package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/runtime/app"
	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/metal/board"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
	"github.com/llamaboot/llamaboot/runtime/metal/loader"
)

func platform() app.Platform {
	p := hosted()
	if kern.Active() {
		p = bare()
	}
	p.Build = func() string { return fmt.Sprintf("%08x", kern.BuildID()) }
	return p
}

// bare is the world of the bare machine: the llamafile is the boot disk, the console
// is raw, and there are no files.
func bare() app.Platform {
	board.Init()
	s := kern.ReadStats()
	debug.SetMemoryLimit(int64(s.RAM - s.Used - loader.Reserve/2))
	firmware := "BIOS"
	if kern.UEFI() {
		firmware = "UEFI"
	}
	fmt.Fprintf(os.Stderr, "llamaboot on %s: %d CPUs (%d cores), %d MiB RAM, %d MHz (%s)\n",
		firmware, s.CPUs, kern.PhysicalCores(), s.RAM>>20, s.TSCHz/1e6, s.TSCSource)
	if s.FailedCPUs > 0 {
		fmt.Fprintf(os.Stderr, "warning: %d CPUs did not start and are left out\n", s.FailedCPUs)
	}
	p := app.Platform{
		Name:  "llamafile",
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		RawConsole:   true,
		MarkText:     true,
		SetConsole:   func(o app.ConsoleOptions) error { return board.Current().SetConsole(o.Keyboard, o.Video) },
		Columns:      board.Columns,
		Status:       board.SetStatus,
		Temperature:  kern.Temperature,
		BootSettings: true,
		OpenSelf:     openDisk,
		Threads:      kern.PhysicalCores(),
		PowerOff:     func() { board.ReportExit(0); board.Current().PowerOff() },
		Reboot:       func() { board.ReportExit(0); board.Current().Reboot() },
	}
	if text, ok := board.QEMUFile(guest.ArgsFile); ok {
		p.BootArgs = &text
	}
	return p
}

// openDisk opens the boot disk as the llamafile it was written from.
func openDisk() (*bundle.File, error) {
	r, err := board.Current().BootDisk(func(err error) { fmt.Fprintf(os.Stderr, "warning: %v\n", err) })
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "boot disk: %v\n", r)
	l := loader.Loader{Disk: r, Free: freeMemory, Map: reserve, Progress: os.Stderr, Now: time.Now}
	return bundle.New("boot disk", r, r.Size(), l.Load)
}

func freeMemory() int64 {
	s := kern.ReadStats()
	return int64(s.RAM - s.Used)
}

// reserve returns memory outside Go's heap.
func reserve(n int) ([]byte, error) {
	return syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
}

// finish ends the program: an emulator with the debug exit device gets the status;
// on a PC the text stays readable until Enter switches it off.
func finish(status int) int {
	if !kern.Active() {
		return status
	}
	board.ReportExit(int32(status))
	fmt.Fprint(os.Stderr, "\nDone. Press Enter to switch the machine off. ")
	board.WaitEnter()
	fmt.Fprintln(os.Stderr)
	board.Current().PowerOff()
	return status
}

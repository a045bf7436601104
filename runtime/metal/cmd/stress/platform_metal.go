//go:build metal

package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/runtime/metal/board"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

func platform() (seconds int, finish func(int)) {
	if !kern.Active() {
		return hosted(), os.Exit
	}
	board.Init()
	s := kern.ReadStats()
	debug.SetMemoryLimit(int64(s.RAM-s.Used) / 2)
	fmt.Printf("stress: bare metal, %d CPUs, %d MiB\n", s.CPUs, s.RAM>>20)
	text, _ := board.QEMUFile(guest.ArgsFile)
	return parse(text), os.Exit
}

//go:build metal

package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/metal/board"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

func platform() world {
	if !kern.Active() {
		return hosted()
	}
	board.Init()
	s := kern.ReadStats()
	debug.SetMemoryLimit(int64(s.RAM-s.Used) / 2)
	fmt.Printf("stress: bare metal, %d CPUs (%d cores, %d left out), %d MiB, clock: %s\n",
		s.CPUs, kern.PhysicalCores(), s.FailedCPUs, s.RAM>>20, s.TSCSource)
	if s.SkewedCPUs > 0 {
		fmt.Printf("stress: the clocks of %d CPUs were corrected\n", s.SkewedCPUs)
	}
	text, _ := board.QEMUFile(guest.ArgsFile)
	crash(text)
	return world{seconds: parse(text), model: diskModel, modelWanted: 1, memory: memory}
}

// memory is how much RAM the kernel has handed out; what Go gives back must come back.
func memory() string {
	s := kern.ReadStats()
	text := fmt.Sprintf("RAM %d of %d MiB", s.Used>>20, s.RAM>>20)
	if s.LostTicks+s.NMIs > 0 {
		text += fmt.Sprintf(", %d lost ticks, %d NMIs", s.LostTicks, s.NMIs)
	}
	return text
}

// diskModel reads the members tools/stress has put on the boot disk.
func diskModel() (m modelFiles, err error) {
	r, err := board.Current().BootDisk(func(err error) { fmt.Printf("warning: %v\n", err) })
	if err != nil {
		return m, err
	}
	fmt.Printf("boot disk: %v\n", r)
	f, err := bundle.New("boot disk", r, r.Size(), func(name string, off, n int64, _ *uint32) ([]byte, func() error, error) {
		b := make([]byte, n)
		_, err := io.ReadFull(io.NewSectionReader(r, off, n), b)
		return b, func() error { return nil }, err
	})
	if err != nil {
		return m, err
	}
	text, err := f.Text("golden.json")
	if err != nil {
		return m, err
	}
	m.golden = []byte(text)
	m.gguf, _, err = f.Load("")
	return m, err
}

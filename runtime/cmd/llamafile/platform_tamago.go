//go:build tamago

package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/runtime/app"
	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/metal/board/microvm"
	"github.com/llamaboot/llamaboot/runtime/metal/loader"
)

// platform is the world of a virtual machine under TamaGo: the llamafile is a virtio disk,
// the console is a serial line, and there are no files.
func platform() app.Platform {
	fmt.Fprintf(os.Stderr, "llamaboot on TamaGo (%s): %d MiB RAM for weights\n", runtime.Version(), microvm.Free()>>20)
	p := app.Platform{
		Name:  "llamafile",
		Stdin: microvm.ReadKeys{}, Stdout: os.Stdout, Stderr: os.Stderr,
		RawConsole:   true,
		MarkText:     true,
		BootSettings: true,
		OpenSelf:     openDisk,
		Threads:      runtime.GOMAXPROCS(0),
		PowerOff:     microvm.PowerOff,
	}
	if text, ok := microvm.QEMUFile(guest.ArgsFile); ok {
		p.BootArgs = &text
	}
	return p
}

// openDisk opens the virtio disk that is a llamafile.
func openDisk() (*bundle.File, error) {
	r, err := microvm.BootDisk()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "boot disk: %v\n", r)
	l := loader.Loader{Disk: r, Free: microvm.Free, Map: microvm.Reserve, Progress: os.Stderr, Now: time.Now}
	return bundle.New("boot disk", r, r.Size(), l.Load)
}

// finish has nothing to add: the end of the program ends the virtual machine.
func finish(status int) int { return status }

// Package corebuild knows how stock Go builds a program that is a Linux process and
// the bare-metal core at the same time.
package corebuild

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/internal/address"
)

// KernelPackage is linked in through the entry point: the kernel under Go's runtime.
const KernelPackage = "github.com/llamaboot/llamaboot/runtime/metal/kern"

// tested are the Go versions the core boots with: the kernel serves exactly the system calls and memory layout of these
// runtimes. Adding one needs the boot tests to pass with it.
var tested = []string{"go1.26.8"}

// CheckVersion reports an error for a Go version, as `go env GOVERSION` prints it, that the core was not tested with.
func CheckVersion(version string) error {
	if slices.Contains(tested, version) {
		return nil
	}
	last := tested[len(tested)-1]
	return fmt.Errorf("this version of Go was not tested with the bare-metal core: got %s, want %s; build with GOTOOLCHAIN=%s, which Go downloads by itself",
		version, strings.Join(tested, " or "), last)
}

// Flags returns the flags of `go build` for linux/amd64.
func Flags() []string {
	return []string{
		"-trimpath", "-buildvcs=false", "-tags=metal",
		// -T takes the address of the first function; the linker puts the headers in front of it.
		fmt.Sprintf("-ldflags=-s -w -buildid= -E %s.entry -T %#x", KernelPackage, int64(address.CoreText)),
	}
}

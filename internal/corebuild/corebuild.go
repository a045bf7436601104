// Package corebuild knows how stock Go builds a program that is a Linux process and
// the bare-metal core at the same time.
package corebuild

// KernelPackage is linked in through the entry point: the kernel under Go's runtime.
const KernelPackage = "github.com/llamaboot/llamaboot/runtime/metal/kern"

// textAddress is where the code is linked: 1 TiB (stub.CoreBase) and one page for the ELF header. -T takes the address
// of the first function; the linker puts the headers in front of it.
const textAddress = "0x10000001000"

// Flags returns the flags of `go build` for linux/amd64. overlay is the file that
// tools/overlay writes.
func Flags(overlay string) []string {
	return []string{
		"-trimpath", "-buildvcs=false", "-tags=metal", "-overlay=" + overlay,
		"-ldflags=-s -w -buildid= -E " + KernelPackage + ".entry -T " + textAddress,
	}
}

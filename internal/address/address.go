// Package address names the fixed virtual addresses that the linker's flags, the boot
// stubs and the kernel agree on. It holds constants only: the kernel uses them before
// Go's runtime runs.
//
//	0             memory at its own address (identity map), as far as there is RAM
//	CoreBase      the core: its ELF file as it lies on the disk, byte for byte
//	4 TiB ...     Go's heap and mappings (package kern)
package address

// CoreBase is where the core is linked, 1 TiB: above any identity-mapped RAM of the
// machines we support, so that the core can lie anywhere in physical memory.
//
// It is amd64's. Linux on arm64 has address spaces of 39 bits, below 512 GiB, where it
// will be another number (128 GiB works). One that serves both would hide the physical
// memory at the same address here, where UEFI firmware, which we go on calling, lives at
// its own addresses: at 128 GiB, the end of RAM of PCs with 128 GiB, from which firmware
// allocates downwards, and the range in which others place devices.
const CoreBase = 1 << 40

// IdentityEnd is the end of the identity map; RAM and firmware tables beyond are not used.
const IdentityEnd = CoreBase

// CoreText is the address of the core's first function: one page for the ELF header lies
// before it.
const CoreText = CoreBase + 4096

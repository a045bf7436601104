// Package ape lays out and writes llamafiles: files that are, byte for byte, a
// POSIX shell script, an Actually Portable Executable, a PE32+ program, a BIOS
// boot disk, a GPT disk with an EFI System Partition, and a ZIP archive.
//
// Documents: Cosmopolitan's APE specification 0.1 (printf'ed ELF headers),
// Microsoft PE/COFF revision 11, System V ABI (ELF-64), UEFI 2.10 chapters 5
// (GPT) and 13.3 (FAT), PKWARE APPNOTE 6.3.10. The bytes in order:
//
//	0x00000  DOS magic and first shell line; stage 1; protective MBR
//	0x00200  GPT header for 512-byte sectors
//	0x00400  PE headers of the Windows program or of the EFI application
//	         ... then shifted ELF program headers and ELF headers
//	0x01000  GPT header for 4096-byte sectors
//	0x01200  shell script
//	0x02000  partition entry array for 512-byte sectors
//	0x06000  partition entry array for 4096-byte sectors
//	0x0a000  stage 2
//	1 MiB    ZIP member boot/esp.img: the EFI System Partition (FAT32), with the
//	         linux/amd64 program inside EFI/BOOT/BOOTX64.EFI: one copy for
//	         Linux, BIOS and UEFI
//	after    ZIP members on 64 KiB boundaries: the other programs (bin/...),
//	         models, texts, manifest
//	tail     member boot/gpt-backup.bin (both backup arrays), ZIP directory,
//	         ZIP comment: backup GPT headers in the last sector of either size
//
// The ESP and the programs are members like any other because Info-ZIP's zip keeps
// what precedes the first member and the order, headers and padding of members it
// does not touch, while 7-Zip finds an archive only if a member starts within the
// first 8 MiB.
//
// Disk images for one firmware only (format.Faces) leave parts out; what stays keeps its
// place.
//
// NewPlan lays a file out, Plan.Write writes it, Open reads one. The facts that the program
// in the file needs too are in package ape/format, changes of a file in ape/edit, checks
// and descriptions in ape/inspect, the disk structures in the packages below image.
//
// Not supported: programs with an ELF interpreter or dynamic section, PE images
// with a certificate table, more than one model tensor file per partition.
package ape

import "errors"

// extractBlock is the dd block of the shell script.
const extractBlock = 4096

// Errors for errors.Is.
var (
	ErrProgram = errors.New("unusable program")
	ErrTooBig  = errors.New("does not fit its place")
	// ErrDamaged reports bytes that are not what they must be.
	ErrDamaged = errors.New("damaged")
	// ErrCut reports a llamafile that has lost its end.
	ErrCut = errors.New("file ends too early")
	// ErrModel reports a GGUF model in place of a llamafile.
	ErrModel = errors.New("a GGUF model, not a llamafile")
)

func alignUp(n, to int64) int64 { return (n + to - 1) / to * to }

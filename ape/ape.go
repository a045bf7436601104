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
//	0x01400  shell script
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
// Disk images for one firmware only (Faces) leave parts out; what stays keeps its
// place.
//
// Not supported: programs with an ELF interpreter or dynamic section, PE images
// with a certificate table, more than one model tensor file per partition.
package ape

import "errors"

// The fixed places of the first 64 KiB.
const (
	offPEPointer  = 0x3c // DOS e_lfanew
	offSignature  = 0x1b8
	offMBRTable   = 0x1be
	offGPT512     = 0x200
	offPE         = 0x400
	offGPT4096    = 0x1000
	offScript     = 0x1400
	offArray512   = 0x2000
	offArray4096  = 0x6000
	offStage2     = 0xa000
	headSize      = 0x10000
	offESP        = 1 << 20 // where partitioning tools expect the first partition
	scriptSize    = offArray512 - offScript
	headersEnd    = offGPT4096 // PE and ELF headers must end here
	stage2Size    = headSize - offStage2
	diskPage      = 4096 // the larger of the two sector sizes
	extractBlock  = 4096 // dd block of the shell script
	bootSignature = 0xaa55
)

const (
	espLabel  = "LLAMABOOT"
	espSerial = 0x4c4c4254 // "LLBT"; nothing tells volumes apart by it
)

// Errors for errors.Is.
var (
	ErrProgram = errors.New("ape: unusable program")
	ErrTooBig  = errors.New("ape: does not fit its place")
)

func alignUp(n, to int64) int64 { return (n + to - 1) / to * to }

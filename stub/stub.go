// Package stub holds what runs before the core: the 16-bit BIOS stages and the
// EFI entry. Sources are NASM assembly; the assembled bytes are committed so that
// building needs no assembler ("make generate" makes them again).
//
//	stage1.asm   boot sector: finds the disk, loads stage 2
//	stage2.asm   E820, loads the core, long mode, BIOS calls for the core
//	efi.asm      entry of BOOTX64.EFI: maps the core, jumps to it
package stub

import (
	"bytes"
	"debug/elf"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/internal/address"
)

//go:embed stage2.bin
var stage2 []byte

// ErrCore reports a core the loaders cannot place.
var ErrCore = errors.New("unsuitable core")

// Patch fields of stage 2 (stage2.asm, header).
const (
	stage2Magic     = "LBS2"
	offStage2Magic  = 0x04
	offStage2LBA    = 0x08
	offStage2File   = 0x10
	offStage2Mem    = 0x14
	offStage2Entry  = 0x18
	offStage2GUID   = 0x20
	stage2MaxSize   = 0x6000
	maxCoreMem      = 1 << 30 // one page directory of 2 MiB pages
	corePage        = 4096
	bootSectorBytes = 512
)

// Stage2Params is what stage 2 must know about the disk it is written to.
type Stage2Params struct {
	CoreLBA  uint64   // 512-byte sector of the core's first byte
	DiskGUID [16]byte // GPT disk GUID, bytes as on disk
}

// Stage2 returns a copy of stage 2, unpatched. It is loaded at 0000:8000.
func Stage2() []byte { return bytes.Clone(stage2) }

// PatchStage2 writes p and the size and entry point of core (an ELF file, see
// Segments) into code, a copy of stage 2.
func PatchStage2(code, core []byte, p Stage2Params) error {
	if len(code) < offStage2GUID+16 || string(code[offStage2Magic:offStage2Magic+4]) != stage2Magic {
		return fmt.Errorf("stage 2 has no %q at offset %#x", stage2Magic, offStage2Magic)
	}
	im, err := coreImage(core)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	le.PutUint64(code[offStage2LBA:], p.CoreLBA)
	le.PutUint32(code[offStage2File:], uint32(im.fileSize))
	le.PutUint32(code[offStage2Mem:], uint32(im.memSize))
	le.PutUint64(code[offStage2Entry:], im.entry)
	copy(code[offStage2GUID:], p.DiskGUID[:])
	return nil
}

// image describes a core: file bytes [0, fileSize) are memory bytes
// [address.CoreBase, address.CoreBase+fileSize), the rest up to memSize is zero.
type image struct {
	fileSize, memSize uint64
	entry             uint64
}

// coreImage checks that core is an x86-64 ELF whose file is its memory image,
// which is what lets a loader place it with one copy.
func coreImage(core []byte) (image, error) {
	var im image
	f, err := elf.NewFile(bytes.NewReader(core))
	if err != nil {
		return im, fmt.Errorf("%w: %v", ErrCore, err)
	}
	if f.Machine != elf.EM_X86_64 || f.Type != elf.ET_EXEC {
		return im, fmt.Errorf("%w: %v %v, want EM_X86_64 ET_EXEC", ErrCore, f.Machine, f.Type)
	}
	for i, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		if p.Vaddr < address.CoreBase || p.Off != p.Vaddr-address.CoreBase {
			return im, fmt.Errorf("%w: segment %d: file offset %#x, address %#x, want offset = address - %#x",
				ErrCore, i, p.Off, p.Vaddr, uint64(address.CoreBase))
		}
		if p.Memsz < p.Filesz || p.Memsz > maxCoreMem || p.Off > maxCoreMem {
			return im, fmt.Errorf("%w: segment %d: %d bytes in the file, %d in memory (at most %d)",
				ErrCore, i, p.Filesz, p.Memsz, maxCoreMem)
		}
		if p.Memsz > p.Filesz && p.Off+p.Filesz < im.fileSize {
			return im, fmt.Errorf("%w: segment %d: zero-filled part before file data", ErrCore, i)
		}
		im.fileSize = max(im.fileSize, p.Off+p.Filesz)
		im.memSize = max(im.memSize, p.Off+p.Memsz)
	}
	im.memSize = roundUp(im.memSize, corePage)
	im.entry = f.Entry
	if im.fileSize == 0 || im.memSize > maxCoreMem || im.fileSize > uint64(len(core)) {
		return im, fmt.Errorf("%w: %d bytes in the file, %d in memory (at most %d)", ErrCore, im.fileSize, im.memSize, maxCoreMem)
	}
	if im.entry < address.CoreBase || im.entry >= address.CoreBase+im.fileSize {
		return im, fmt.Errorf("%w: entry point %#x outside the image", ErrCore, im.entry)
	}
	return im, nil
}

func roundUp(n, align uint64) uint64 { return (n + align - 1) / align * align }

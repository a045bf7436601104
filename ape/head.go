package ape

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/image/mbr"
	"github.com/llamaboot/llamaboot/stub"
)

// FirstLine is what a shell reads first and what DOS, BIOS and APE loaders know
// the file by. It must be exactly as long as the space before e_lfanew:
//
//	MZqFpD='   APE magic: a variable assignment to a shell (see stage1.asm for
//	\n';       the CPU's reading); the newline before any NUL makes shells that
//	           probe for binaries take it for text
//	eval ...   runs the script at format.OffScript, which dd reads by its default
//	           blocks of 512 bytes. 2>&- because 2>/dev/null is too long; a
//	           here-document instead fails in ksh93 and yash, which drop NULs
//	no-dd      is reached when nothing was read, and missing everywhere: the shell
//	           complains, and exit repeats its status, 127. exit alone would be
//	           a silent 0, as dd's absence (2>&-) and eval "" are
const FirstLine = FirstWords + "\"$(dd<\"$0\" skip=9 count=7 2>&-)\";no-dd;exit\n"

// FirstWords start the first line of files of every version.
const FirstWords = "MZqFpD='\n';eval "

// EarlierFirstLine is that of files with the script at 0x1400, some of which have the
// version number of this one.
const EarlierFirstLine = FirstWords + "\"$(dd<\"$0\" bs=1k skip=5 count=3 2>&-)\";exit\n"

// head returns the first headSize bytes, without the partition tables.
func (p *Plan) head(guid gpt.GUID) ([]byte, error) {
	head := make([]byte, format.HeadSize)
	if p.in.Faces.BIOS {
		if err := p.addStages(head, guid); err != nil {
			return nil, err
		}
	}
	mbr.PutSignatures(head, [4]byte(guid[12:])) // any four bytes that differ between disks
	mbr.PutProtective(head, p.Size())
	if p.in.Faces.BIOS {
		mbr.PutActive(head)
	}
	if !p.in.Faces.Hosted {
		return head, nil
	}
	copy(head, FirstLine)
	end, err := p.addPE(head)
	if err != nil {
		return nil, err
	}
	return head, p.addScript(head, end)
}

// addStages writes stage 1 and stage 2.
func (p *Plan) addStages(head []byte, guid gpt.GUID) error {
	stage2 := stub.Stage2()
	if len(stage2) > format.Stage2Size {
		return fmt.Errorf("%w: stage 2 of %d bytes, want at most %d", ErrTooBig, len(stage2), format.Stage2Size)
	}
	core := p.find(format.CoreTarget)
	err := stub.PatchStage2(stage2, core.program.Data, stub.Stage2Params{CoreLBA: uint64(core.offset / format.Sector), DiskGUID: guid})
	if err != nil {
		return err
	}
	copy(head[format.OffStage2:], stage2)
	stage1 := stub.Stage1()
	err = stub.PatchStage1(stage1, stub.Stage1Params{Stage2LBA: format.OffStage2 / format.Sector, Stage2Bytes: len(stage2), DiskGUID: guid})
	if err != nil {
		return err
	}
	copy(head, stage1)
	copy(head, []byte{0xeb, stub.Stage1Start - 2, 0x90}) // jmp start; nop; FirstLine jumps there too
	return nil
}

// addPE writes the PE headers and returns the offset of their end.
func (p *Plan) addPE(head []byte) (int64, error) {
	image, at := p.efi, p.efiAt
	if p.in.PE == format.Windows {
		w := p.find("windows/amd64")
		image, at = w.program.Data, w.offset
	}
	headers, err := shiftPE(image, at)
	if err != nil {
		return 0, err
	}
	binary.LittleEndian.PutUint32(head[format.OffPEPointer:], format.OffPE)
	copy(head[format.OffPE:], headers)
	return format.OffPE + int64(len(headers)), nil
}

// addScript writes the ELF headers, from offset at on, and the shell script.
func (p *Plan) addScript(head []byte, at int64) error {
	faces, at, err := p.elfFaces(head, at)
	if err != nil {
		return err
	}
	copies := alignUp(at, ELFHeaderSize)
	if copies+int64(len(faces))*ELFHeaderSize > format.HeadersEnd {
		return fmt.Errorf("%w: ELF headers end behind %#x", ErrTooBig, format.HeadersEnd)
	}
	for i, f := range faces {
		copy(head[copies+int64(i)*ELFHeaderSize:], f.header)
	}
	var targets []target
	for _, pl := range p.places {
		targets = append(targets, target{pl.program.OS, pl.program.Arch, pl.offset, int64(len(pl.program.Data)), hex.EncodeToString(pl.hash[:])[:hashDigits], cksum(pl.program.Data)})
	}
	script, err := newScript(targets, faces, copies)
	if err != nil {
		return err
	}
	copy(head[format.OffScript:], script)
	return nil
}

// elfFaces writes the shifted program headers of the Linux programs, from offset at
// on, and returns the faces and the offset of their end.
func (p *Plan) elfFaces(head []byte, at int64) ([]elfFace, int64, error) {
	var faces []elfFace
	for _, target := range []string{format.CoreTarget, "linux/arm64"} {
		pl := p.find(target)
		if pl == nil {
			continue
		}
		at = alignUp(at, 16)
		face, err := newELFFace(pl.program.Data, pl.offset, at)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", target, err)
		}
		if at+int64(len(face.programs)) > format.HeadersEnd {
			return nil, 0, fmt.Errorf("%w: ELF program headers for %s end behind %#x", ErrTooBig, target, format.HeadersEnd)
		}
		copy(head[at:], face.programs)
		faces, at = append(faces, face), at+int64(len(face.programs))
	}
	return faces, at, nil
}

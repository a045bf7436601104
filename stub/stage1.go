package stub

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"fmt"
)

//go:embed stage1.bin
var stage1 []byte

// Stage1Size is the size of stage 1: one sector.
const Stage1Size = 512

// Stage1Start is the offset of stage 1's first instruction. What precedes it
// belongs to the DOS and shell headers; see stage1.asm for how a CPU gets past.
const Stage1Start = 0x4a

// Stage1End is the offset behind stage 1's last byte: the disk signature and the
// partition table of the MBR follow.
const Stage1End = 0x1b8

// Patch fields of stage 1 (stage1.asm).
const (
	offStage1LBA     = 0x1a0
	offStage1Sectors = 0x1a4
	offStage1GUID    = 0x1a8
)

// maxStage1LBA is where stage 2 must lie to be reachable by the smallest CHS
// geometry without a cylinder above 255 (one head of 17 sectors would do).
const maxStage1LBA = 255

// Stage1Params is what stage 1 must know about the disk it is written to.
type Stage1Params struct {
	Stage2LBA   uint64   // 512-byte sector of stage 2's first byte
	Stage2Bytes int      // length of stage 2
	DiskGUID    [16]byte // GPT disk GUID, bytes as on disk
}

// Stage2Place returns what PatchStage1 wrote: the sector stage 1 loads stage 2 from.
func Stage2Place(sector []byte) uint64 {
	return uint64(binary.LittleEndian.Uint32(sector[offStage1LBA:]))
}

// Stage1GUID returns the disk GUID that PatchStage1 wrote.
func Stage1GUID(sector []byte) [16]byte { return [16]byte(sector[offStage1GUID:][:16]) }

// Stage1 returns a copy of stage 1, unpatched.
func Stage1() []byte { return bytes.Clone(stage1) }

// PatchStage1 writes p into sector, a copy of stage 1.
func PatchStage1(sector []byte, p Stage1Params) error {
	if len(sector) != Stage1Size {
		return fmt.Errorf("stage 1 of %d bytes, want %d", len(sector), Stage1Size)
	}
	if p.Stage2LBA < 2 || p.Stage2LBA > maxStage1LBA {
		return fmt.Errorf("stage 2 at sector %d, want 2 to %d", p.Stage2LBA, maxStage1LBA)
	}
	if p.Stage2Bytes <= 0 || p.Stage2Bytes > stage2MaxSize {
		return fmt.Errorf("stage 2 of %d bytes, want 1 to %d", p.Stage2Bytes, stage2MaxSize)
	}
	le := binary.LittleEndian
	le.PutUint32(sector[offStage1LBA:], uint32(p.Stage2LBA))
	le.PutUint16(sector[offStage1Sectors:], uint16((p.Stage2Bytes+bootSectorBytes-1)/bootSectorBytes))
	copy(sector[offStage1GUID:], p.DiskGUID[:])
	return nil
}

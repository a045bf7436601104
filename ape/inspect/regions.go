package inspect

import (
	"fmt"
	"sort"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/image/mbr"
)

// A Region is a stretch of the file with one purpose.
type Region struct {
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	Name   string `json:"name"`
}

// headRegions are the parts of the first 64 KiB.
var headRegions = []Region{
	{0, mbr.OffSignature, "boot sector: shell line, PE pointer, stage 1"},
	{mbr.OffSignature, 512 - mbr.OffSignature, "boot sector: disk signature, protective partition"},
	{format.OffGPT512, gpt.HeaderSize, "partition table header, 512-byte sectors"},
	{format.OffPE, format.HeadersEnd - format.OffPE, "PE headers, ELF headers"},
	{format.OffGPT4096, gpt.HeaderSize, "partition table header, 4096-byte sectors"},
	{format.OffScript, format.ScriptSize, "shell script"},
	{format.OffArray512, gpt.ArraySize, "partition entries, 512-byte sectors"},
	{format.OffArray4096, gpt.ArraySize, "partition entries, 4096-byte sectors"},
	{format.OffStage2, format.Stage2Size, "stage 2"},
}

// Regions returns the map of the file in the order of offsets. What lies between
// regions is unused.
func Regions(f *ape.File) []Region {
	out := append([]Region(nil), headRegions...)
	for i := range f.ZIP.Members {
		m := &f.ZIP.Members[i]
		out = append(out,
			Region{m.Header, m.Offset - m.Header, "local header of " + m.Name},
			Region{m.Offset, m.Packed, m.Name})
	}
	for _, p := range f.Manifest.Programs {
		if p.Target == format.CoreTarget {
			out = append(out, Region{p.Offset, p.Size, fmt.Sprintf("  program %s, inside", p.Target)})
		}
	}
	out = append(out,
		Region{f.ZIP.Directory, f.ZIP.Comment - f.ZIP.Directory, "ZIP directory"},
		Region{f.ZIP.Comment, f.Size() - f.ZIP.Comment, "ZIP comment: backup partition table headers"})
	sort.SliceStable(out, func(i, j int) bool { return out[i].Offset < out[j].Offset })
	return out
}

// regionAt names the smallest region that offset at lies in.
func (f inspected) regionAt(at int64) string {
	name, size := "unused", f.Size()+1
	for _, r := range Regions(f.File) {
		if r.Offset <= at && at < r.Offset+r.Size && r.Size < size {
			name, size = r.Name, r.Size
		}
	}
	return name
}

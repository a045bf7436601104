package ape

import (
	"fmt"
	"sort"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
)

// A Region is a stretch of the file with one purpose.
type Region struct {
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	Name   string `json:"name"`
}

// headRegions are the parts of the first 64 KiB.
var headRegions = []Region{
	{0, offSignature, "boot sector: shell line, PE pointer, stage 1"},
	{offSignature, 512 - offSignature, "boot sector: disk signature, protective partition"},
	{offGPT512, gpt.HeaderSize, "partition table header, 512-byte sectors"},
	{offPE, headersEnd - offPE, "PE headers, ELF headers"},
	{offGPT4096, gpt.HeaderSize, "partition table header, 4096-byte sectors"},
	{offScript, scriptSize, "shell script"},
	{offArray512, gpt.ArraySize, "partition entries, 512-byte sectors"},
	{offArray4096, gpt.ArraySize, "partition entries, 4096-byte sectors"},
	{offStage2, stage2Size, "stage 2"},
}

// Regions returns the map of the file in the order of offsets. What lies between
// regions is unused.
func (f *File) Regions() []Region {
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
		Region{f.ZIP.Comment, f.size - f.ZIP.Comment, "ZIP comment: backup partition table headers"})
	sort.SliceStable(out, func(i, j int) bool { return out[i].Offset < out[j].Offset })
	return out
}

// regionAt names the smallest region that offset at lies in.
func (f *File) regionAt(at int64) string {
	name, size := "unused", f.size+1
	for _, r := range f.Regions() {
		if r.Offset <= at && at < r.Offset+r.Size && r.Size < size {
			name, size = r.Name, r.Size
		}
	}
	return name
}

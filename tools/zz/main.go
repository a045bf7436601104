package main

import (
	"os"

	"github.com/llamaboot/llamaboot/stub"
)

func main() {
	core, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	pe, off, err := stub.EFIImage(core)
	if err != nil {
		panic(err)
	}
	os.WriteFile("/tmp/mt/BOOTX64.EFI", pe, 0o644)
	mbr, _ := os.ReadFile("/tmp/mt/mbr.bin")
	s2 := stub.Stage2()
	if err := stub.PatchStage2(s2, core, stub.Stage2Params{CoreLBA: uint64(1<<20+off) / 512}); err != nil {
		panic(err)
	}
	img := make([]byte, 1<<20+len(pe)+1<<20)
	copy(img, mbr)
	copy(img[8*512:], s2)
	copy(img[1<<20:], pe)
	os.WriteFile("/tmp/mt/bios.img", img, 0o644)
}

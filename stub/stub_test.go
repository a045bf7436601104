package stub

import (
	"bytes"
	"debug/elf"
	"debug/pe"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/internal/address"
)

// testCore builds a minimal core: one segment with code, one with data and .bss.
func testCore(change func(*elf.Header64, []elf.Prog64)) []byte {
	const textSize, dataOff, dataSize, bss = 0x1800, 0x2000, 0x300, 0x400000
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1,
		Entry: address.CoreBase + 0x1100, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 2, Shentsize: 64}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	p := []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Flags: 5, Off: 0, Vaddr: address.CoreBase, Filesz: textSize, Memsz: textSize, Align: 4096},
		{Type: uint32(elf.PT_LOAD), Flags: 6, Off: dataOff, Vaddr: address.CoreBase + dataOff, Filesz: dataSize, Memsz: bss, Align: 4096},
	}
	if change != nil {
		change(&h, p)
	}
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, h)
	binary.Write(&b, binary.LittleEndian, p)
	core := make([]byte, 0x2800)
	copy(core, b.Bytes())
	for i := 0x1100; i < dataOff+dataSize; i++ {
		core[i] = byte(i)
	}
	return core
}

func TestStage2(t *testing.T) {
	code := Stage2()
	if len(code) > stage2MaxSize {
		t.Fatalf("stage 2 has %d bytes, at most %d fit", len(code), stage2MaxSize)
	}
	p := Stage2Params{CoreLBA: 0x123456789, DiskGUID: [16]byte([]byte("0123456789abcdef"))}
	if err := PatchStage2(code, testCore(nil), p); err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if got := le.Uint64(code[8:]); got != p.CoreLBA {
		t.Errorf("LBA %#x", got)
	}
	if got := le.Uint32(code[0x10:]); got != 0x2300 {
		t.Errorf("file size %#x, want 0x2300", got)
	}
	if got := le.Uint32(code[0x14:]); got != 0x402000 {
		t.Errorf("memory size %#x, want 0x402000", got)
	}
	if got := le.Uint64(code[0x18:]); got != address.CoreBase+0x1100 {
		t.Errorf("entry %#x", got)
	}
	if got := string(code[0x20:0x30]); got != "0123456789abcdef" {
		t.Errorf("GUID %q", got)
	}
	if bytes.Equal(code, Stage2()) {
		t.Error("Stage2 returns the same memory twice")
	}
	if err := PatchStage2(make([]byte, 100), testCore(nil), p); err == nil {
		t.Error("patched something that is not stage 2")
	}
}

func TestBadCores(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*elf.Header64, []elf.Prog64)
	}{
		{"arm64", "want EM_X86_64", func(h *elf.Header64, p []elf.Prog64) { h.Machine = uint16(elf.EM_AARCH64) }},
		{"ordinary base", "want offset = address", func(h *elf.Header64, p []elf.Prog64) { p[0].Vaddr = 0x400000 }},
		{"shifted offset", "want offset = address", func(h *elf.Header64, p []elf.Prog64) { p[1].Off += 0x100 }},
		{"too large", "in memory", func(h *elf.Header64, p []elf.Prog64) { p[1].Memsz = 2 << 30 }},
		{"entry outside", "entry point", func(h *elf.Header64, p []elf.Prog64) { h.Entry = 0x1000 }},
		{"bss first", "zero-filled part before", func(h *elf.Header64, p []elf.Prog64) {
			p[0], p[1] = p[1], p[0]
			p[1].Off, p[1].Vaddr, p[1].Memsz = 0, address.CoreBase, p[1].Filesz+1
		}},
	} {
		_, _, err := EFIImage(testCore(c.change))
		if !errors.Is(err, ErrCore) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	if _, _, err := EFIImage([]byte("MZ")); !errors.Is(err, ErrCore) {
		t.Errorf("not an ELF: %v", err)
	}
}

func TestEFIImage(t *testing.T) {
	core := testCore(nil)
	image, off, err := EFIImage(core)
	if err != nil {
		t.Fatal(err)
	}
	if off%4096 != 0 || !bytes.Equal(image[off:off+len(core)], core) {
		t.Fatalf("the core is not pristine at %#x", off)
	}
	f, err := pe.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	o := f.OptionalHeader.(*pe.OptionalHeader64)
	if f.Machine != pe.IMAGE_FILE_MACHINE_AMD64 || o.Subsystem != pe.IMAGE_SUBSYSTEM_EFI_APPLICATION {
		t.Errorf("machine %#x, subsystem %d", f.Machine, o.Subsystem)
	}
	end := uint32(0)
	for _, s := range f.Sections {
		if s.VirtualAddress < end || s.VirtualAddress%o.SectionAlignment != 0 {
			t.Errorf("%s at RVA %#x overlaps or is not aligned", s.Name, s.VirtualAddress)
		}
		if s.Characteristics&pe.IMAGE_SCN_MEM_WRITE != 0 && s.Characteristics&pe.IMAGE_SCN_MEM_EXECUTE != 0 {
			t.Errorf("%s is writable and executable", s.Name)
		}
		end = s.VirtualAddress + s.VirtualSize
	}
	if o.SizeOfImage != uint32(roundUp(uint64(end), 4096)) {
		t.Errorf("SizeOfImage %#x, sections end at %#x", o.SizeOfImage, end)
	}
	c := f.Section(".core")
	if c.Offset != uint32(off) || c.VirtualSize != 0x402000 || c.Size != 0x2400 {
		t.Errorf(".core: offset %#x, %#x bytes in memory, %#x in the file", c.Offset, c.VirtualSize, c.Size)
	}
	stub := image[f.Section(".stub").Offset:]
	le := binary.LittleEndian
	if le.Uint32(stub[offEFICoreRVA:]) != c.VirtualAddress || le.Uint32(stub[offEFITables:]) != f.Section(".tables").VirtualAddress ||
		le.Uint64(stub[offEFIEntry:]) != address.CoreBase+0x1100 {
		t.Error("the entry code is not patched with the sections' places")
	}
	core[0x2300] = 1 // behind the last segment, inside its last 512 bytes
	if _, _, err := EFIImage(core); !errors.Is(err, ErrCore) {
		t.Errorf("bytes that would show up in .bss: %v", err)
	}
}

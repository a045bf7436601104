package inspect

import (
	"bytes"
	"debug/elf"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/image/mbr"
	"github.com/llamaboot/llamaboot/stub"
	"github.com/llamaboot/llamaboot/zipalign"
)

// A Face is what one kind of reader sees in the file.
type Face struct {
	Name string   `json:"name"`
	Sees []string `json:"sees"` // a line each; empty if the file has no such face
	// Problem says why the reader would refuse the file.
	Problem string `json:"problem,omitempty"`
}

// Faces reads the file as each of its readers does.
func Faces(file *ape.File) ([]Face, error) {
	f := inspected{file}
	head := make([]byte, format.HeadSize)
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("read the first %d bytes: %w", len(head), err)
	}
	faces := []Face{
		face("shell", func() ([]string, error) { return f.seeShell(head) }),
		face("APE loader", func() ([]string, error) { return seeAPE(head) }),
		face("PE loader", func() ([]string, error) { return f.seePE(head) }),
		face("BIOS", func() ([]string, error) { return f.seeBIOS(head) }),
		face("GPT, 512-byte sectors", func() ([]string, error) { return f.seeGPT(512) }),
		face("GPT, 4096-byte sectors", func() ([]string, error) { return f.seeGPT(4096) }),
		face("ZIP", f.seeZIP),
		face(format.SettingsName+", read when the file boots", f.seeSettings),
	}
	return faces, nil
}

func face(name string, see func() ([]string, error)) Face {
	lines, err := see()
	out := Face{Name: name, Sees: lines}
	if err != nil {
		out.Problem = err.Error()
	}
	return out
}

func (f inspected) seeShell(head []byte) ([]string, error) {
	if !bytes.HasPrefix(head, []byte(ape.FirstWords)) {
		return nil, nil
	}
	var lines []string
	for _, p := range f.Manifest.Programs {
		if pattern, ok := ape.UnamePatterns[p.Target]; ok {
			lines = append(lines, fmt.Sprintf("%s: program of %d bytes at %#x (uname: %s)", p.Target, p.Size, p.Offset, pattern))
		}
	}
	return lines, nil
}

// seeAPE finds the printf'ed ELF headers as Cosmopolitan's loader does: in the first
// 8192 bytes, each an argument of printf that starts with the ELF magic.
func seeAPE(head []byte) ([]string, error) {
	const window, mark = 8192, `printf '`
	var lines []string
	for text := head[:window]; ; {
		i := bytes.Index(text, []byte(mark+`\177ELF`))
		if i < 0 {
			return lines, nil
		}
		text = text[i+len(mark):]
		header := unescape(text[:max(bytes.IndexByte(text, '\''), 0)])
		if len(header) != ape.ELFHeaderSize {
			return lines, fmt.Errorf("%w: printf'ed ELF header of %d bytes, want %d", ape.ErrDamaged, len(header), ape.ELFHeaderSize)
		}
		le := binary.LittleEndian
		lines = append(lines, fmt.Sprintf("%v: entry %#x, %d program headers at %#x", elf.Machine(le.Uint16(header[18:])),
			le.Uint64(header[24:]), le.Uint16(header[56:]), le.Uint64(header[32:])))
	}
}

// unescape decodes printf's octal escapes.
func unescape(s []byte) []byte {
	var out []byte
	for len(s) > 0 {
		c := s[0]
		s = s[1:]
		if c == '\\' {
			c = 0
			for n := 0; n < 3 && len(s) > 0 && s[0] >= '0' && s[0] <= '7'; n++ {
				c, s = c<<3|(s[0]-'0'), s[1:]
			}
		}
		out = append(out, c)
	}
	return out
}

func (f inspected) seePE(head []byte) ([]string, error) {
	if string(head[:2]) != "MZ" {
		return nil, nil
	}
	p, err := pe.NewFile(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		return nil, err
	}
	opt, ok := p.OptionalHeader.(*pe.OptionalHeader64)
	if !ok {
		return nil, fmt.Errorf("%w: no PE32+ header", ape.ErrDamaged)
	}
	kind := map[uint16]string{pe.IMAGE_SUBSYSTEM_WINDOWS_CUI: "Windows console program", pe.IMAGE_SUBSYSTEM_EFI_APPLICATION: "EFI application"}[opt.Subsystem]
	lines := []string{fmt.Sprintf("%s (subsystem %d), machine %#x, entry %#x, image of %d bytes", kind, opt.Subsystem, p.Machine, opt.AddressOfEntryPoint, opt.SizeOfImage)}
	for _, s := range p.Sections {
		lines = append(lines, fmt.Sprintf("%-8s %9d bytes at %#x -> address %#x", s.Name, s.Size, s.Offset, s.VirtualAddress))
	}
	if f.Size() > ape.MaxWindows && opt.Subsystem == pe.IMAGE_SUBSYSTEM_WINDOWS_CUI {
		return lines, fmt.Errorf("the file has %d bytes, Windows starts programs up to %d: use a small llamafile with -m MODEL.gguf there", f.Size(), int64(ape.MaxWindows))
	}
	return lines, nil
}

func (f inspected) seeBIOS(head []byte) ([]string, error) {
	if head[stub.Stage1Start] == 0 {
		return nil, nil
	}
	if le := binary.LittleEndian.Uint16(head[510:]); le != mbr.BootSignature {
		return nil, fmt.Errorf("%w: boot signature %#04x, want %#04x", ape.ErrDamaged, le, mbr.BootSignature)
	}
	lines := []string{fmt.Sprintf("stage 1 loads stage 2 from sector %d", stub.Stage2Place(head))}
	for _, p := range f.Manifest.Programs {
		if p.Target == format.CoreTarget {
			lines = append(lines, fmt.Sprintf("stage 2 loads the core, %d bytes from sector %d", p.Size, p.Offset/format.Sector))
		}
	}
	return lines, nil
}

func (f inspected) seeGPT(sector int64) ([]string, error) {
	var lines []string
	for _, lba := range []int64{1, f.Size()/sector - 1} {
		t, err := gpt.Read(io.NewSectionReader(f, 0, f.Size()), sector, uint64(lba))
		if err != nil {
			return lines, err
		}
		if err := t.Check(); err != nil {
			return lines, err
		}
		if lba > 1 {
			break
		}
		lines = append(lines, "disk "+t.Disk.String())
		for i, p := range t.Partitions {
			lines = append(lines, fmt.Sprintf("%d: %s, sectors %d to %d, type %s", i+1, p.Name, p.First, p.Last, p.Type))
		}
	}
	return append(lines, fmt.Sprintf("backup in sector %d is intact", f.Size()/sector-1)), nil
}

func (f inspected) seeZIP() ([]string, error) {
	lines := []string{fmt.Sprintf("%d members, comment of %d bytes", len(f.ZIP.Members), f.Size()-f.ZIP.Comment)}
	var err error
	for i := range f.ZIP.Members {
		m := &f.ZIP.Members[i]
		lines = append(lines, fmt.Sprintf("%s: %d bytes at %#x", m.Name, m.Size, m.Offset))
		if format.IsModel(m.Name) && (m.Method != zipalign.Store || m.Offset%zipalign.Alignment != 0) {
			err = fmt.Errorf("%s cannot be used in place (llamaboot seal repairs it)", m.Name)
		}
	}
	return lines, err
}

package ape_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/zipalign"
)

func TestFirstLine(t *testing.T) {
	if n := len(ape.FirstLine); n != format.OffPEPointer {
		t.Errorf("first line: %d bytes, want %d", n, format.OffPEPointer)
	}
	if i := strings.IndexByte(ape.FirstLine, '\n'); i != 8 {
		t.Errorf("first newline at %d, want 8: shells probe the first line for being text", i)
	}
	// The block the line reads must be where the script is.
	if !strings.Contains(ape.FirstLine, "skip=9 count=7") || format.OffScript != 9*512 || format.ScriptSize != 7*512 {
		t.Errorf("first line %q does not read the script at %#x", ape.FirstLine, format.OffScript)
	}
}

// TestDeterministic writes the same file twice; nothing but its input may show.
func TestDeterministic(t *testing.T) {
	a := apetest.Write(t, apetest.Input(t))
	b := apetest.Write(t, apetest.Input(t))
	one, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	two, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Error("two files of the same input differ")
	}
	in := apetest.Input(t)
	in.Members[1].Data = strings.NewReader("--temp\n1\n...\n")
	c := apetest.Write(t, in)
	three, err := os.ReadFile(c)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(one[format.OffGPT512+0x38:][:16], three[format.OffGPT512+0x38:][:16]) {
		t.Error("files of different contents have the same disk GUID")
	}
}

// TestTables decodes all four GPT headers of a file as firmware does.
func TestTables(t *testing.T) {
	b, err := os.ReadFile(apetest.Write(t, apetest.Input(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, sector := range []int64{512, 4096} {
		last := int64(len(b))/sector - 1
		for _, lba := range []int64{1, last} {
			table, err := gpt.Read(bytes.NewReader(b), sector, uint64(lba))
			if err != nil {
				t.Fatalf("sector size %d: %v", sector, err)
			}
			if other := last + 1 - lba; table.Alternate != uint64(other) {
				t.Errorf("sector size %d, LBA %d: alternate %d, want %d", sector, lba, table.Alternate, other)
			}
			if err := table.Check(); err != nil {
				t.Errorf("sector size %d, LBA %d: %v", sector, lba, err)
			}
			weights := table.Partitions[len(table.Partitions)-1]
			if got := b[int64(weights.First)*sector:][:4]; weights.Type != format.TypeWeights || string(got) != "GGUF" {
				t.Errorf("sector size %d: weights partition %+v starts with %q", sector, weights, got)
			}
		}
	}
}

func TestMembersAligned(t *testing.T) {
	z := apetest.Open(t, apetest.Write(t, apetest.Input(t))).ZIP
	end := int64(-1)
	for i := range z.Members {
		m := &z.Members[i]
		if m.Offset%zipalign.Alignment != 0 {
			t.Errorf("%s at %#x: not aligned", m.Name, m.Offset)
		}
		if end >= 0 && m.Header != end {
			t.Errorf("%s: header at %#x, want %#x: zip moves members that do not touch", m.Name, m.Header, end)
		}
		end = m.End()
	}
	if z.Members[0].Header > 8<<20 {
		t.Errorf("first member at %#x: 7-Zip looks at the first 8 MiB only", z.Members[0].Header)
	}
}

func TestProgramReadBack(t *testing.T) {
	in := apetest.Input(t)
	path := apetest.Write(t, in)
	f := apetest.Open(t, path)
	for _, p := range in.Programs {
		got, err := f.Program(p.Target())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Data, p.Data) {
			t.Errorf("%s: differs from what went in", p.Target())
		}
	}
	if _, err := f.Program("plan9/386"); !errors.Is(err, ape.ErrProgram) {
		t.Errorf("unknown target: got %v, want %v", err, ape.ErrProgram)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	i := slices.IndexFunc(f.Manifest.Programs, func(p format.RecordedProgram) bool { return p.Target == "darwin/arm64" })
	if _, err := file.WriteAt([]byte{0xff}, f.Manifest.Programs[i].Offset+100); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Program("darwin/arm64"); !errors.Is(err, ape.ErrProgram) {
		t.Errorf("damaged program: got %v, want %v", err, ape.ErrProgram)
	}
}

func TestRefuses(t *testing.T) {
	elf := apetest.Program()
	dynamic := bytes.Clone(elf)
	dynamic[64] = 3 // the program header becomes PT_INTERP
	for name, change := range map[string]func(*ape.Input){
		"no core":           func(in *ape.Input) { in.Programs = in.Programs[1:] },
		"same target twice": func(in *ape.Input) { in.Programs = append(in.Programs, in.Programs[1]) },
		"no windows":        func(in *ape.Input) { in.Programs = in.Programs[:1] },
		"core is no ELF":    func(in *ape.Input) { in.Programs[0].Data = []byte("#!/bin/sh") },
		"core is dynamic":   func(in *ape.Input) { in.Programs[0].Data = dynamic },
		"flavour":           func(in *ape.Input) { in.PE = "dos" },
		"own member":        func(in *ape.Input) { in.Members[0].Name = format.ManifestName },
		"program member":    func(in *ape.Input) { in.Members[0].Name = "bin/x" },
		"absolute member":   func(in *ape.Input) { in.Members[0].Name = "/etc/passwd" },
		"climbing member":   func(in *ape.Input) { in.Members[0].Name = "../x" },
		"duplicate member":  func(in *ape.Input) { in.Members[1].Name = in.Members[0].Name },
		"no firmware":       func(in *ape.Input) { in.Faces = format.Faces{Hosted: true} },
	} {
		in := apetest.Input(t)
		change(&in)
		if _, err := ape.NewPlan(in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// discard is a file nobody reads.
type discard struct{}

func (discard) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

// TestShortMember has a model that became shorter after it was measured.
func TestShortMember(t *testing.T) {
	in := apetest.Input(t)
	in.Members[0].Size += 10
	plan, err := ape.NewPlan(in)
	if err != nil {
		t.Fatal(err)
	}
	err = plan.Write(t.Context(), discard{}, nil)
	if err == nil || !strings.Contains(err.Error(), "became shorter") {
		t.Errorf("got %v, want an error saying that the file became shorter", err)
	}
}

// TestObjectFile: debug/pe takes an object file, which has no DOS header, for an image; its
// bytes at 0x3c are no pointer. verify meets such a program in a file made to confuse it.
func TestObjectFile(t *testing.T) {
	in := apetest.Input(t)
	windows := &in.Programs[1]
	at := binary.LittleEndian.Uint32(windows.Data[format.OffPEPointer:])
	windows.Data = windows.Data[at+4:] // without the signature
	plan, err := ape.NewPlan(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Write(t.Context(), discard{}, nil); !errors.Is(err, ape.ErrProgram) {
		t.Errorf("got %v, want %v", err, ape.ErrProgram)
	}
}

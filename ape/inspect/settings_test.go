package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/edit"
	"github.com/llamaboot/llamaboot/ape/format"
)

// mtools runs one of the mtools on the EFI System Partition of the llamafile.
func mtools(t *testing.T, tool, file string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		t.Skipf("%s is not installed (package mtools)", tool)
	}
	args = append([]string{"-i", fmt.Sprintf("%s@@%d", file, format.OffESP)}, args...)
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", tool, args, err, out)
	}
}

// verdicts verifies the file and returns what is wrong and what is noted.
func verdicts(t *testing.T, path string) (wrong, notes []string) {
	t.Helper()
	f := apetest.Open(t, path)
	for _, c := range Verify(t.Context(), f, "test", nil) {
		if c.Err != nil {
			wrong = append(wrong, c.What+": "+c.Err.Error())
		}
		if c.Note != "" {
			notes = append(notes, c.Note)
		}
	}
	return wrong, notes
}

func settingsOf(t *testing.T, path string) string {
	t.Helper()
	f := apetest.Open(t, path)
	b, err := f.Settings()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSettingsAtBuild(t *testing.T) {
	in := apetest.Input(t)
	path := apetest.Write(t, in)
	if got := settingsOf(t, path); got != string(ape.DefaultSettings) {
		t.Errorf("default settings: %q", got)
	}
	in.Settings = []byte(strings.Repeat("# long\n", 5000))
	long := apetest.Write(t, in)
	if got := settingsOf(t, long); got != string(in.Settings) {
		t.Errorf("%d bytes of settings, want %d", len(got), len(in.Settings))
	}
	if a, b := apetest.Open(t, path).Manifest.Programs[0].Offset, apetest.Open(t, long).Manifest.Programs[0].Offset; a != b {
		t.Errorf("the core moved from %#x to %#x with longer settings", a, b)
	}
	for _, p := range []string{path, long} {
		if wrong, notes := verdicts(t, p); len(wrong)+len(notes) > 0 {
			t.Errorf("%s: wrong: %q, notes: %q", p, wrong, notes)
		}
	}
	in.Settings = make([]byte, format.MaxSettings+1)
	if _, err := ape.NewPlan(in); err == nil {
		t.Errorf("settings of %d bytes were taken", len(in.Settings))
	}
}

// TestSettingsSeen shows the lines that count, and says of UTF-16 what it is.
func TestSettingsSeen(t *testing.T) {
	for settings, want := range map[string]string{
		"\xef\xbb\xbf# none\r\n temp = 0\r\n": "19 bytes, 1 lines that count| temp = 0",
		"\xff\xfet\x00=\x000\x00":             "8 bytes of UTF-16",
		"\xfe\xff\x00t\x00=\x000":             "8 bytes of UTF-16",
	} {
		in := apetest.Input(t)
		in.Settings = []byte(settings)
		path := apetest.Write(t, in)
		got, err := inspected{apetest.Open(t, path)}.seeSettings()
		if err != nil || !strings.HasPrefix(strings.Join(got, "|"), want) {
			t.Errorf("%q: got %q, %v; want %q", settings, got, err, want)
		}
	}
}

// TestSettingsEdited edits llamaboot.cfg as its owner may and lets sealing accept it.
func TestSettingsEdited(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	cfg := filepath.Join(t.TempDir(), "new.txt")
	text := "temp = 0\r\n" + strings.Repeat("# much longer than it was\r\n", 400)
	if err := os.WriteFile(cfg, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	note := func(want string) {
		t.Helper()
		wrong, notes := verdicts(t, path)
		if len(wrong) > 0 || len(notes) != 1 || !strings.HasPrefix(notes[0], want) {
			t.Errorf("wrong: %q, notes: %q; want %q", wrong, notes, want)
		}
	}
	seal := func() {
		t.Helper()
		if err := edit.Apply(t.Context(), path, edit.Changes{Seal: true}, nil); err != nil {
			t.Fatal(err)
		}
		if wrong, notes := verdicts(t, path); len(wrong)+len(notes) > 0 {
			t.Errorf("sealed: wrong: %q, notes: %q", wrong, notes)
		}
	}
	mtools(t, "mcopy", path, "-o", cfg, "::LlamaBoot.CFG")
	note("llamaboot.cfg was edited (ZIP tools report boot/esp.img until llamaboot seal")
	if got := settingsOf(t, path); got != text {
		t.Errorf("settings %.40q, want %.40q", got, text)
	}
	if out, err := exec.Command("unzip", "-tqq", path).CombinedOutput(); !errors.Is(err, exec.ErrNotFound) && (err == nil || !strings.Contains(string(out), "boot/esp.img")) {
		t.Errorf("unzip -t after the edit: %v, %s; want one complaint, of boot/esp.img", err, out)
	}
	seal()
	mtools(t, "mdel", path, "::llamaboot.cfg")
	note("llamaboot.cfg was removed")
	seal()
	if got := settingsOf(t, path); got != "" {
		t.Errorf("settings after the removal: %q", got)
	}
	mtools(t, "mcopy", path, cfg, "::stranger.txt")
	note("its files are as they were")

	// What boots must stay as it is.
	mtools(t, "mcopy", path, "-o", cfg, "::EFI/BOOT/BOOTX64.EFI")
	wrong, _ := verdicts(t, path)
	if !strings.Contains(strings.Join(wrong, "\n"), "EFI System Partition: EFI/BOOT/BOOTX64.EFI is not the recorded one") {
		t.Errorf("another BOOTX64.EFI: %q", wrong)
	}
	if err := edit.Apply(t.Context(), path, edit.Changes{Seal: true}, nil); err == nil {
		t.Error("sealed a partition with another BOOTX64.EFI")
	}
}

// TestBootFileMoved: the program is found by its offset, so a copy of it elsewhere does not do.
func TestBootFileMoved(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	efi := filepath.Join(t.TempDir(), "bootx64.efi")
	volume, _, err := apetest.Open(t, path).ESP()
	if err != nil {
		t.Fatal(err)
	}
	program, err := volume.ReadFile(format.BootPath, format.MaxProgram)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(efi, program, 0o600); err != nil {
		t.Fatal(err)
	}
	mtools(t, "mdel", path, "::EFI/BOOT/BOOTX64.EFI")
	mtools(t, "mcopy", path, efi, "::filler.efi")
	mtools(t, "mcopy", path, efi, "::EFI/BOOT/BOOTX64.EFI")
	wrong, _ := verdicts(t, path)
	if !strings.Contains(strings.Join(wrong, "\n"), "EFI/BOOT/BOOTX64.EFI was moved") {
		t.Errorf("moved BOOTX64.EFI: %q", wrong)
	}
}

// TestDefaultSettings: nothing but comments, with the line ends of the plainest editors.
func TestDefaultSettings(t *testing.T) {
	if n := bytes.Count(ape.DefaultSettings, []byte("\n")); n < 20 || n != bytes.Count(ape.DefaultSettings, []byte("\r\n")) {
		t.Errorf("%d lines, %d of them end in CR LF", n, bytes.Count(ape.DefaultSettings, []byte("\r\n")))
	}
	for i, line := range strings.Split(string(ape.DefaultSettings), "\r\n") {
		if line != "" && line[0] != '#' {
			t.Errorf("line %d: %q is no comment", i+1, line)
		}
		if len(line) > 80 {
			t.Errorf("line %d has %d characters", i+1, len(line))
		}
	}
}

package boottest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// completes boots a file, lets it complete the prompt and compares the text.
func completes(t *testing.T, firmware, file, want string) {
	t.Helper()
	got := output(t, "", command, "qemu", "--"+firmware, "--prompt", prompt, "-n", "16", "--timeout", "120s", file)
	if got != want {
		t.Errorf("%s: booted: %q\nhosted: %q", firmware, got, want)
	}
}

// TestImages boots what `llamaboot image` makes, for one firmware and for both.
func TestImages(t *testing.T) {
	need(t)
	want := hosted(t, demoFile, "--cli", "-p", prompt, "-n", "16", "--temp", "0")
	for name, tc := range map[string]struct {
		flags, firmwares []string
	}{
		"bios":   {[]string{"--bios"}, []string{"bios"}},
		"uefi":   {[]string{"--uefi"}, []string{"uefi"}},
		"hybrid": {nil, []string{"bios", "uefi"}},
	} {
		t.Run(name, func(t *testing.T) {
			img := filepath.Join(t.TempDir(), "demo.img")
			output(t, "", command, append([]string{"image", demoFile, "-o", img}, tc.flags...)...)
			for _, firmware := range tc.firmwares {
				completes(t, firmware, img, want)
			}
		})
	}
}

// TestBootAfterForeignEdit lets zip change the file, seals it and boots it.
func TestBootAfterForeignEdit(t *testing.T) {
	need(t)
	zip, err := exec.LookPath("zip")
	if err != nil {
		t.Skip("zip is not installed (package zip)")
	}
	want := hosted(t, demoFile, "--cli", "-p", prompt, "-n", "16", "--temp", "0")
	dir := t.TempDir()
	file, note := filepath.Join(dir, "demo.llamafile"), filepath.Join(dir, "note.txt")
	b, err := os.ReadFile(demoFile)
	if err == nil {
		err = os.WriteFile(file, b, 0o700)
	}
	if err == nil {
		err = os.WriteFile(note, []byte("a note"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	output(t, "", zip, "-q", "-j", file, note)
	output(t, "", command, "seal", file)
	output(t, "", command, "verify", file)
	for _, firmware := range []string{"bios", "uefi"} {
		completes(t, firmware, file, want)
	}
}

package edit

import (
	"errors"
	"os/exec"
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/format"
)

// zipDelete takes members out of the archive at path as Info-ZIP does: what lies behind them moves up.
func zipDelete(t *testing.T, path string, members ...string) {
	t.Helper()
	cmd := exec.Command("zip", append([]string{"-q", "-d", path}, members...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("zip: %v\n%s", err, out)
	}
}

// TestSealWithoutPrograms has a foreign tool take programs out, which moves the others: the sealed file must hold and
// know those that are left, and no reader may be sent to where the others were.
func TestSealWithoutPrograms(t *testing.T) {
	tests := map[string]struct {
		gone []string
		left []string
		pe   format.Flavour
	}{
		"one in the middle": {[]string{"bin/llamafile-darwin-arm64"}, []string{"linux/amd64", "windows/amd64", "freebsd/amd64"}, format.Windows},
		"Windows":           {[]string{"bin/llamafile-windows-amd64.exe"}, []string{"linux/amd64", "darwin/arm64", "freebsd/amd64"}, format.EFI},
		"all and licence":   {[]string{"bin/*", format.LicenceName}, []string{"linux/amd64"}, format.EFI},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := apetest.Write(t, apetest.Input(t))
			want := contents(t, path)
			zipDelete(t, path, tt.gone...)
			if err := Apply(t.Context(), path, Changes{Seal: true}, nil); err != nil {
				t.Fatal(err)
			}
			if got := contents(t, path); got["model.gguf"] != want["model.gguf"] || got[format.ArgsName] != want[format.ArgsName] {
				t.Error("members differ after sealing")
			}
			f := apetest.Open(t, path)
			var left []string
			for _, p := range f.Manifest.Programs {
				left = append(left, p.Target)
			}
			if !slices.Equal(left, tt.left) || f.Manifest.PE != tt.pe {
				t.Errorf("programs %q and PE flavour %q, want %q and %q", left, f.Manifest.PE, tt.left, tt.pe)
			}
			if lines := apetest.Start(t, "/", apetest.Env(t.TempDir()), "sh", path, "x"); lines[1] != "x" {
				t.Errorf("does not start: %q", lines)
			}
		})
	}
}

// TestSealWithoutCore takes out what boots, which sealing cannot make up for.
func TestSealWithoutCore(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	zipDelete(t, path, format.ESPName)
	if err := Apply(t.Context(), path, Changes{Seal: true}, nil); !errors.Is(err, ape.ErrDamaged) {
		t.Errorf("got %v, want %v", err, ape.ErrDamaged)
	}
}

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/internal/programs"
)

//go:generate nasm -f bin -o testdata/wine/bcryptprimitives.dll testdata/wine/bcryptprimitives.asm

// TestWine runs a llamafile as a Windows program and compares what it says with the
// Linux program's words.
func TestWine(t *testing.T) {
	wine, err := findWine()
	if err != nil {
		t.Skip("wine is not installed (package wine64)")
	}
	if testing.Short() {
		t.Skip("wine takes seconds to start")
	}
	if len(programs.Built()) == 0 {
		t.Skip("the embedded programs are not built: run make build")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "demo.exe")
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"build", "--model", "../../testdata/demo.gguf", "-o", file}, &out, &errs); code != 0 {
		t.Fatalf("build: status %d\n%s", code, errs.String())
	}
	question := []string{"--cli", "-p", "Once upon a time", "-n", "16", "--temp", "0"}
	linux := exec.Command("sh", append([]string{file}, question...)...)
	linux.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir)
	want, err := linux.Output()
	if err != nil || len(want) == 0 {
		t.Fatalf("as a Linux program: %q, %v", want, err)
	}

	prefix := filepath.Join(dir, "prefix")
	command := func(args ...string) *exec.Cmd {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		t.Cleanup(cancel)
		cmd := exec.CommandContext(ctx, wine, args...)
		cmd.Env = append(os.Environ(), "WINEPREFIX="+prefix, "WINEDEBUG=-all", "DISPLAY=")
		return cmd
	}
	if out, err := command("wineboot", "-i").CombinedOutput(); err != nil {
		t.Skipf("wine does not start here: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = command("wineboot", "-k").Run() })
	shim, err := os.ReadFile("testdata/wine/bcryptprimitives.dll")
	if err != nil {
		t.Fatal(err)
	}
	// Wine 9 and later have one of their own.
	system := filepath.Join(prefix, "drive_c/windows/system32/bcryptprimitives.dll")
	if _, err := os.Stat(system); err != nil {
		if err := os.WriteFile(system, shim, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := command(append([]string{file}, question...)...).Output()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("as a Windows program: %q, %v; as a Linux program %q", got, err, want)
	}
}

// findWine finds the 64-bit loader: Debian puts it beside the path when it is
// installed without the 32-bit one.
func findWine() (string, error) {
	const debian = "/usr/lib/wine/wine64"
	if _, err := os.Stat(debian); err == nil {
		return debian, nil
	}
	return exec.LookPath("wine64")
}

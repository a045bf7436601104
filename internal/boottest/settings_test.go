package boottest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSettingsOnDisk edits llamaboot.cfg as the owner of a stick does; the machine obeys, names the bad line, checks
// itself on every CPU and completes the prompt.
func TestSettingsOnDisk(t *testing.T) {
	need(t)
	mcopy, err := exec.LookPath("mcopy")
	if err != nil {
		t.Skip("mcopy is not installed (package mtools)")
	}
	dir := t.TempDir()
	file, cfg := filepath.Join(dir, "demo.llamafile"), filepath.Join(dir, "my.txt")
	b, err := os.ReadFile(demoFile)
	if err == nil {
		err = os.WriteFile(file, b, 0o700)
	}
	if err == nil {
		err = os.WriteFile(cfg, []byte("\ufeff# mine\r\nmode = cli\r\nprompt = "+prompt+"\r\npredict = 4\r\ntemp = 0\r\ntmep = 1\r\nselftest = yes\r\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	const esp = 1 << 20 // where the EFI System Partition starts
	output(t, "", mcopy, "-o", "-i", fmt.Sprintf("%s@@%d", file, esp), cfg, "::LLAMABOOT.CFG")
	if got := output(t, "", command, "verify", file); !strings.Contains(got, "llamaboot.cfg was edited") {
		t.Errorf("verify does not note the edit:\n%s", got)
	}
	want := strings.TrimSpace(hosted(t, demoFile, someArgs...))
	for name, boot := range firmwares("--smp", "2") {
		t.Run(name, func(t *testing.T) {
			got := output(t, "", command, append(boot, file)...)
			for _, want := range []string{
				"warning: llamaboot.cfg line 6: \"tmep\" is no setting",
				"llamaboot.cfg sets cli, prompt, predict, temp, selftest",
				"on 2 CPUs, CRC-32 of 1.1 MB of weights, 16 recorded tokens",
				want,
			} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in:\n%s", want, got)
				}
			}
		})
	}
}

package boottest

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCrashes: the ways a program can die are reported at once, with reason, place and build, and end in failure.
func TestCrashes(t *testing.T) {
	need(t)
	disk := filepath.Join(t.TempDir(), "stress.img")
	tool := exec.Command("go", "run", "./tools/stress", "-disk", disk)
	tool.Dir = filepath.Join("..", "..")
	if out, err := tool.CombinedOutput(); err != nil {
		t.Fatalf("tools/stress: %v\n%s", err, out)
	}
	build := regexp.MustCompile(`build ([0-9a-f]{8})`)
	id := build.FindString(output(t, "", command, "inspect", disk))
	for _, tc := range []struct {
		firmware, kind string
		wants          []string
	}{
		{"bios", "kernel", []string{"kernel panic: page fault", "cr2 0x0000000000000008", "kern.serve:", "main.crash:"}},
		{"uefi", "nil", []string{"the program has stopped:\npanic: runtime error: invalid memory address or nil pointer dereference", "main.main()"}},
		{"bios", "map", []string{"the program has stopped:\nfatal error: concurrent map writes", "main.writeAtOnce.func1()"}},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			out, err := exec.Command(command, "qemu", "--"+tc.firmware, "--smp", "2", "--timeout", "120s", disk, "--", "--crash="+tc.kind).CombinedOutput()
			if err == nil || strings.Contains(string(out), "within") {
				t.Errorf("%v, want the guest's own report of failure", err)
			}
			text := strings.ReplaceAll(string(out), "\r", "")
			for _, want := range append(tc.wants, id) {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in:\n%s", want, text)
				}
			}
		})
	}
}

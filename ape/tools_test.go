package ape_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/format"
)

// TestTools shows the file to programs we did not write. Each must accept it and see
// what is in it.
func TestTools(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	esp := filepath.Join(t.TempDir(), "esp.img")
	volume, err := apetest.Open(t, path).ZIP.ReadFile(format.ESPName, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(esp, volume, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		pkg, want string // Debian package, pattern in the output
		command   []string
	}{
		{"unzip", `No errors detected`, []string{"unzip", "-t", path}},
		{"zip", `OK`, []string{"zip", "-T", path}},
		{"python3", `None 9 model.gguf`, []string{"python3", "-c",
			"import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), len(z.namelist()), 'model.gguf')", path}},
		{"libarchive-tools", `(?m)model\.gguf$`, []string{"bsdtar", "-tf", path}},
		{"p7zip-full", `Everything is Ok`, []string{"7z", "t", "-tzip", path}},
		{"gdisk", `No problems found`, []string{"sgdisk", "-v", path}},
		{"gdisk", `EF00 .*EFI system`, []string{"sgdisk", "-p", path}},
		{"fdisk", `(?s)Disklabel type: gpt.*BIOS boot.*EFI System`, []string{"fdisk", "-l", path}},
		{"util-linux", `PTTYPE="gpt"`, []string{"blkid", "-p", path}},
		{"util-linux", `TYPE="vfat"`, []string{"blkid", "-p", esp}},
		{"dosfstools", `5 files`, []string{"fsck.fat", "-n", esp}},
		{"mtools", `BOOTX64  EFI`, []string{"mdir", "-i", path + "@@1M", "::EFI/BOOT"}},
		{"binutils", `pei-x86-64`, []string{"objdump", "-p", path}},
		{"pev", `Number of sections: +4`, []string{"readpe", "-H", path}},
		{"file", `DOS/MBR boot sector`, []string{"file", path}},
	} {
		t.Run(strings.Join(tc.command[:2], " "), func(t *testing.T) {
			tool, err := lookTool(tc.command[0])
			if err != nil {
				t.Skipf("%s is not installed (package %s)", tc.command[0], tc.pkg)
			}
			out, err := exec.Command(tool, tc.command[1:]...).CombinedOutput()
			if err != nil || !regexp.MustCompile(tc.want).Match(out) {
				t.Errorf("%v; want %q in:\n%s", err, tc.want, out)
			}
		})
	}
}

// lookTool finds a program also where Debian keeps those for administrators.
func lookTool(name string) (string, error) {
	for _, dir := range []string{"/usr/sbin/", "/sbin/"} {
		if _, err := os.Stat(dir + name); err == nil {
			return dir + name, nil
		}
	}
	return exec.LookPath(name)
}

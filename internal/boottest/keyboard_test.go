package boottest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// debianOVMF holds code and variables in one image.
const debianOVMF = "/usr/share/ovmf/OVMF.fd"

// TestKeyboards types /quit on the keyboards of machines nobody prepared for us: the chat must see it and switch the
// machine off. UEFI firmware polls USB keyboards by its clock, which runs only while it is called.
func TestKeyboards(t *testing.T) {
	need(t)
	for name, more := range map[string][]string{
		"bios, PS/2": nil,
		"uefi, USB":  {"-machine", "q35", "-bios", debianOVMF, "-device", "qemu-xhci", "-device", "usb-kbd"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(debianOVMF); more != nil && err != nil {
				t.Skip("OVMF is not where Debian puts it: ", err)
			}
			serial := filepath.Join(t.TempDir(), "serial")
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			vm := exec.CommandContext(ctx, "qemu-system-x86_64", append([]string{"-accel", "tcg", "-cpu", "max", "-m", "512", "-net", "none", "-display", "none",
				"-serial", "file:" + serial, "-monitor", "stdio", "-drive", "format=raw,snapshot=on,file=" + demoFile}, more...)...)
			keys, err := vm.StdinPipe()
			if err == nil {
				err = vm.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			said := func() string {
				b, _ := os.ReadFile(serial)
				return string(b)
			}
			for !strings.Contains(said(), "\n> ") && ctx.Err() == nil {
				time.Sleep(50 * time.Millisecond)
			}
			for _, key := range []string{"slash", "q", "u", "i", "t", "ret"} {
				fmt.Fprintf(keys, "sendkey %s 20\n", key) // held for 20 ms
				time.Sleep(100 * time.Millisecond)
			}
			if err := vm.Wait(); err != nil || !strings.Contains(said(), "\n> /quit") {
				t.Errorf("%v; the serial line has\n%s", err, said())
			}
		})
	}
}

package boottest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// failing boots a file that must fail and checks status and messages: on the serial port, which standard error gets.
func failing(t *testing.T, boot []string, file string, args []string, wants ...string) {
	t.Helper()
	cmd := exec.Command(command, append(append(append([]string(nil), boot...), file, "--"), args...)...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v, want exit status 1", err)
	}
	for _, want := range append(wants, "the guest reported failure; its last lines:") {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

// firmwares are the two ways to boot, for tests to which the number of CPUs does not matter.
func firmwares(more ...string) map[string][]string {
	list := map[string][]string{}
	for _, f := range []string{"bios", "uefi"} {
		list[f] = append([]string{"qemu", "--" + f, "--timeout", "120s"}, more...)
	}
	return list
}

var someArgs = []string{"--cli", "-p", prompt, "-n", "4", "--temp", "0"}

// TestGuestSaysWhatIsWrong: a guest that cannot do its work reports failure and leaves its message on the console.
func TestGuestSaysWhatIsWrong(t *testing.T) {
	need(t)
	for name, boot := range firmwares() {
		t.Run(name, func(t *testing.T) {
			failing(t, boot, demoFile, []string{"--cli", "-m", "/zip/missing.gguf", "-p", "x"}, "no such member: missing.gguf")
		})
	}
}

// TestModelLargerThanRAM: said before loading begins.
func TestModelLargerThanRAM(t *testing.T) {
	need(t)
	dir := t.TempDir()
	model := filepath.Join(dir, "large.gguf")
	writeLarge(t, model, 320<<20)
	file := filepath.Join(dir, "large.llamafile")
	if err := makeFile(model, file, ""); err != nil {
		t.Fatal(err)
	}
	for name, boot := range firmwares("--mem", "256M") {
		t.Run(name, func(t *testing.T) {
			failing(t, boot, file, someArgs, "not enough RAM for large.gguf: it needs 3", "use a smaller model or more RAM")
		})
	}
}

// writeLarge writes a GGUF file with one tensor of n zero bytes.
func writeLarge(t *testing.T, path string, n int) {
	t.Helper()
	w := &gguf.Writer{}
	if err := w.Add("general.architecture", "llama"); err != nil {
		t.Fatal(err)
	}
	if err := w.AddTensor("token_embd.weight", tensor.F32, []int{1024, n / 4096}, make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := w.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedWeights: a flipped bit in the weights is noticed when they are loaded.
func TestDamagedWeights(t *testing.T) {
	need(t)
	b, err := os.ReadFile(demoFile)
	if err != nil {
		t.Fatal(err)
	}
	model, err := os.ReadFile(filepath.Join("..", "..", "testdata", "demo.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, model[len(model)-4096:])
	if at < 0 {
		t.Fatal("the llamafile does not hold the weights as they are")
	}
	b[at+100] ^= 1
	file := filepath.Join(t.TempDir(), "damaged.llamafile")
	if err := os.WriteFile(file, b, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, boot := range firmwares() {
		t.Run(name, func(t *testing.T) {
			failing(t, boot, file, someArgs, "demo.gguf: wrong checksum", "write it again")
		})
	}
}

// TestCutFile: a copy that was broken off boots as far as its programs reach, and the rest is missed clearly.
func TestCutFile(t *testing.T) {
	need(t)
	b, err := os.ReadFile(demoFile)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "cut.llamafile")
	if err := os.WriteFile(file, b[:len(b)-(1<<20)], 0o777); err != nil {
		t.Fatal(err)
	}
	for name, boot := range firmwares() {
		t.Run(name, func(t *testing.T) {
			failing(t, boot, file, someArgs, "boot disk")
		})
	}
}

package boottest

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/internal/build"
	"github.com/llamaboot/llamaboot/internal/programs"
)

const prompt = "Once upon a time"

// Where the pieces are, set by TestMain.
var (
	command  string // the llamaboot command, built from this tree
	demoFile string // a llamafile of testdata/demo.gguf
	skip     string // why nothing can be booted here
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "llamaboot-boottest-")
	if err == nil {
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "boottest:", err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// prepare builds the command and the demo llamafile.
func prepare(dir string) error {
	if len(programs.Built()) == 0 {
		skip = "the embedded programs are not built; make build makes them"
		return nil
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		skip = "QEMU is not installed; make test installs it"
		return nil
	}
	command = filepath.Join(dir, "llamaboot")
	compile := exec.Command("go", "build", "-o", command, "./cmd/llamaboot")
	compile.Dir = filepath.Join("..", "..")
	if out, err := compile.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	demoFile = filepath.Join(dir, "demo.llamafile")
	return makeFile(filepath.Join("..", "..", "testdata", "demo.gguf"), demoFile, "")
}

// makeFile makes a llamafile of a model, as a user does.
func makeFile(model, file, args string) error {
	return build.Llamafile(context.Background(), build.Options{Models: []string{model}, Args: args}, build.Output{Path: file})
}

func need(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots take some 10 s each; left out with -short")
	}
	if skip != "" {
		t.Skip(skip)
	}
}

// output runs a program and returns its standard output; anything but success fails the test.
func output(t *testing.T, stdin string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\nstdout: %s\nstderr: %s", filepath.Base(name), args, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// hosted runs a llamafile as a program of this machine, through its shell script.
func hosted(t *testing.T, file string, args ...string) string {
	t.Helper()
	return output(t, "", "sh", append([]string{file}, args...)...)
}

// boots lists the ways to boot: firmware and number of CPUs.
func boots() (list [][]string) {
	for _, firmware := range []string{"--bios", "--uefi"} {
		for _, cpus := range []string{"1", "2"} {
			list = append(list, []string{"qemu", firmware, "--smp", cpus, "--timeout", "120s"})
		}
	}
	return list
}

func label(boot []string) string { return strings.TrimPrefix(boot[1], "--") + "-" + boot[3] + "cpu" }

// TestSameIDs: the booted file generates the same greedy token ids as the same file run as a program.
func TestSameIDs(t *testing.T) {
	need(t)
	args := []string{"--cli", "-p", prompt, "-n", "24", "--temp", "0", "--ids"}
	want := hosted(t, demoFile, args...)
	if n := len(strings.Fields(want)); n < 8 {
		t.Fatalf("the hosted program generated %d ids: %q", n, want)
	}
	for _, boot := range boots() {
		t.Run(label(boot), func(t *testing.T) {
			got := output(t, "", command, append(append(boot, demoFile, "--"), args...)...)
			if got != want {
				t.Errorf("booted: %q\nhosted: %q", got, want)
			}
		})
	}
}

// TestSameText: --prompt prints the text of the hosted program and nothing else on standard output.
func TestSameText(t *testing.T) {
	need(t)
	want := hosted(t, demoFile, "--cli", "-p", prompt, "-n", "24", "--temp", "0")
	if !strings.Contains(want, " ") {
		t.Fatalf("the hosted program wrote %q", want)
	}
	for _, firmware := range []string{"--bios", "--uefi"} {
		t.Run(firmware[2:], func(t *testing.T) {
			shot := filepath.Join(t.TempDir(), "screen.png")
			got := output(t, "", command, "qemu", firmware, "--prompt", prompt, "-n", "24", "--timeout", "120s", "--screenshot", shot, demoFile)
			if got != want {
				t.Errorf("booted: %q\nhosted: %q", got, want)
			}
			// Under BIOS this is a mode the core has set through the video BIOS.
			if w, h, lit := picture(t, shot); w < 800 || h < 600 || lit < 2000 {
				t.Errorf("the screen has %d x %d pixels, %d of them bright: want graphics with some lines of text", w, h, lit)
			}
		})
	}
}

// picture returns the size of a PNG and how many of its pixels are not dark.
func picture(t *testing.T, path string) (width, height, lit int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, _, _, _ := img.At(x, y).RGBA(); r > 0x8000 {
				lit++
			}
		}
	}
	return b.Dx(), b.Dy(), lit
}

// TestChatOnSerial types into the chat that a file without .args starts when it boots.
func TestChatOnSerial(t *testing.T) {
	need(t)
	for _, firmware := range []string{"--bios", "--uefi"} {
		t.Run(firmware[2:], func(t *testing.T) {
			got := output(t, "/help\n/quit\n", command, "qemu", firmware, "--timeout", "120s", demoFile)
			for _, want := range []string{"> /help", "/clear    forget the conversation", "> /quit"} {
				if !strings.Contains(got, want) {
					t.Errorf("the console does not say %q:\n%s", want, got)
				}
			}
		})
	}
}

// TestDisks boots from the controllers PCs have, and under BIOS, where a boot takes a second, from odd ones as well;
// `make matrix` tries them all.
func TestDisks(t *testing.T) {
	need(t)
	args := append(someArgs, "--ids")
	want := hosted(t, demoFile, args...)
	for firmware, disks := range map[string][]string{
		"bios": {"ahci", "ide", "nvme", "virtio", "usb", "virtio-legacy", "virtio-scsi", "usb-ehci", "megasas"},
		"uefi": {"ahci", "ide", "nvme", "virtio", "usb"},
	} {
		for _, disk := range disks {
			t.Run(firmware+"-"+disk, func(t *testing.T) {
				got := output(t, "", command, append([]string{"qemu", "--" + firmware, "--timeout", "120s", "--disk", disk, demoFile, "--"}, args...)...)
				if got != want {
					t.Errorf("booted: %q, hosted: %q", got, want)
				}
			})
		}
	}
}

// TestArgsDecideTheBoot: the .args in the file are what a machine does without anybody typing.
func TestArgsDecideTheBoot(t *testing.T) {
	need(t)
	dir := t.TempDir()
	args := filepath.Join(dir, "args.txt")
	if err := os.WriteFile(args, []byte(strings.Join(append(someArgs, "--ids"), "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "args.llamafile")
	if err := makeFile(filepath.Join("..", "..", "testdata", "demo.gguf"), file, args); err != nil {
		t.Fatal(err)
	}
	want := hosted(t, file)
	if len(strings.Fields(want)) != 4 {
		t.Fatalf("hosted: %q, want 4 ids", want)
	}
	for name, boot := range firmwares() {
		t.Run(name, func(t *testing.T) {
			if got := output(t, "", command, append(boot, file)...); !strings.Contains(got, strings.TrimSpace(want)) {
				t.Errorf("no %q on the console:\n%s", want, got)
			}
		})
	}
}

// TestChatAnswers: the booted chat gives the hosted chat's answers.
func TestChatAnswers(t *testing.T) {
	need(t)
	stdin := "Hello, who are you?\nTell me a story.\n/quit\n"
	args := []string{"--chat", "-n", "24", "--temp", "0"}
	answers := strings.Split(output(t, stdin, "sh", append([]string{demoFile}, args...)...), "> ")
	for name, boot := range firmwares() {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(command, append(append(boot, demoFile, "--"), args...)...)
			cmd.Stdin = strings.NewReader(stdin)
			got, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, got)
			}
			for _, answer := range answers[1:3] {
				if len(answer) < 10 || !strings.Contains(string(got), answer) {
					t.Errorf("no answer %q in:\n%s", answer, got)
				}
			}
		})
	}
}

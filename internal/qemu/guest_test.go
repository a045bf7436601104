package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Ends of the little guests, 16-bit code.
var (
	endSuccess = []byte{0xba, 0xf4, 0x00, 0xb0, 0x10, 0xee, 0xf4, 0xeb, 0xfd} // mov dx,0xf4; mov al,0x10; out dx,al; hlt; jmp $-1
	endFailure = []byte{0xba, 0xf4, 0x00, 0xb0, 0x11, 0xee, 0xf4, 0xeb, 0xfd}
	endReset   = []byte{0xb0, 0xfe, 0xe6, 0x64, 0xeb, 0xfe} // mov al,0xfe; out 0x64,al: the keyboard controller's reset line
	endHang    = []byte{0xeb, 0xfe}                         // jmp $
	// endEcho echoes serial input and prompts again after each CR, until Ctrl-D; then it reports success.
	endEcho = append([]byte{
		0xba, 0xfd, 0x03, // poll: mov dx,0x3fd
		0xec,       // in al,dx
		0xa8, 0x01, // test al,1
		0x74, 0xf8, // jz poll
		0xba, 0xf8, 0x03, // mov dx,0x3f8
		0xec,       // in al,dx
		0x3c, 0x04, // cmp al,4
		0x74, 0x0d, // je end
		0xee,       // out dx,al
		0x3c, 0x0d, // cmp al,'\r'
		0x75, 0xeb, // jne poll
		0xb0, '>', // mov al,'>'
		0xee,      // out dx,al
		0xb0, ' ', // mov al,' '
		0xee,       // out dx,al
		0xeb, 0xe3, // jmp poll
	}, endSuccess...)
)

// guestDisk writes a boot disk whose boot sector prints text on COM1 and then runs end.
func guestDisk(t *testing.T, text string, end []byte) string {
	t.Helper()
	code := []byte{
		0xfa,       // cli
		0x31, 0xc0, // xor ax,ax
		0x8e, 0xd8, // mov ds,ax
		0xbe, 0, 0, // mov si,text
		0xac,       // next: lodsb
		0x84, 0xc0, // test al,al
		0x74, 0x06, // jz end
		0xba, 0xf8, 0x03, // mov dx,0x3f8
		0xee,       // out dx,al
		0xeb, 0xf5, // jmp next
	}
	code = append(code, end...)
	at := 0x7c00 + len(code)
	code[6], code[7] = byte(at), byte(at>>8)
	code = append(append(code, text...), 0)
	if len(code) > 440 {
		t.Fatalf("guest has %d bytes, want at most 440", len(code))
	}
	disk := make([]byte, 1<<20)
	copy(disk, code)
	disk[0x1fe], disk[0x1ff] = 0x55, 0xaa
	path := filepath.Join(t.TempDir(), "guest,1.img") // a comma, which QEMU's options must not trip over
	if err := os.WriteFile(path, disk, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

type result struct {
	console, text, log string
	err                error
}

func boot(t *testing.T, ctx context.Context, m Machine) result {
	t.Helper()
	if _, err := exec.LookPath(binaryName); err != nil {
		t.Skipf("%v; make test installs it", err)
	}
	var console, text, log buffer
	m.Text = &text
	if m.Console == nil {
		m.Console = &console
	} else {
		m.Console = io.MultiWriter(&console, m.Console)
	}
	m.Log = func(format string, args ...any) { fmt.Fprintf(&log, format+"\n", args...) }
	if m.Accel == "" {
		m.Accel = AccelTCG
	}
	if m.Disk == "" {
		m.Disk = DefaultDisk
	}
	m.CPUs, m.Memory = 1, "64M"
	if m.Timeout == 0 {
		m.Timeout = 60 * time.Second
	}
	err := m.Run(ctx)
	return result{console.String(), text.String(), log.String(), err}
}

var testMarks = &Marks{"begin", "end"}

// onText calls do once text was written to it.
type onText struct {
	text string
	do   func()
	seen []byte
}

func (o *onText) Write(p []byte) (int, error) {
	o.seen = append(o.seen, p...)
	if o.do != nil && bytes.Contains(o.seen, []byte(o.text)) {
		o.do()
		o.do = nil
	}
	return len(p), nil
}

func TestGuestSuccess(t *testing.T) {
	shot := filepath.Join(t.TempDir(), "screen.png")
	r := boot(t, t.Context(), Machine{
		File:  guestDisk(t, "\x1b[2J\x1b[1mstarting\x1b[0m\r\nbegin\r\nOnce upon\r\na time\r\nend\r\ndone\r\n", endSuccess),
		Marks: testMarks, Screenshot: shot,
	})
	if r.err != nil {
		t.Fatal(r.err)
	}
	if r.text != "Once upon\na time\n" || r.console != "starting\ndone\n" {
		t.Errorf("text %q, console %q", r.text, r.console)
	}
}

func TestEveryDiskBoots(t *testing.T) {
	for _, disk := range Disks() {
		t.Run(disk, func(t *testing.T) {
			r := boot(t, t.Context(), Machine{File: guestDisk(t, "hello\r\n", endSuccess), Disk: disk})
			if r.err != nil || !strings.Contains(r.console, "hello\r\n") {
				t.Errorf("console %q, %v", r.console, r.err)
			}
		})
	}
}

func TestGuestBadEnds(t *testing.T) {
	for _, test := range []struct {
		name, text string
		end        []byte
		timeout    time.Duration
		want       error
		message    string
	}{
		{"failure", "loading\r\nllamaboot: panic: out of memory\r\n", endFailure, 0, ErrGuestFailed, "  | llamaboot: panic: out of memory"},
		{"failure without words", "", endFailure, 0, ErrGuestFailed, "wrote nothing to the serial port"},
		{"reset", "about to fault", endReset, 0, ErrNoVerdict, "  | about to fault"},
		{"hang", "waiting\r\n", endHang, 4 * time.Second, ErrTimeout, "(4s); its last lines:\n  | waiting"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := boot(t, t.Context(), Machine{File: guestDisk(t, test.text, test.end), Marks: testMarks, Timeout: test.timeout})
			if !errors.Is(r.err, test.want) || !strings.Contains(r.err.Error(), test.message) {
				t.Errorf("err = %v, want %v with %q", r.err, test.want, test.message)
			}
		})
	}
}

// TestStalled: the registers of a guest that hangs are read before its time is over.
func TestStalled(t *testing.T) {
	var stalled buffer
	boot(t, t.Context(), Machine{File: guestDisk(t, "", endHang), Timeout: 10 * time.Second, Screenshot: filepath.Join(t.TempDir(), "shot.png"), Stalled: &stalled})
	if got := strings.Count(stalled.String(), "CPU#0"); got != stallLooks {
		t.Errorf("registers of %d looks, want %d:\n%s", got, stallLooks, stalled.String())
	}
}

func TestScreenshot(t *testing.T) {
	shot := filepath.Join(t.TempDir(), "screen.png")
	r := boot(t, t.Context(), Machine{File: guestDisk(t, "", endHang), Timeout: 5 * time.Second, Screenshot: shot})
	if !errors.Is(r.err, ErrTimeout) {
		t.Fatal(r.err)
	}
	b, err := os.ReadFile(shot)
	if err != nil || !bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) {
		t.Errorf("screenshot: %d bytes, %v", len(b), err)
	}
}

// TestInput types into a guest that echoes: nothing may be sent before its prompt, one line goes to each prompt, and
// the end of input is Ctrl-D.
func TestInput(t *testing.T) {
	r := boot(t, t.Context(), Machine{File: guestDisk(t, "hello\r\n> ", endEcho), Stdin: strings.NewReader("first\nsecond")})
	if r.err != nil || !strings.Contains(r.console, "hello\r\n> first\r> second\r> ") {
		t.Errorf("console %q, %v", r.console, r.err)
	}
}

// TestKeys: what a person types goes to the guest at once, without a prompt.
func TestKeys(t *testing.T) {
	r, w := io.Pipe()
	keys := &Terminal{r}
	typed := &onText{text: "no prompt\r\n", do: func() { go io.WriteString(w, "abc\x04") }}
	got := boot(t, t.Context(), Machine{File: guestDisk(t, "no prompt\r\n", endEcho), Stdin: keys, Console: typed})
	if got.err != nil || !strings.Contains(got.console, "no prompt\r\nabc") {
		t.Errorf("console %q, %v", got.console, got.err)
	}
}

func TestInterruptLeavesNoQEMU(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	file := guestDisk(t, "running\r\n", endHang)
	r := boot(t, ctx, Machine{File: file, Console: &onText{text: "running\r\n", do: cancel}})
	if !errors.Is(r.err, context.Canceled) {
		t.Errorf("err = %v, want Canceled", r.err)
	}
	// Every process that names the disk on its command line would be ours.
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if b, err := os.ReadFile(line); err == nil && bytes.Contains(b, []byte(filepath.Dir(file))) {
			t.Errorf("still running: %s: %q", line, b)
		}
	}
}

// TestAutoAlwaysAnswers boots with whatever accelerator this machine offers. Where KVM cannot run the guest the run
// must still succeed, and say that it changed over.
func TestAutoAlwaysAnswers(t *testing.T) {
	r := boot(t, t.Context(), Machine{File: guestDisk(t, "begin\r\nhi\r\nend\r\n", endSuccess), Marks: testMarks, Accel: AccelAuto})
	if r.err != nil || r.text != "hi\n" {
		t.Errorf("text %q, log %q, %v", r.text, r.log, r.err)
	}
	t.Logf("log: %s", r.log)
}

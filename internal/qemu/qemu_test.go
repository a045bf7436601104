package qemu

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSplitter(t *testing.T) {
	for _, test := range []struct{ in, text, console string }{
		{"", "", ""},
		{"boot\nbegin\nabc\nend\nbye\n", "abc\n", "boot\nbye\n"},
		{"begin\n\nend\n", "\n", ""},
		{"begin\nend\n", "", ""},
		{"beginning\nbegin\nendless\n end\nend\n", "endless\n end\n", "beginning\n"},
		{"begin\nno end", "no end", ""},
		{"begin\nen", "en", ""},
		{"beg", "", "beg"},
		{"a\nbegin\nx\nend\nb\nbegin\ny\nend\n", "x\ny\n", "a\nb\n"},
	} {
		for _, size := range []int{1, 2, 3, 1000} {
			var text, console bytes.Buffer
			ends := 0
			s := &splitter{console: &console, text: &text, marks: Marks{"begin", "end"}, ended: func() { ends++ }}
			for in := test.in; in != ""; {
				n := min(size, len(in))
				if _, err := s.Write([]byte(in[:n])); err != nil {
					t.Fatal(err)
				}
				in = in[n:]
			}
			if err := s.flush(); err != nil {
				t.Fatal(err)
			}
			if text.String() != test.text || console.String() != test.console {
				t.Errorf("%q by %d: text %q, console %q; want %q, %q", test.in, size, text.String(), console.String(), test.text, test.console)
			}
			if want := strings.Count("\n"+test.in, "\nend\n"); ends != want {
				t.Errorf("%q: %d ends, want %d", test.in, ends, want)
			}
		}
	}
}

// TestSplitterStreams: text must not wait for the end of its line.
func TestSplitterStreams(t *testing.T) {
	var text bytes.Buffer
	s := &splitter{console: &bytes.Buffer{}, text: &text, marks: Marks{"begin", "end"}}
	s.Write([]byte("begin\nOnce up"))
	if text.String() != "Once up" {
		t.Errorf("text so far %q", text.String())
	}
}

func TestPlain(t *testing.T) {
	var out bytes.Buffer
	p := &plain{w: &out}
	for _, c := range []byte("\x1b[2J\x1b[01;01H\x1b[=3hBdsDxe: loading\r\n\x1b(0caf\u00e9\x00\x7f\tx\r\n") {
		p.Write([]byte{c})
	}
	if got, want := out.String(), "BdsDxe: loading\n0caf\u00e9\tx\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTail(t *testing.T) {
	var w tail
	for i := range 30 {
		w.Write([]byte(strings.Repeat("x", i*20) + "\r\n"))
	}
	w.Write([]byte("\n  \nunfinished"))
	got := w.last()
	if len(got) != tailLines-2+1 || got[len(got)-1] != "unfinished" || len(got[0]) != 240 || len(got[len(got)-2]) != tailLineSize {
		t.Errorf("%d lines: %q", len(got), got)
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bootable := make([]byte, 1024)
	bootable[0x1fe], bootable[0x1ff] = 0x55, 0xaa
	good := Machine{File: write("good", bootable), Accel: AccelAuto, CPUs: 1, Memory: "1G", Disk: DefaultDisk}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		change func(*Machine)
		want   string
	}{
		{func(m *Machine) { m.File = write("gguf", append([]byte("GGUF"), make([]byte, 1000)...)) }, "llamaboot build --model"},
		{func(m *Machine) { m.File = write("tiny gguf", []byte("GGUF1")) }, "llamaboot build --model"},
		{func(m *Machine) { m.File = write("empty", nil) }, "not a bootable disk: 0 bytes"},
		{func(m *Machine) { m.File = write("text", make([]byte, 512)) }, "bytes at 0x1fe are 00 00, want 55 aa"},
		{func(m *Machine) { m.File = filepath.Join(dir, "none") }, "no such file"},
		{func(m *Machine) { m.Disk = "floppy" }, "want one of ahci, ide, lsi, "},
		{func(m *Machine) { m.Chipset = "vax" }, "want pc or q35"},
		{func(m *Machine) { m.Disk, m.Chipset = "ide", Q35 }, `machine "q35" has no ide disk, only pc has`},
		{func(m *Machine) { m.Accel = "xen" }, "want auto, kvm or tcg"},
		{func(m *Machine) { m.CPUs = 0 }, "want 1 to 255"},
		{func(m *Machine) { m.GuestArgs = []string{"a\nb"} }, "one argument a line"},
		{func(m *Machine) { m.GuestArgs = []string{""} }, "one argument a line"},
	} {
		m := good
		test.change(&m)
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Check = %v, want %q", err, test.want)
		}
	}
}

// fakeQEMU puts a shell script called qemu-system-x86_64 first on the PATH.
func fakeQEMU(t *testing.T, script string) Machine {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, binaryName), []byte("#!/bin/sh\n"+script), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	disk := make([]byte, 1024)
	disk[0x1fe], disk[0x1ff] = 0x55, 0xaa
	file := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(file, disk, 0o666); err != nil {
		t.Fatal(err)
	}
	return Machine{File: file, Accel: AccelTCG, Disk: "ide", CPUs: 2, Memory: "1G", Timeout: 20 * time.Second}
}

func runFake(t *testing.T, m Machine) (console, log string, err error) {
	t.Helper()
	var out, messages buffer
	m.Console = &out
	m.Log = func(format string, args ...any) { messages.Write([]byte(format + "\n")) }
	err = m.Run(t.Context())
	return out.String(), messages.String(), err
}

// kvmScript runs one script under KVM and another under TCG.
func kvmScript(kvm, tcg string) string {
	return "case \"$*\" in *'-accel kvm'*)\n" + kvm + "\n;; esac\n" + tcg + "\n"
}

func TestFallBackFromKVM(t *testing.T) {
	if why := kvmUnavailable(); why != "" {
		t.Skip("no KVM to fall back from: " + why)
	}
	ok := "echo emulated; exit 33"
	for name, kvm := range map[string]string{
		"emulation failure": "echo 'KVM internal error. Suberror: 1' >&2; echo 'emulation failure' >&2; exec sleep 60",
		"not accessible":    "echo 'Could not access KVM kernel module: Permission denied' >&2; exit 1",
		"assertion":         "echo 'kvm_buf_set_msrs: Assertion failed' >&2; kill -ABRT $$",
	} {
		t.Run(name, func(t *testing.T) {
			m := fakeQEMU(t, kvmScript(kvm, ok))
			m.Accel = AccelAuto
			console, log, err := runFake(t, m)
			if err != nil || console != "emulated\n" || !strings.Contains(log, "going on with TCG") {
				t.Errorf("console %q, log %q, %v", console, log, err)
			}
			m.Accel = AccelKVM // asked for: no other way is tried
			if console, _, err := runFake(t, m); err == nil || console != "" {
				t.Errorf("with kvm: console %q, %v; want an error", console, err)
			}
		})
	}
	t.Run("silence", func(t *testing.T) {
		m := fakeQEMU(t, kvmScript("exec sleep 60", ok))
		m.Accel, m.Timeout = AccelAuto, 2*time.Second
		if console, _, err := runFake(t, m); err != nil || console != "emulated\n" {
			t.Errorf("console %q, %v", console, err)
		}
	})
	t.Run("a guest's failure is no reason", func(t *testing.T) {
		m := fakeQEMU(t, kvmScript("echo no; exit 35", ok))
		m.Accel = AccelAuto
		if console, _, err := runFake(t, m); !errors.Is(err, ErrGuestFailed) || console != "no\n" {
			t.Errorf("console %q, %v", console, err)
		}
	})
}

func TestGuestArguments(t *testing.T) {
	m := fakeQEMU(t, `for a; do case $a in name=opt/org.llamaboot/args,file=*) cat "${a#*file=}";; esac; done; exit 33`)
	m.GuestArgs = []string{"--cli", "-p", "Once, upon = a time", "-n", "5"}
	console, _, err := runFake(t, m)
	if want := "--cli\n-p\nOnce, upon = a time\n-n\n5\n"; err != nil || console != want {
		t.Errorf("the guest got %q, %v; want %q", console, err, want)
	}
}

// TestMachineArguments: what a machine is made of reaches QEMU.
func TestMachineArguments(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"X_CODE.fd", "X_VARS.fd", "whole.fd"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		change func(*Machine)
		want   []string
	}{
		{func(m *Machine) {}, []string{"-machine pc -accel tcg -cpu max -smp 2 -m 1G", "-device ide-hd,drive=disk,bootindex=0"}},
		{func(m *Machine) { m.Disk, m.Chipset, m.CPU = "ahci", PC, "core2duo" }, []string{"-machine pc ", "-cpu core2duo", "-device ahci,id=sata -device ide-hd,drive=disk,bootindex=0,bus=sata.0"}},
		{func(m *Machine) { m.Sparse, m.Memory, m.MachineOptions = true, "64G,slots=2", "max-ram-below-4g=1G" }, []string{"-machine pc,max-ram-below-4g=1G,memory-backend=ram", "-object memory-backend-ram,id=ram,reserve=off,size=64G "}},
		{func(m *Machine) { m.Devices, m.Extra = []string{"nvme,drive=disk"}, []string{"-device", "edu"} }, []string{"-device nvme,drive=disk", "-device edu"}},
		{func(m *Machine) { m.Faults = "[inject-error]" }, []string{"file=blkdebug:"}},
		{func(m *Machine) { m.UEFI, m.Firmware, m.SecureBoot = true, filepath.Join(dir, "X_CODE.fd"), true }, []string{"-machine pc,smm=on", "readonly=on,file=" + dir + "/X_CODE.fd", "/X_VARS.fd", "driver=cfi.pflash01,property=secure,value=on"}},
		{func(m *Machine) { m.UEFI, m.Firmware = true, filepath.Join(dir, "whole.fd") }, []string{"-bios " + dir + "/whole.fd"}},
	} {
		m := fakeQEMU(t, `echo "$* "; exit 33`)
		test.change(&m)
		console, _, err := runFake(t, m)
		if err != nil {
			t.Errorf("%+v: %v", m, err)
		}
		for _, want := range test.want {
			if !strings.Contains(console, want) {
				t.Errorf("no %q in %s", want, console)
			}
		}
	}
}

func TestQEMUItselfFails(t *testing.T) {
	m := fakeQEMU(t, "echo 'qemu-system-x86_64: -m 99T: cannot set up guest memory' >&2; exit 1")
	if _, _, err := runFake(t, m); err == nil || !strings.Contains(err.Error(), "  | qemu-system-x86_64: -m 99T: cannot set up guest memory") {
		t.Errorf("err = %v", err)
	}
}

func TestMissing(t *testing.T) {
	m := fakeQEMU(t, "exit 33")
	m.UEFI = true
	t.Setenv(FirmwareEnv, filepath.Join(t.TempDir(), "none.fd"))
	var missing *MissingError
	if _, _, err := runFake(t, m); !errors.As(err, &missing) || missing.Package != "ovmf" || !strings.Contains(err.Error(), "none.fd") {
		t.Errorf("without OVMF: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, _, err := runFake(t, m); !errors.As(err, &missing) || missing.Package != "qemu-system-x86" || !strings.Contains(missing.Hint(), "apt-get install qemu-system-x86") {
		t.Errorf("without QEMU: %v", err)
	}
}

func TestInterruptedBeforeVerdict(t *testing.T) {
	m := fakeQEMU(t, "exec sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	m.Console, m.Log = &buffer{}, func(string, ...any) {}
	start := time.Now()
	if err := m.Run(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("err = %v after %v", err, time.Since(start))
	}
}

func TestDecodePPM(t *testing.T) {
	img, err := decodePPM([]byte("P6\n2 1\n255\n\x01\x02\x03\xff\xfe\xfd"))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, a := img.At(1, 0).RGBA(); r>>8 != 0xff || g>>8 != 0xfe || b>>8 != 0xfd || a>>8 != 0xff {
		t.Errorf("pixel 1 = %x %x %x %x", r>>8, g>>8, b>>8, a>>8)
	}
	for _, bad := range []string{"", "P5\n2 1\n255\n123456", "P6\n2 1\n255\n12345", "P6\n2 1\n65535\n123456", "P6\n99999 99999\n255\n", "P6\n-2 1\n255\n"} {
		if _, err := decodePPM([]byte(bad)); err == nil {
			t.Errorf("decodePPM(%q): accepted", bad)
		}
	}
}

package qemu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// killDelay is how long Run waits for QEMU's pipes after it was killed.
const killDelay = 5 * time.Second

// Run boots the machine and returns nil only if the guest reported success. QEMU is gone when Run returns, whatever
// happened; ending ctx ends it.
func (m *Machine) Run(ctx context.Context) error {
	if err := m.Check(); err != nil {
		return err
	}
	binary, err := findBinary()
	if err != nil {
		return err
	}
	var fw firmware
	if m.UEFI {
		if fw, err = findOVMF(binary, m.Firmware, m.SecureBoot); err != nil {
			return err
		}
	}
	stdin := newInput(m.Stdin)
	if m.Accel != AccelAuto {
		return m.boot(ctx, binary, fw, m.Accel, stdin)
	}
	if why := kvmUnavailable(); why != "" {
		m.Log("no KVM here (%s), using TCG, which emulates the CPU", why)
		return m.boot(ctx, binary, fw, AccelTCG, stdin)
	}
	err = m.boot(ctx, binary, fw, AccelKVM, stdin)
	if errors.Is(err, errKVM) {
		m.Log("%v; going on with TCG, which emulates the CPU", err)
		err = m.boot(ctx, binary, fw, AccelTCG, stdin)
	}
	return err
}

// kvmUnavailable says why KVM cannot even be tried, or nothing.
func kvmUnavailable() string {
	if runtime.GOOS != "linux" {
		return "not Linux"
	}
	if runtime.GOARCH != "amd64" {
		return "not an x86_64 host"
	}
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return err.Error()
	}
	f.Close()
	return ""
}

// attempt is one run of QEMU.
type attempt struct {
	*Machine
	accel  string
	serial tail // what the guest wrote
	stderr tail // what QEMU itself said
	cancel context.CancelCauseFunc
	screen chan struct{} // asks for a screenshot
}

// boot runs QEMU once with one accelerator.
func (m *Machine) boot(ctx context.Context, binary string, fw firmware, accel string, stdin *input) error {
	dir, err := os.MkdirTemp("", "llamaboot-qemu-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	qmp := ""
	if runtime.GOOS != "windows" { // QEMU for Windows has no Unix sockets
		qmp = filepath.Join(dir, "qmp")
	}
	args, err := m.arguments(accel, dir, qmp, fw)
	if err != nil {
		return err
	}

	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if m.Timeout > 0 {
		var stop context.CancelFunc
		run, stop = context.WithTimeoutCause(run, m.Timeout, ErrTimeout)
		defer stop()
	}
	a := &attempt{Machine: m, accel: accel, cancel: cancel, screen: make(chan struct{}, 1)}
	cmd := exec.CommandContext(run, binary, args...)
	ownGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }
	cmd.WaitDelay = killDelay
	out, flush := a.output(stdin)
	cmd.Stdout = out
	cmd.Stderr = io.MultiWriter(&a.stderr, &kvmWatch{a: a})
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	stdin.connect(pipe)
	defer stdin.connect(nil)
	watched := make(chan struct{})
	go func() { a.watch(run, qmp, dir); close(watched) }()
	waitErr := cmd.Wait()
	cause := context.Cause(run)
	cancel(nil)
	<-watched
	if err := flush(); err != nil {
		return err
	}
	if a.Marks != nil && a.serial.unfinished() {
		io.WriteString(a.Console, "\n") // what is said next must not stand on the guest's line
	}
	return a.verdict(ctx, cause, waitErr, cmd.ProcessState)
}

// output builds the chain behind the serial port and the function that ends it.
func (a *attempt) output(stdin *input) (out io.Writer, flush func() error) {
	if a.Marks == nil {
		return io.MultiWriter(&a.serial, stdin.promptWatch(), a.Console), func() error { return nil }
	}
	split := &splitter{console: a.Console, text: a.Text, marks: *a.Marks, ended: func() {
		select {
		case a.screen <- struct{}{}:
		default:
		}
	}}
	return &plain{w: io.MultiWriter(&a.serial, stdin.promptWatch(), split)}, split.flush
}

// watch follows a running guest: the control socket, screenshots, and a KVM that makes no progress.
func (a *attempt) watch(ctx context.Context, qmp, dir string) {
	if a.accel == AccelKVM && a.Accel == AccelAuto {
		wait := silentKVM
		if a.Timeout > 0 {
			wait = min(wait, a.Timeout/2)
		}
		timer := time.AfterFunc(wait, func() {
			if a.serial.size() == 0 {
				a.cancel(fmt.Errorf("%w: no output for %v", errKVM, wait))
			}
		})
		defer timer.Stop()
	}
	if qmp == "" {
		<-ctx.Done()
		return
	}
	c, err := dialQMP(ctx, qmp, func() {
		if a.accel == AccelKVM {
			a.cancel(fmt.Errorf("%w: it paused the guest with an internal error", errKVM))
		}
	})
	if err != nil {
		return // QEMU ended at once; its status says why
	}
	defer c.close()
	if a.Stalled != nil && a.Timeout > 0 {
		stalled := make(chan struct{})
		go func() { a.watchStall(ctx, secondMonitor(qmp)); close(stalled) }()
		defer func() { <-stalled }()
	}
	if a.Screenshot != "" {
		recordScreen(ctx, c, dir, a.Screenshot, a.screen, a.Log)
	}
	<-ctx.Done()
}

// kvmWatch reads QEMU's own messages for the ones of a KVM that cannot run the guest: QEMU then waits for a debugger.
type kvmWatch struct{ a *attempt }

// kvmFailures are what QEMU prints, and what it means.
var kvmFailures = []struct{ message, meaning string }{
	{"emulation failure", "its instruction emulator met an instruction it does not know"},
	{"KVM internal error", "internal error"},
	{"failed to initialize kvm", "it cannot be initialised"},
	{"Could not access KVM", "it cannot be opened"},
	{"KVM: entry failed", "the CPU refused to enter the guest"},
}

func (w *kvmWatch) Write(p []byte) (int, error) {
	if w.a.accel == AccelKVM {
		text := strings.Join(w.a.stderr.last(), "\n") // the tail before this one in the chain has p already
		for _, f := range kvmFailures {
			if strings.Contains(text, f.message) {
				w.a.cancel(fmt.Errorf("%w: %s", errKVM, f.meaning))
				break
			}
		}
	}
	return len(p), nil
}

// verdict turns the end of QEMU into the result of Run.
func (a *attempt) verdict(parent context.Context, cause, waitErr error, state *os.ProcessState) error {
	if err := parent.Err(); err != nil {
		return fmt.Errorf("interrupted: %w", err)
	}
	code := state.ExitCode()
	if code == statusSuccess { // even when the timeout struck at the same moment
		return nil
	}
	bad := &GuestError{Lines: a.serial.last()}
	switch {
	case errors.Is(cause, errKVM):
		return cause
	case errors.Is(cause, ErrTimeout):
		bad.Err = fmt.Errorf("%w (%v)", ErrTimeout, a.Timeout)
		bad.hint = "--timeout gives it longer; emulated CPUs are some 20 times slower than real ones"
		return bad
	case code == statusFailure:
		bad.Err = ErrGuestFailed
		return bad
	case code == 0:
		bad.Err = ErrNoVerdict
		bad.hint = "a reset before the first line means that the boot code did not start; --disk and --bios or --uefi try another way in"
		return bad
	}
	lines := a.stderr.last()
	if a.accel == AccelKVM && a.Accel == AccelAuto {
		// QEMU itself gave up, with an assertion for example: whatever the reason, TCG does not share it.
		return fmt.Errorf("%w: QEMU ended with %v: %s", errKVM, state, strings.Join(lines[:min(1, len(lines))], ""))
	}
	if len(lines) > 0 {
		return fmt.Errorf("QEMU ended with %v:\n  | %s", state, strings.Join(lines, "\n  | "))
	}
	return fmt.Errorf("QEMU ended with %v and without a message: %w", state, waitErr)
}

//go:build unix && !aix && !solaris && !illumos

package console

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// suspendEnv makes the test binary the program that TestSuspend stops.
const suspendEnv = "CONSOLE_TEST_SUSPEND"

// TestSuspend stops a program and continues it. Until then it must not get to what follows Suspend, or it would draw
// over the shell's prompt and leave the terminal raw for it.
func TestSuspend(t *testing.T) {
	if os.Getenv(suspendEnv) != "" {
		terminal := &Terminal{in: os.Stdin, out: os.Stdout}
		terminal.Suspend()
		os.Stdout.WriteString("continued")
		return
	}
	out, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestSuspend$")
	cmd.Env = append(os.Environ(), suspendEnv+"=1")
	cmd.Stdout = out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a group with a parent outside: one that can be stopped
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer stuck.Stop()
	var status unix.WaitStatus
	if _, err := unix.Wait4(cmd.Process.Pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Skipf("not stopped here (%v, status %#x): the tests may run where nobody could continue it", err, status)
	}
	if b, err := os.ReadFile(out.Name()); err != nil || strings.Contains(string(b), "continued") {
		t.Errorf("it has written %q while it is stopped (%v)", b, err)
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(out.Name()); err != nil || !strings.Contains(string(b), "continued") {
		t.Errorf("it has written %q after it was continued (%v)", b, err)
	}
}

//go:build unix

package app

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asProgram in the environment makes the test binary the program, with the arguments in it, one a line.
const asProgram = "LLAMABOOT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if args, ok := os.LookupEnv(asProgram); ok {
		os.Exit(Main(Hosted("llamafile", strings.Split(args, "\n"))))
	}
	os.Exit(m.Run())
}

// TestCtrlCWhileReading: Ctrl-C ends a program that still waits for its prompt.
func TestCtrlCWhileReading(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asProgram+"=-m\n../../testdata/demo.gguf\n--cli\n-f\n-")
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(stdin, strings.Repeat("x", 1<<20)); err != nil { // more than a pipe holds: it is reading
		t.Fatal(err)
	}
	cmd.Process.Signal(os.Interrupt)
	stuck := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	defer stuck.Stop()
	cmd.Wait()
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !s.Signaled() || s.Signal() != syscall.SIGINT {
		t.Errorf("ended with %v, want %v", cmd.ProcessState, syscall.SIGINT)
	}
}

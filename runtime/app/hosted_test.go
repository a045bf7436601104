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

// TestCtrlCAgain: when the first Ctrl-C changes nothing, because the program hangs in a write that nobody reads, one of
// the next ends it.
func TestCtrlCAgain(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	w.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	for err == nil {
		_, err = w.Write(make([]byte, 1<<10)) // until it is full
	}
	for wait := 100 * time.Millisecond; wait < 10*time.Second; wait *= 2 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asProgram+"=-m\n../../testdata/demo.gguf\n--cli\n-p\nOnce")
		cmd.Stdout = w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		stuck := time.AfterFunc(wait+5*time.Second, func() { cmd.Process.Kill() })
		for over := false; !over; {
			select {
			case <-ended:
				over = true
			case <-time.After(wait):
				cmd.Process.Signal(os.Interrupt)
			}
		}
		stuck.Stop()
		if s := cmd.ProcessState.Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != syscall.SIGINT {
			if s.ExitStatus() != ExitInterrupted {
				t.Errorf("ended with %v, want status %d", cmd.ProcessState, ExitInterrupted)
			}
			return
		}
		// The first one came before the program looked for it: give it more time to start.
	}
	t.Error("the program never looked for Ctrl-C")
}

//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRunObeysSignals: Ctrl-C and kill end the program that run starts while it waits for its prompt.
func TestRunObeysSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd := exec.Command("llamaboot", "run", "../../testdata/demo.gguf", "--cli", "-f", "-") // which testscript.Main puts into PATH
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
		cmd.Process.Signal(signal)
		stuck := time.AfterFunc(10*time.Second, func() { cmd.Process.Signal(os.Kill) })
		cmd.Wait()
		stuck.Stop()
		if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !s.Signaled() || s.Signal() != signal {
			t.Errorf("ended with %v, want %v", cmd.ProcessState, signal)
		}
	}
}

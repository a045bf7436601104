//go:build unix

package qemu

import (
	"os/exec"
	"syscall"
)

// killGroup ends QEMU's process group.
func killGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

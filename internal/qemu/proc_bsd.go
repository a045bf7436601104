//go:build unix && !linux

package qemu

import (
	"os/exec"
	"syscall"
)

// ownGroup puts QEMU into a process group of its own, so that killing the group takes all of it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

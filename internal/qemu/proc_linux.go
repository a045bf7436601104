package qemu

import (
	"os/exec"
	"syscall"
)

// ownGroup puts QEMU into a process group of its own, so that killing the group takes all of it, and lets the kernel
// end it should this process die without a chance to.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

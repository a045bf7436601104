package kern

import (
	"syscall"
	"testing"
)

// TestNumbers compares our numbers of system calls with those Go's own package uses.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want int
	}{
		{"sysRead", sysRead, syscall.SYS_READ},
		{"sysWrite", sysWrite, syscall.SYS_WRITE},
		{"sysClose", sysClose, syscall.SYS_CLOSE},
		{"sysMmap", sysMmap, syscall.SYS_MMAP},
		{"sysMprotect", sysMprotect, syscall.SYS_MPROTECT},
		{"sysMunmap", sysMunmap, syscall.SYS_MUNMAP},
		{"sysSigaction", sysSigaction, syscall.SYS_RT_SIGACTION},
		{"sysSigprocmask", sysSigprocmask, syscall.SYS_RT_SIGPROCMASK},
		{"sysSigreturn", sysSigreturn, syscall.SYS_RT_SIGRETURN},
		{"sysSchedYield", sysSchedYield, syscall.SYS_SCHED_YIELD},
		{"sysMadvise", sysMadvise, syscall.SYS_MADVISE},
		{"sysNanosleep", sysNanosleep, syscall.SYS_NANOSLEEP},
		{"sysGetpid", sysGetpid, syscall.SYS_GETPID},
		{"sysClone", sysClone, syscall.SYS_CLONE},
		{"sysExit", sysExit, syscall.SYS_EXIT},
		{"sysKill", sysKill, syscall.SYS_KILL},
		{"sysFcntl", sysFcntl, syscall.SYS_FCNTL},
		{"sysSigaltstack", sysSigaltstack, syscall.SYS_SIGALTSTACK},
		{"sysPrctl", sysPrctl, syscall.SYS_PRCTL},
		{"sysGettid", sysGettid, syscall.SYS_GETTID},
		{"sysTkill", sysTkill, syscall.SYS_TKILL},
		{"sysFutex", sysFutex, syscall.SYS_FUTEX},
		{"sysSchedSetaffinity", sysSchedSetaffinity, syscall.SYS_SCHED_SETAFFINITY},
		{"sysSchedGetaffinity", sysSchedGetaffinity, syscall.SYS_SCHED_GETAFFINITY},
		{"sysClockGettime", sysClockGettime, syscall.SYS_CLOCK_GETTIME},
		{"sysExitGroup", sysExitGroup, syscall.SYS_EXIT_GROUP},
		{"sysEpollCtl", sysEpollCtl, syscall.SYS_EPOLL_CTL},
		{"sysTgkill", sysTgkill, syscall.SYS_TGKILL},
		{"sysOpenat", sysOpenat, syscall.SYS_OPENAT},
		{"sysReadlinkat", sysReadlinkat, syscall.SYS_READLINKAT},
		{"sysFaccessat", sysFaccessat, syscall.SYS_FACCESSAT},
		{"sysEpollPwait", sysEpollPwait, syscall.SYS_EPOLL_PWAIT},
		{"sysEventfd2", sysEventfd2, syscall.SYS_EVENTFD2},
		{"sysEpollCreate1", sysEpollCreate1, syscall.SYS_EPOLL_CREATE1},
		{"sysPrlimit64", sysPrlimit64, syscall.SYS_PRLIMIT64},
	} {
		if c.got != c.want {
			t.Errorf("%s = %d, want %d", c.name, c.got, c.want)
		}
	}
}

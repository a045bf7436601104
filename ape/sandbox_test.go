//go:build linux && amd64

package ape_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/llamaboot/llamaboot/ape/apetest"
)

// namespace is the command that runs a shell script, the next argument, in a mount namespace of
// its own with /var/tmp and /dev/shm empty and allowing programs.
func namespace(t *testing.T, script string) []string {
	t.Helper()
	if err := exec.Command("unshare", "-rm", "true").Run(); err != nil {
		t.Skip("unshare cannot make a mount namespace here: ", err)
	}
	return []string{"unshare", "-rm", "dash", "-c", "mount -t tmpfs none /var/tmp && mount -t tmpfs none /dev/shm && " + script, "sh"}
}

// TestNoexec: where HOME and TMPDIR start no programs, another folder does, and the second
// start makes no copy again.
func TestNoexec(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	inShells(t, func(t *testing.T, words []string) {
		home, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
		env := []string{"HOME=" + home, "TMPDIR=" + home + "/tmp", "PATH=" + tools(t, map[string]string{
			"chmod": `echo "$2" >>'` + log + `'; exec /bin/chmod "$@"`,
		})}
		script := `mount -t tmpfs -o noexec none "$HOME" && mkdir "$HOME/tmp" && "$@" >"$HOME/out" 2>&1; [ $? = 42 ] || cat "$HOME/out" >&2; exec "$@"`
		lines := apetest.Start(t, "/", env, join(join(namespace(t, script), words...), path)...)
		if !strings.HasPrefix(lines[0], "/var/tmp/llamaboot-") {
			t.Errorf("started %s, want it below /var/tmp: HOME and TMPDIR are noexec", lines[0])
		}
		// One for each of HOME, TMPDIR and /var/tmp; busybox runs its own chmod.
		copies, err := os.ReadFile(log)
		if n := strings.Count(string(copies), "\n"); words[0] != "busybox" && n != 3 {
			t.Errorf("made %d copies in two starts (%v), want 3:\n%s", n, err, copies)
		}
	})
}

// TestFull goes on to another folder where there is no space, and says so where there is none at all.
func TestFull(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	const full = `mount -t tmpfs -o size=4k none "$HOME" && mkdir "$HOME/tmp"; dd if=/dev/zero of="$HOME/x" bs=4096 count=1 2>/dev/null; `
	inShells(t, func(t *testing.T, words []string) {
		home := t.TempDir()
		env := []string{"HOME=" + home, "TMPDIR=" + home + "/tmp", "PATH=/usr/bin:/bin"}
		lines := apetest.Start(t, "/", env, join(join(namespace(t, full+`exec "$@"`), words...), path)...)
		if !strings.HasPrefix(lines[0], "/var/tmp/llamaboot-") {
			t.Errorf("started %s, want it below /var/tmp", lines[0])
		}
		none := join(join(namespace(t, full+`mount --bind "$HOME" /var/tmp && mount --bind "$HOME" /dev/shm && exec "$@"`), words...), path)
		cmd := exec.Command(none[0], none[1:]...)
		cmd.Env = env
		fails(t, cmd, 1)
	})
}

// TestNoDevices starts the file without /dev/null and /proc.
func TestNoDevices(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	inShells(t, func(t *testing.T, words []string) {
		home := t.TempDir()
		script := `mount -t tmpfs none /dev && mount -t tmpfs none /proc && ls -A /dev /proc >"$HOME/before" && "$@"; e=$?
			ls -A /dev /proc >"$HOME/after" && cmp "$HOME/before" "$HOME/after" && exit $e`
		for range 2 {
			lines := apetest.Start(t, "/", apetest.Env(home), join(join(namespace(t, script), words...), path)...)
			if want := cached(t, path, home); lines[0] != want {
				t.Errorf("started %s, want %s", lines[0], want)
			}
		}
	})
}

// TestNobodysHome: root must not put files into the home of another user.
func TestNobodysHome(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can make another user's folder")
	}
	path := apetest.Write(t, apetest.Input(t))
	inShells(t, func(t *testing.T, words []string) {
		for name, folders := range map[string][]string{"empty": nil, "with a cache": {".cache"}, "with ours": {".cache", ".cache/llamaboot"}} {
			home, tmp := t.TempDir(), t.TempDir()
			for _, f := range append([]string{"."}, folders...) {
				_ = os.Mkdir(filepath.Join(home, f), 0o755)
				if err := os.Chown(filepath.Join(home, f), 65534, 65534); err != nil {
					t.Fatal(err)
				}
			}
			lines := apetest.Start(t, "/", append(apetest.Env(home), "TMPDIR="+tmp), join(words, path)...)
			if !strings.HasPrefix(lines[0], tmp) {
				t.Errorf("%s: started %s, want it below %s", name, lines[0], tmp)
			}
			n := -1
			_ = filepath.WalkDir(home, func(string, os.DirEntry, error) error { n++; return nil })
			if n != len(folders) {
				t.Errorf("%s: %d files in the home, want %d", name, n, len(folders))
			}
		}
	})
}

// unprivileged makes a command run by a user who may not do everything, and opens the folders,
// which lie below the one for temporary files, to that user.
func unprivileged(t *testing.T, command []string, folders ...string) []string {
	t.Helper()
	if os.Getuid() != 0 {
		return command
	}
	for _, dir := range folders {
		for ; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
		}
	}
	return join([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, command...)
}

// TestAssimilateReadOnly must say that the file could not be changed.
func TestAssimilateReadOnly(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	if err := os.Chmod(path, 0o555); err != nil {
		t.Fatal(err)
	}
	inShells(t, func(t *testing.T, words []string) {
		command := unprivileged(t, join(words, path, "--assimilate"), filepath.Dir(path))
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Env = apetest.Env(t.TempDir())
		fails(t, cmd, 1)
	})
}

// TestClosedFolder starts the file from a folder below one that nobody may pass.
func TestClosedFolder(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	inShells(t, func(t *testing.T, words []string) {
		if words[0] == "posh" {
			return // crashes where it cannot find out its folder
		}
		dir := t.TempDir()
		script := `mkdir -p a/b h && cp "$FILE" a/b/x && cd a/b && chmod 0 .. && export HOME="$1/h" && shift && "$@" x; e=$?
			chmod 700 ..; exit $e`
		cmd := []string{"dash", "-c", script, "sh", dir}
		cmd = unprivileged(t, cmd, dir, filepath.Dir(path))
		lines := apetest.Start(t, dir, append(apetest.Env(dir), "FILE="+path), join(cmd, words...)...)
		if !slices.Contains(lines, "LLAMABOOT_SELF=./x") {
			t.Errorf("no LLAMABOOT_SELF=./x in %q", lines)
		}
	})
}

// refuseEnv makes the test program start its arguments as an old Docker does.
const refuseEnv = "LLAMABOOT_TEST_REFUSE"

func init() {
	if os.Getenv(refuseEnv) != "" {
		fmt.Fprintln(os.Stderr, refuse(os.Args[1:]))
		os.Exit(1)
	}
}

// refuse becomes the given program, with faccessat2 failing with EPERM: so do sandboxes that
// do not know the call, whereas libraries expect ENOSYS.
func refuse(command []string) error {
	const (
		load, jumpEqual, ret   = 0x20, 0x15, 0x06 // BPF: LD|W|ABS, JMP|JEQ|K, RET|K
		allow, fail            = 0x7fff0000, 0x00050000
		faccessat2             = 439
		setNoNewPrivs, seccomp = 38, 22 // prctl
		filterMode             = 2
	)
	filter := []syscall.SockFilter{
		{Code: load, K: 0}, // the call's number
		{Code: jumpEqual, Jf: 1, K: faccessat2},
		{Code: ret, K: fail | uint32(syscall.EPERM)},
		{Code: ret, K: allow},
	}
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, err := syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivs, 1, 0, 0, 0, 0); err != 0 {
		return err
	}
	if _, _, err := syscall.RawSyscall(syscall.SYS_PRCTL, seccomp, filterMode, uintptr(unsafe.Pointer(&program))); err != 0 {
		return err
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	env := os.Environ()
	for i, e := range env {
		if strings.HasPrefix(e, refuseEnv+"=") {
			env = append(env[:i:i], env[i+1:]...)
			break
		}
	}
	return syscall.Exec(path, command, env)
}

// TestOldDocker: there test -x, -r and -w may be false whatever the file.
func TestOldDocker(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	inShells(t, func(t *testing.T, words []string) {
		home := t.TempDir()
		env, command := append(apetest.Env(home), refuseEnv+"=1"), join(join([]string{os.Args[0]}, words...), path)
		if words[0] == "yash" { // finds no program at all there
			cmd := exec.Command(command[0], command[1:]...)
			cmd.Env = env
			fails(t, cmd, 1)
			return
		}
		for range 2 {
			lines := apetest.Start(t, "/", env, command...)
			if want := cached(t, path, home); lines[0] != want {
				t.Errorf("started %s, want %s", lines[0], want)
			}
		}
	})
}

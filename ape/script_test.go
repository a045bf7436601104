package ape_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/llamaboot/llamaboot/ape/apetest"
)

// shells the script is promised to work in, with the Debian package of each.
var shells = []struct{ command, pkg string }{
	{"dash", "dash"}, {"bash", "bash"}, {"zsh", "zsh"}, {"ksh93", "ksh93u+m"},
	{"mksh", "mksh"}, {"posh", "posh"}, {"yash", "yash"}, {"busybox sh", "busybox"},
}

func TestShells(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	inShells(t, func(t *testing.T, words []string) {
		home := t.TempDir()
		for range 2 { // from the file, then from the cache
			lines := apetest.Start(t, home, apetest.Env(home), join(words, path, "one", "two  words", "*", "", "$HOME")...)
			if want := []string{"one", "two  words", "*", "", "$HOME"}; len(lines) < 6 || !slices.Equal(lines[1:6], want) {
				t.Errorf("arguments: got %q", lines)
			}
			if want := "LLAMABOOT_SELF=" + path; !slices.Contains(lines, want) {
				t.Errorf("no %s in %q", want, lines)
			}
		}
	})
}

// TestStartPlaces starts the file from everywhere a user may.
func TestStartPlaces(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	home := t.TempDir()
	folder := filepath.Join(home, "a folder with 'quotes' and $dollars")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	spaced := filepath.Join(folder, "my model.llamafile")
	if err := os.Rename(path, spaced); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(home, "link")
	if err := os.Symlink(spaced, link); err != nil {
		t.Fatal(err)
	}
	env := apetest.Env(home)
	for name, tc := range map[string]struct {
		dir     string
		env     []string
		command []string
		self    string
	}{
		"absolute":      {"/", env, []string{"sh", spaced}, spaced},
		"relative":      {folder, env, []string{"sh", "./my model.llamafile"}, folder + "/./my model.llamafile"},
		"bare name":     {folder, env, []string{"sh", "my model.llamafile"}, folder + "/./my model.llamafile"},
		"symbolic link": {home, env, []string{"sh", "link"}, home + "/./link"},
		"through PATH":  {"/", []string{"HOME=" + home, "PATH=" + folder + ":/usr/bin:/bin"}, []string{"sh", "-c", "'my model.llamafile'"}, spaced},
		"as cron does":  {"/", []string{"HOME=" + home, "PATH=/usr/bin:/bin", "SHELL=/bin/sh", "LOGNAME=x"}, []string{"/bin/sh", "-c", `"` + strings.ReplaceAll(spaced, "$", `\$`) + `"`}, spaced},
	} {
		t.Run(name, func(t *testing.T) {
			lines := apetest.Start(t, tc.dir, tc.env, tc.command...)
			if !slices.Contains(lines, "LLAMABOOT_SELF="+tc.self) {
				t.Errorf("no LLAMABOOT_SELF=%s in %q", tc.self, lines)
			}
		})
	}
}

func TestCacheFallback(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	name := "llamafile-" + apetest.Open(t, path).Manifest.Programs[0].SHA256[:16]
	home, tmp := t.TempDir(), t.TempDir()
	blocked := filepath.Join(home, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	user := fmt.Sprintf("/llamaboot-%d/", os.Getuid())
	for label, tc := range map[string]struct {
		env  []string
		want string
	}{
		"XDG_CACHE_HOME":  {[]string{"XDG_CACHE_HOME=" + tmp + "/xdg"}, tmp + "/xdg/llamaboot/" + name},
		"own folder":      {[]string{"LLAMABOOT_CACHE=" + tmp + "/own", "HOME=" + home}, tmp + "/own/" + name},
		"no HOME":         {[]string{"TMPDIR=" + tmp}, tmp + user + name},
		"HOME is no use":  {[]string{"HOME=" + blocked, "TMPDIR=" + tmp}, tmp + user + name},
		"HOME is missing": {[]string{"HOME=" + home + "/new"}, home + "/new/.cache/llamaboot/" + name},
	} {
		t.Run(label, func(t *testing.T) {
			lines := apetest.Start(t, "/", append(tc.env, "PATH=/usr/bin:/bin"), "sh", path)
			if lines[0] != tc.want {
				t.Errorf("started %s, want %s", lines[0], tc.want)
			}
			got, err := os.ReadFile(tc.want)
			if err != nil || !bytes.Equal(got, apetest.Program()) {
				t.Errorf("%s is not the program (%v)", tc.want, err)
			}
		})
	}
}

// TestNoexecCache mounts a folder noexec in a namespace of its own.
func TestNoexecCache(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	tmp := t.TempDir()
	if err := exec.Command("unshare", "-rm", "true").Run(); err != nil {
		t.Skip("unshare cannot make a mount namespace here: ", err)
	}
	home := t.TempDir()
	lines := apetest.Start(t, "/", append(apetest.Env(home), "TMPDIR="+tmp), "unshare", "-rm", "sh", "-c",
		`mount -t tmpfs -o noexec none "$HOME" && exec sh "$0"`, path)
	if !strings.HasPrefix(lines[0], tmp+"/llamaboot-") {
		t.Errorf("started %s, want it below %s: the cache in HOME is noexec", lines[0], tmp)
	}
}

func TestTwoStartsAtOnce(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	home := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			cmd := exec.Command("sh", path)
			cmd.Env = apetest.Env(home)
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != 42 {
				t.Errorf("status %d, want 42\n%s", code, out)
			}
		})
	}
	wg.Wait()
	list, err := os.ReadDir(filepath.Join(home, ".cache/llamaboot"))
	if err != nil || len(list) != 1 {
		t.Errorf("cache holds %v (%v), want one program", list, err)
	}
}

// TestDamagedProgram must not start what the hash does not match.
func TestDamagedProgram(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("damaged"), apetest.Open(t, path).Manifest.Programs[0].Offset+300); err != nil {
		t.Fatal(err)
	}
	f.Close()
	home := t.TempDir()
	cmd := exec.Command("sh", path)
	cmd.Env = apetest.Env(home)
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 126 || !strings.Contains(string(out), "damaged") {
		t.Errorf("status %d, want 126 and a message\n%s", code, out)
	}
	if list, _ := os.ReadDir(filepath.Join(home, ".cache/llamaboot")); len(list) != 0 {
		t.Errorf("cache holds %v, want nothing", list)
	}
}

// TestAssimilate makes the file a plain ELF, which the kernel maps without the shell.
func TestAssimilate(t *testing.T) {
	inShells(t, func(t *testing.T, words []string) {
		path := apetest.Write(t, apetest.Input(t))
		home := t.TempDir()
		cmd := exec.Command(words[0], join(words[1:], path, "--assimilate")...)
		cmd.Env = apetest.Env(home)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%v\n%s", err, out)
		}
		if lines := apetest.Start(t, "/", apetest.Env(home), path, "argument"); lines[0] != path || lines[1] != "argument" {
			t.Errorf("got %q", lines)
		}
	})
}

package ape_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/format"
)

// inShells runs a test in every shell; words is the shell's command.
func inShells(t *testing.T, test func(t *testing.T, words []string)) {
	t.Helper()
	for _, sh := range shells {
		t.Run(sh.command, func(t *testing.T) {
			words := strings.Fields(sh.command)
			if _, err := exec.LookPath(words[0]); err != nil {
				t.Fatalf("%s is not installed (package %s; tools/setup.sh test installs it)", words[0], sh.pkg)
			}
			test(t, words)
		})
	}
}

// join returns a new slice of words and more.
func join(words []string, more ...string) []string {
	return append(words[:len(words):len(words)], more...)
}

// fails runs a command that must end with a complaint of at most lines lines and a status other than 0.
func fails(t *testing.T, cmd *exec.Cmd, lines int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	n := strings.Count(errs.String(), "\n")
	if code := cmd.ProcessState.ExitCode(); code <= 0 || n == 0 || n > lines || out.Len() > 0 {
		t.Errorf("status %d (%v), want another than 0 and at most %d lines on standard error only\n%s\n%s", code, err, lines, &out, &errs)
	}
}

// tools makes a folder of programs for PATH: scripts by name, before everything in /usr/bin
// and /bin but what is named in without.
func tools(t *testing.T, scripts map[string]string, without ...string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if len(without) == 0 {
		return dir + ":/usr/bin:/bin"
	}
	for _, from := range []string{"/usr/bin", "/bin"} {
		list, err := os.ReadDir(from)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if !slices.Contains(without, e.Name()) {
				_ = os.Symlink(filepath.Join(from, e.Name()), filepath.Join(dir, e.Name())) // the first of a name counts
			}
		}
	}
	return dir
}

// cached is the name of the test program in the cache below home.
func cached(t *testing.T, path, home string) string {
	t.Helper()
	return filepath.Join(home, ".cache/llamaboot/llamafile-"+apetest.Open(t, path).Manifest.Programs[0].SHA256[:16])
}

// TestCacheMended starts from a cache that a power cut left with a bad program.
func TestCacheMended(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	program := apetest.Program()
	zeros := make([]byte, len(program))
	last := bytes.Clone(program)
	last[len(last)-1] ^= 1
	for name, without := range map[string][]string{"with cksum": nil, "without cksum": {"cksum"}} {
		t.Run(name, func(t *testing.T) {
			inShells(t, func(t *testing.T, words []string) {
				if words[0] == "busybox" && without != nil {
					return // its shell has cksum inside
				}
				home := t.TempDir()
				scripts := map[string]string{"wc": `printf '    %s\n' "$(/usr/bin/wc "$@")"`} // as BSD prints it
				if without == nil {
					scripts["cksum"] = `echo "$(/usr/bin/cksum "$@") -"` // with a name, as some do
				}
				env := []string{"HOME=" + home, "PATH=" + tools(t, scripts, without...)}
				bin := cached(t, path, home)
				if err := os.MkdirAll(filepath.Dir(bin), 0o700); err != nil {
					t.Fatal(err)
				}
				bad := [][]byte{nil, program[:len(program)-1], program[:1]}
				if without == nil {
					bad = append(bad, zeros, last)
				}
				for _, b := range bad {
					if err := os.WriteFile(bin, b, 0o700); err != nil {
						t.Fatal(err)
					}
					if lines := apetest.Start(t, "/", env, join(words, path)...); lines[0] != bin {
						t.Errorf("started %s, want %s", lines[0], bin)
					}
					if got, _ := os.ReadFile(bin); !bytes.Equal(got, program) {
						t.Errorf("a cached program of %d bytes was not mended", len(b))
					}
				}
			})
		})
	}
}

// TestCacheSynced wants the program on the disk before it gets its name.
func TestCacheSynced(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	inShells(t, func(t *testing.T, words []string) {
		home, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
		bin := cached(t, path, home)
		env := []string{"HOME=" + home, "PATH=" + tools(t, map[string]string{
			"sync": fmt.Sprintf(`[ -e '%s' ] || wc -c <"$1" >>'%s'`, bin, log),
		})}
		if words[0] == "busybox" {
			env[1] = "PATH=" + tools(t, map[string]string{"sync": "exit 1"}, "busybox") // runs its own sync
		}
		for range 2 {
			apetest.Start(t, "/", env, join(words, path)...)
		}
		got, err := os.ReadFile(log)
		if want := fmt.Sprintln(len(apetest.Program())); words[0] != "busybox" && string(got) != want {
			t.Errorf("synced files of %q bytes (%v), want %q", got, err, want)
		}
	})
}

// TestNoDD: the first line itself needs dd.
func TestNoDD(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	bin := tools(t, nil, "dd")
	inShells(t, func(t *testing.T, words []string) {
		if words[0] == "busybox" {
			return // its shell has dd inside
		}
		cmd := exec.Command(words[0], join(words[1:], path)...)
		cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + bin}
		fails(t, cmd, 1)
	})
}

// TestStandardInput: a shell that reads the file from there does not know its name.
func TestStandardInput(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	inShells(t, func(t *testing.T, words []string) {
		for _, script := range []string{`exec "$@" <"$FILE"`, `cat "$FILE" 2>/dev/null | "$@"`} {
			cmd := exec.Command("sh", join([]string{"-c", script, "sh"}, words...)...)
			cmd.Dir = t.TempDir()
			cmd.Env = append(apetest.Env(t.TempDir()), "FILE="+path)
			fails(t, cmd, 2) // no such file, then the first line's own
		}
	})
}

// TestUnset: nothing the script reads needs to be set.
func TestUnset(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	inShells(t, func(t *testing.T, words []string) {
		home := t.TempDir()
		for range 2 {
			apetest.Start(t, "/", apetest.Env(home), join(words, "-u", path)...)
		}
		apetest.Start(t, "/", []string{"PATH=/usr/bin:/bin", "TMPDIR=" + home}, join(words, "-u", path, "argument")...)
	})
}

// TestCommand starts the file by its name from each shell, as a user does.
func TestCommand(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	inShells(t, func(t *testing.T, words []string) {
		if words[0] == "mksh" { // refuses whatever begins with MZ
			cmd := exec.Command("mksh", "-c", path)
			cmd.Env = apetest.Env(t.TempDir())
			fails(t, cmd, 1)
			return
		}
		apetest.Start(t, "/", apetest.Env(t.TempDir()), join(words, "-c", path)...)
	})
	for _, words := range [][]string{{"bash"}, {"zsh"}, {"ksh93"}, {"busybox", "sh"}} {
		t.Run(words[0]+" exec -a", func(t *testing.T) {
			words := join(words, "-c", `exec -a other "$0"`, path)
			if words[0] == "bash" || words[0] == "ksh93" { // they run it as $0=other
				cmd := exec.Command(words[0], words[1:]...)
				cmd.Env = apetest.Env(t.TempDir())
				fails(t, cmd, 2)
				return
			}
			apetest.Start(t, "/", apetest.Env(t.TempDir()), words...)
		})
	}
}

// TestFolders starts the file from folders whose absolute path is of no use.
func TestFolders(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	// Each command goes to a folder below the current one, with the file in it as "x".
	for name, enter := range map[string]string{
		"newline": "mkdir 'a\nb\n' && cd 'a\nb\n'",
		"long":    `n=` + strings.Repeat("n", 250) + `; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do mkdir $n && cd $n; done`,
		"gone":    `mkdir a && cd a && mv ../a ../b && PWD=/nowhere && export PWD`,
	} {
		t.Run(name, func(t *testing.T) {
			inShells(t, func(t *testing.T, words []string) {
				if words[0] == "posh" && name == "long" {
					return // crashes where it cannot find out its folder
				}
				for _, file := range []string{"x", "./x"} {
					script := enter + ` && ln -s "$FILE" x && exec "$@" ` + file
					apetest.Start(t, t.TempDir(), append(apetest.Env(t.TempDir()), "FILE="+path), join([]string{"bash", "-c", script, "sh"}, words...)...)
				}
			})
		})
	}
}

// fakeUname is a uname for a system and a machine.
func fakeUname(system, machine string) string {
	return fmt.Sprintf("case $1 in -s) echo %s;; -m) echo %s;; *) echo host;; esac", system, machine)
}

// TestRosetta starts the arm64 program from a translated shell.
func TestRosetta(t *testing.T) {
	in := apetest.Input(t)
	for i := range in.Programs {
		if in.Programs[i].OS == "darwin" {
			in.Programs[i].Data = append(apetest.Program(), "arm64"...)
		}
	}
	in.Programs = append(in.Programs, ape.Program{OS: "darwin", Arch: "amd64", Data: append(apetest.Program(), "amd64"...)})
	path := apetest.Write(t, in)
	inShells(t, func(t *testing.T, words []string) {
		if words[0] == "busybox" {
			return // its shell has uname inside
		}
		for translated, want := range map[string]string{"echo 1": "arm64", "echo 0": "amd64", "echo unknown oid >&2; exit 1": "amd64"} {
			env := []string{"HOME=" + t.TempDir(), "PATH=" + tools(t, map[string]string{"uname": fakeUname("Darwin", "x86_64"), "sysctl": translated})}
			lines := apetest.Start(t, "/", env, join(words, path)...)
			if got, err := os.ReadFile(lines[0]); !bytes.HasSuffix(got, []byte(want)) {
				t.Errorf("sysctl %q: started another program than that for %s (%v)", translated, want, err)
			}
		}
	})
}

// TestWindowsShells starts the Windows program from shells of Unix kind there.
func TestWindowsShells(t *testing.T) {
	in := apetest.Input(t)
	in.PE = format.EFI // so that the Windows program can be one that runs here
	for i := range in.Programs {
		if in.Programs[i].OS == "windows" {
			in.Programs[i].Data = append(apetest.Program(), "windows"...)
		}
	}
	path := apetest.Write(t, in)
	inShells(t, func(t *testing.T, words []string) {
		if words[0] == "busybox" {
			return // its shell has uname inside
		}
		for _, system := range []string{"MINGW64_NT-10.0-19045", "MSYS_NT-10.0-22631", "CYGWIN_NT-10.0"} {
			env := []string{"HOME=" + t.TempDir(), "PATH=" + tools(t, map[string]string{"uname": fakeUname(system, "x86_64"), "cygpath": `echo "C:$2"`})}
			for range 2 {
				lines := apetest.Start(t, "/", env, join(words, path)...)
				if got, _ := os.ReadFile(lines[0]); !strings.HasSuffix(lines[0], ".exe") || !bytes.HasSuffix(got, []byte("windows")) {
					t.Errorf("%s: started %s, want the Windows program as .exe", system, lines[0])
				}
				if !slices.Contains(lines, "LLAMABOOT_SELF=C:"+path) {
					t.Errorf("no LLAMABOOT_SELF=C:%s in %q", path, lines)
				}
			}
		}
	})
}

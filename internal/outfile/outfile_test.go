package outfile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// entries lists what is in the folder of path.
func entries(t *testing.T, path string) []string {
	t.Helper()
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func write(t *testing.T, path, text string, force bool) error {
	t.Helper()
	f, err := Create(path, 0o644, force)
	if err != nil {
		return err
	}
	defer f.Abort()
	if err := f.Reserve(int64(len(text))); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return f.Commit()
}

func TestCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	if err := write(t, path, "one", false); err != nil {
		t.Fatal(err)
	}
	if err := write(t, path, "two", false); !errors.Is(err, ErrExists) {
		t.Errorf("second write: got %v, want %v", err, ErrExists)
	}
	if b, _ := os.ReadFile(path); string(b) != "one" {
		t.Errorf("got %q, want the first contents", b)
	}
	if err := write(t, path, "three", true); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "three" {
		t.Errorf("forced: got %q", b)
	}
	if names := entries(t, path); len(names) != 1 {
		t.Errorf("folder holds %q, want one file", names)
	}
}

func TestAppearsMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f, err := Create(path, 0o644, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); !errors.Is(err, ErrExists) {
		t.Errorf("got %v, want %v", err, ErrExists)
	}
	if b, _ := os.ReadFile(path); string(b) != "theirs" || len(entries(t, path)) != 1 {
		t.Errorf("file holds %q, folder %q", b, entries(t, path))
	}
}

func TestAbort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f, err := Create(path, 0o644, false)
	if err != nil {
		t.Fatal(err)
	}
	f.Abort()
	f.Abort()
	if names := entries(t, path); len(names) != 0 {
		t.Errorf("folder holds %q after Abort", names)
	}
	if _, err := Create(filepath.Dir(path), 0o644, true); !errors.Is(err, ErrExists) {
		t.Errorf("folder as output: got %v, want %v", err, ErrExists)
	}
}

func TestLinkTarget(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip("symbolic links are not available: ", err)
	}
	if err := write(t, link, "new", true); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(target); string(b) != "new" {
		t.Errorf("target holds %q, want the new contents", b)
	}
}

func TestMissingFolder(t *testing.T) {
	_, err := Create(filepath.Join(t.TempDir(), "nodir", "x"), 0o600, false)
	if err == nil || !strings.Contains(err.Error(), "nodir: no such folder") {
		t.Errorf("got %v", err)
	}
}

// TestUnwritableFolder writes where no file can be made, by whomever; the message must not speak of a temporary name.
func TestUnwritableFolder(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("there is no /proc here")
	}
	_, err := Create("/proc/x", 0o600, false)
	if err == nil || !strings.Contains(err.Error(), "/proc/x: cannot make a file in folder /proc: ") || strings.Contains(err.Error(), "part-") {
		t.Errorf("got %v", err)
	}
}

// TestReplace: a new file follows the umask, one that takes another's place has its permissions.
func TestReplace(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows knows no such permissions")
	}
	path := filepath.Join(t.TempDir(), "out")
	if err := write(t, path, "one", false); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o666, 0o777, 0o600} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		f, err := Replace(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Abort()
		if err := f.Commit(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("mode %v, %v; want %v", info.Mode(), err, mode)
		}
	}
	if _, err := Replace(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing to replace: %v", err)
	}
}

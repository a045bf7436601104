package edit

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/ape/inspect"
	"github.com/llamaboot/llamaboot/zipalign"
)

func textMember(name, text string) ape.Member { return ape.MemberOf(name, []byte(text)) }

// contents reads all members that are not llamaboot's own, and checks everything
// Verify checks.
func contents(t *testing.T, path string) map[string]string {
	t.Helper()
	f := apetest.Open(t, path)
	for _, c := range inspect.Verify(t.Context(), f, "test", nil) {
		if c.Err != nil {
			t.Errorf("%s: %v", c.What, c.Err)
		}
	}
	out := map[string]string{}
	members, err := f.Members()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		b, err := io.ReadAll(io.NewSectionReader(m.Data, 0, m.Size))
		if err != nil {
			t.Fatal(err)
		}
		out[m.Name] = string(b)
	}
	return out
}

func TestEditReplacesAndAppends(t *testing.T) {
	t.Run("in place", testEdits)
	t.Run("into a copy", func(t *testing.T) {
		defer func(n int64) { mostInPlace = n }(mostInPlace)
		mostInPlace = 0
		testEdits(t)
	})
}

func testEdits(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	before, size := contents(t, path), apetest.Open(t, path).Size()
	steps := []Changes{
		{Set: []ape.Member{textMember(format.ArgsName, "--temp\n1\n")}},                            // smaller
		{Set: []ape.Member{textMember(format.ArgsName, strings.Repeat("--stop\nx\n", 20_000))}},    // larger
		{Set: []ape.Member{textMember("note.txt", "a note")}},                                      // new
		{Set: []ape.Member{textMember(format.ArgsName, "--temp\n2\n"), textMember("b/c.txt", "")}}, // not the last one
		{Remove: []string{"note.txt"}},
		{Set: []ape.Member{textMember("model.gguf", "GGUF"+strings.Repeat("other weights", 50_000))}}, // larger model
		{Set: []ape.Member{textMember("model.gguf", before["model.gguf"]), textMember(format.ArgsName, before[format.ArgsName])}, Remove: []string{"b/c.txt"}},
	}
	want := maps.Clone(before)
	for i, c := range steps {
		if err := Apply(t.Context(), path, c, nil); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		for _, m := range c.Set {
			b, err := io.ReadAll(io.NewSectionReader(m.Data, 0, m.Size))
			if err != nil {
				t.Fatal(err)
			}
			want[m.Name] = string(b)
		}
		for _, name := range c.Remove {
			delete(want, name)
		}
		if got := contents(t, path); !maps.Equal(got, want) {
			t.Fatalf("step %d: holds %q, want %q", i, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
		if lines := apetest.Start(t, "/", apetest.Env(t.TempDir()), "sh", path, "x"); lines[1] != "x" {
			t.Errorf("step %d: does not start: %q", i, lines)
		}
	}
	if b, err := os.ReadFile(path); err != nil || bytes.Count(b, []byte("PK\x05\x06")) != 1 {
		t.Errorf("%d end records (%v): an old directory was left behind", bytes.Count(b, []byte("PK\x05\x06")), err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > size+2<<20 {
		t.Errorf("file grew from %d to %d bytes", size, info.Size())
	}
	if list, _ := filepath.Glob(path + "*"); len(list) != 1 {
		t.Errorf("left behind: %q", list)
	}
}

func TestEditRefuses(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Changes{
		"own member":      {Set: []ape.Member{textMember(format.ESPName, "x")}},
		"own program":     {Remove: []string{"bin/llamafile-darwin-arm64"}},
		"unknown":         {Remove: []string{"nothing"}},
		"climbing name":   {Set: []ape.Member{textMember("../x", "x")}},
		"absolute name":   {Set: []ape.Member{textMember("/x", "x")}},
		"twice":           {Set: []ape.Member{textMember("x", "1"), textMember("x", "2")}},
		"reads too short": {Set: []ape.Member{{Name: "x", Size: 100, Data: strings.NewReader("short")}}},
	} {
		if err := Apply(t.Context(), path, c, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(before, after) {
			t.Fatalf("%s: the file changed (%v)", name, err)
		}
	}
}

// failing stops every operation after the first n.
type failing struct {
	storage
	n int
}

var errCut = errors.New("cut off")

func (f *failing) WriteAt(b []byte, off int64) (int, error) {
	if f.n--; f.n < 0 {
		return 0, errCut
	}
	return f.storage.WriteAt(b, off)
}

func (f *failing) Truncate(size int64) error {
	if f.n--; f.n < 0 {
		return errCut
	}
	return f.storage.Truncate(size)
}

// TestEditCutOff kills an edit after each of its writes; the next edit must find the
// file as it was.
func TestEditCutOff(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cuts := 0
	for n := 0; ; n++ {
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ape.Open(file, int64(len(before)))
		if err != nil {
			t.Fatal(err)
		}
		e, err := planEdit(f, Changes{Set: []ape.Member{textMember(format.ArgsName, strings.Repeat("x\n", 100_000))}})
		if err != nil {
			t.Fatal(err)
		}
		// A dead process rolls nothing back: the failing storage refuses that too.
		err = editInPlace(t.Context(), path, &failing{file, n}, e, e.spans(), func(int64) {})
		if err == nil {
			file.Close()
			break
		}
		if cuts++; !Pending(path) && n > 0 {
			t.Errorf("cut after %d writes: nothing says that the edit is incomplete", n)
		}
		if err := recoverFile(path, file); err != nil {
			t.Fatal(err)
		}
		file.Close()
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(before, after) {
			t.Fatalf("cut after %d writes: the file was not put back (%v)", n, err)
		}
	}
	if cuts < 8 {
		t.Errorf("only %d cuts before the edit succeeded", cuts)
	}
	contents(t, path)
}

func TestIncompleteJournal(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	full, err := journalBytes(bytes.NewReader(make([]byte, len(before))), int64(len(before)), []span{{0, 4096}})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{nil, full[:100], full[:len(full)-1], append(bytes.Clone(full[:len(full)-1]), full[len(full)-1]+1)} {
		if err := os.WriteFile(path+journalSuffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := recoverFile(path, file); err != nil {
			t.Fatal(err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Fatalf("journal of %d bytes changed the file (%v)", len(b), err)
		}
		if _, err := os.Stat(path + journalSuffix); err == nil {
			t.Errorf("journal of %d bytes is still there", len(b))
		}
	}
}

func TestEditKeepsForeignDirectoryRecords(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	if err := Apply(t.Context(), path, Changes{Set: []ape.Member{textMember("x", "y")}}, nil); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	z, err := zipalign.Open(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	if m, err := z.Find("bin/llamafile-darwin-arm64"); err != nil || m.Mode != 0o755 {
		t.Errorf("program's mode: got %+v, %v, want 0755", m, err)
	}
}

// TestOneEditorAtATime: a file that is open for editing is not edited by another.
func TestOneEditorAtATime(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock(file); err != nil {
		t.Fatal(err)
	}
	c := Changes{Set: []ape.Member{textMember("x", "y")}}
	if err := Apply(t.Context(), path, c, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want %v", err, ErrBusy)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := lock(file); err == nil || errors.Is(err, ErrBusy) {
		t.Errorf("a file that is closed: got %v, want another error than %v", err, ErrBusy)
	}
	if err := Apply(t.Context(), path, c, nil); err != nil {
		t.Errorf("after the other one has ended: %v", err)
	}
}

// TestReplacedWhileWaiting: an editor that has opened the file before another one made it anew must not edit the old one.
func TestReplacedWhileWaiting(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if replaced(file, path) {
		t.Error("the file at its own path counts as replaced")
	}
	if runtime.GOOS == "windows" {
		return // replaces no file that is open
	}
	defer func(n int64) { mostInPlace = n }(mostInPlace)
	mostInPlace = 0
	if err := Apply(t.Context(), path, Changes{Set: []ape.Member{textMember("x", "y")}}, nil); err != nil {
		t.Fatal(err)
	}
	if !replaced(file, path) {
		t.Error("the old file does not count as replaced")
	}
}

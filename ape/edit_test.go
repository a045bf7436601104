package ape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/zipalign"
)

func textMember(name, text string) Member { return memberOf(name, []byte(text)) }

// opened opens the llamafile at path until the test ends.
func opened(t *testing.T, path string) *File {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(file, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// contents reads all members that are not llamaboot's own, and checks everything
// Verify checks.
func contents(t *testing.T, path string) map[string]string {
	t.Helper()
	f := opened(t, path)
	for _, c := range f.Verify(t.Context(), "test", nil) {
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
	path, plan := sampleFile(t, sampleInput(t))
	before := contents(t, path)
	steps := []Changes{
		{Set: []Member{textMember(ArgsName, "--temp\n1\n")}},                            // smaller
		{Set: []Member{textMember(ArgsName, strings.Repeat("--stop\nx\n", 20_000))}},    // larger
		{Set: []Member{textMember("note.txt", "a note")}},                               // new
		{Set: []Member{textMember(ArgsName, "--temp\n2\n"), textMember("b/c.txt", "")}}, // not the last one
		{Remove: []string{"note.txt"}},
		{Set: []Member{textMember("model.gguf", "GGUF"+strings.Repeat("other weights", 50_000))}}, // larger model
		{Set: []Member{textMember("model.gguf", before["model.gguf"]), textMember(ArgsName, before[ArgsName])}, Remove: []string{"b/c.txt"}},
	}
	want := maps.Clone(before)
	for i, c := range steps {
		if err := EditFile(t.Context(), path, c, nil); err != nil {
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
		if lines := start(t, "/", cacheEnv(t.TempDir()), "sh", path, "x"); lines[1] != "x" {
			t.Errorf("step %d: does not start: %q", i, lines)
		}
	}
	if b, err := os.ReadFile(path); err != nil || bytes.Count(b, []byte("PK\x05\x06")) != 1 {
		t.Errorf("%d end records (%v): an old directory was left behind", bytes.Count(b, []byte("PK\x05\x06")), err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > plan.Size()+2<<20 {
		t.Errorf("file grew from %d to %d bytes", plan.Size(), info.Size())
	}
	if list, _ := filepath.Glob(path + "*"); len(list) != 1 {
		t.Errorf("left behind: %q", list)
	}
}

func TestEditRefuses(t *testing.T) {
	path, _ := sampleFile(t, sampleInput(t))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Changes{
		"own member":      {Set: []Member{textMember(ESPName, "x")}},
		"own program":     {Remove: []string{"bin/llamafile-darwin-arm64"}},
		"unknown":         {Remove: []string{"nothing"}},
		"climbing name":   {Set: []Member{textMember("../x", "x")}},
		"absolute name":   {Set: []Member{textMember("/x", "x")}},
		"twice":           {Set: []Member{textMember("x", "1"), textMember("x", "2")}},
		"reads too short": {Set: []Member{{Name: "x", Size: 100, Data: strings.NewReader("short")}}},
	} {
		if err := EditFile(t.Context(), path, c, nil); err == nil {
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
	path, _ := sampleFile(t, sampleInput(t))
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
		f, err := Open(file, int64(len(before)))
		if err != nil {
			t.Fatal(err)
		}
		e, err := planEdit(f, Changes{Set: []Member{textMember(ArgsName, strings.Repeat("x\n", 100_000))}})
		if err != nil {
			t.Fatal(err)
		}
		// A dead process rolls nothing back: the failing storage refuses that too.
		err = editInPlace(t.Context(), path, &failing{file, n}, e, e.spans(), func(int64) {})
		if err == nil {
			file.Close()
			break
		}
		if cuts++; !EditPending(path) && n > 0 {
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
	path, _ := sampleFile(t, sampleInput(t))
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

// TestForeignEdits applies random sequences of our edits and of Info-ZIP's, seals the
// file and expects every member and every face to be there.
func TestForeignEdits(t *testing.T) {
	zip, err := exec.LookPath("zip")
	if err != nil {
		t.Skip("zip is not installed (package zip)")
	}
	for seed := range int64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewSource(seed))
			path, _ := sampleFile(t, sampleInput(t))
			want := contents(t, path)
			dir := filepath.Dir(path)
			foreign := func(args ...string) {
				cmd := exec.Command(zip, append([]string{"-q"}, args...)...)
				cmd.Dir = dir
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("zip %q: %v\n%s", args, err, out)
				}
			}
			for step := range 12 {
				name := fmt.Sprintf("file%d.txt", rnd.Intn(4))
				text := strings.Repeat(fmt.Sprintf("step %d ", step), 1+rnd.Intn(20_000))
				switch op := rnd.Intn(6); {
				case op == 0:
					if err := EditFile(t.Context(), path, Changes{Seal: true}, nil); err != nil {
						t.Fatalf("step %d: seal: %v", step, err)
					}
				case op <= 2: // after a foreign edit only seal is sure to work
					if err := EditFile(t.Context(), path, Changes{Seal: true, Set: []Member{textMember(name, text)}}, nil); err != nil {
						t.Fatalf("step %d: add: %v", step, err)
					}
					want[name] = text
				case op == 3 && want[name] != "":
					foreign("-d", filepath.Base(path), name)
					delete(want, name)
				default:
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					level := []string{"-0", "-6"}[rnd.Intn(2)]
					foreign(level, filepath.Base(path), name)
					want[name] = text
				}
			}
			if err := EditFile(t.Context(), path, Changes{Seal: true}, nil); err != nil {
				t.Fatal(err)
			}
			if got := contents(t, path); !maps.Equal(got, want) {
				t.Errorf("holds %q, want %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			}
			if lines := start(t, "/", cacheEnv(t.TempDir()), "sh", path, "x"); lines[1] != "x" {
				t.Errorf("does not start: %q", lines)
			}
		})
	}
}

// TestSealRepairsTables wipes what partitioning tools wipe. The sealed file must be the
// old one again, GUIDs included: stage 1 looks for the disk's.
func TestSealRepairsTables(t *testing.T) {
	path, plan := sampleFile(t, sampleInput(t))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]span{
		"primary header":        {offGPT512, offGPT512 + 512},
		"primary entries":       {offArray512, offArray512 + 512},
		"tables of both sizes":  {offGPT4096, offGPT4096 + 512},
		"backup headers":        {plan.Size() - diskPage, plan.Size()},
		"protective partition":  {offMBRTable, offMBRTable + mbrEntrySize},
		"everything in between": {offArray512, offStage2},
	} {
		damaged := bytes.Clone(before)
		clear(damaged[s.start:s.end])
		if err := os.WriteFile(path, damaged, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := EditFile(t.Context(), path, Changes{Seal: true}, nil); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the sealed file is not the old one (%v)", name, err)
		}
	}
}

// TestSealRebuilds has a model that a foreign tool moved off its boundary and that is
// too large to be moved within the file.
func TestSealRebuilds(t *testing.T) {
	in := sampleInput(t)
	model := append([]byte("GGUF"), bytes.Repeat([]byte{1, 2, 3, 4}, maxMoved/4)...)
	in.Members = append([]Member{textMember("first.txt", "gone soon")}, memberOf("model.gguf", model))
	path, _ := sampleFile(t, in)
	cmd := exec.Command("zip", "-q", "-d", path, "first.txt")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("zip: %v\n%s", err, out)
	}
	c := Changes{Seal: true, Set: []Member{textMember("second.txt", "new")}}
	if err := EditFile(context.Background(), path, c, nil); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, path); got["model.gguf"] != string(model) || got["second.txt"] != "new" || len(got) != 2 {
		t.Errorf("holds %q", slices.Sorted(maps.Keys(got)))
	}
}

// TestWholeSize opens files that are not as long as they say; sealing takes off what is too much.
func TestWholeSize(t *testing.T) {
	path, _ := sampleFile(t, sampleInput(t))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	open := func(b []byte) error {
		_, err := Open(bytes.NewReader(b), int64(len(b)))
		return err
	}
	if err := open(whole[:len(whole)-1000]); !errors.Is(err, ErrCut) {
		t.Errorf("cut: got %v, want %v", err, ErrCut)
	}
	if err := open([]byte("GGUF model")); !errors.Is(err, ErrModel) {
		t.Errorf("model: got %v, want %v", err, ErrModel)
	}
	padded := append(bytes.Clone(whole), make([]byte, 100_000)...)
	if err := open(padded); !errors.Is(err, ErrFormat) {
		t.Errorf("padded: got %v, want %v", err, ErrFormat)
	}
	if err := os.WriteFile(path, padded, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := EditFile(t.Context(), path, Changes{Seal: true}, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("the sealed file is not the one that was padded (%v)", err)
	}
}

// TestSealFolders has what zip -r adds: a record for the folder itself.
func TestSealFolders(t *testing.T) {
	path, _ := sampleFile(t, sampleInput(t))
	dir := filepath.Dir(path)
	if err := os.Mkdir(filepath.Join(dir, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "docs/a.txt"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("zip", "-q", "-r", path, "docs")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("zip: %v\n%s", err, out)
	}
	if err := EditFile(t.Context(), path, Changes{Seal: true}, nil); err != nil {
		t.Fatal(err)
	}
	got := contents(t, path)
	if _, folder := got["docs/"]; got["docs/a.txt"] != "text" || folder {
		t.Errorf("holds %q", slices.Sorted(maps.Keys(got)))
	}
}

func TestEditKeepsForeignDirectoryRecords(t *testing.T) {
	path, _ := sampleFile(t, sampleInput(t))
	if err := EditFile(t.Context(), path, Changes{Set: []Member{textMember("x", "y")}}, nil); err != nil {
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
	path, _ := sampleFile(t, sampleInput(t))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock(file); err != nil {
		t.Fatal(err)
	}
	c := Changes{Set: []Member{textMember("x", "y")}}
	if err := EditFile(t.Context(), path, c, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want %v", err, ErrBusy)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := lock(file); err == nil || errors.Is(err, ErrBusy) {
		t.Errorf("a file that is closed: got %v, want another error than %v", err, ErrBusy)
	}
	if err := EditFile(t.Context(), path, c, nil); err != nil {
		t.Errorf("after the other one has ended: %v", err)
	}
}

// TestReplacedWhileWaiting: an editor that has opened the file before another one made it anew must not edit the old one.
func TestReplacedWhileWaiting(t *testing.T) {
	path, _ := sampleFile(t, sampleInput(t))
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
	if err := EditFile(t.Context(), path, Changes{Set: []Member{textMember("x", "y")}}, nil); err != nil {
		t.Fatal(err)
	}
	if !replaced(file, path) {
		t.Error("the old file does not count as replaced")
	}
}

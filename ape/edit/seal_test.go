package edit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/mbr"
)

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
			path := apetest.Write(t, apetest.Input(t))
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
					if err := Apply(t.Context(), path, Changes{Seal: true}, nil); err != nil {
						t.Fatalf("step %d: seal: %v", step, err)
					}
				case op <= 2: // after a foreign edit only seal is sure to work
					if err := Apply(t.Context(), path, Changes{Seal: true, Set: []ape.Member{textMember(name, text)}}, nil); err != nil {
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
			if err := Apply(t.Context(), path, Changes{Seal: true}, nil); err != nil {
				t.Fatal(err)
			}
			if got := contents(t, path); !maps.Equal(got, want) {
				t.Errorf("holds %q, want %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			}
			if lines := apetest.Start(t, "/", apetest.Env(t.TempDir()), "sh", path, "x"); lines[1] != "x" {
				t.Errorf("does not start: %q", lines)
			}
		})
	}
}

// TestSealRepairsTables wipes what partitioning tools wipe. The sealed file must be the
// old one again, GUIDs included: stage 1 looks for the disk's.
func TestSealRepairsTables(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]span{
		"primary header":        {format.OffGPT512, format.OffGPT512 + 512},
		"primary entries":       {format.OffArray512, format.OffArray512 + 512},
		"tables of both sizes":  {format.OffGPT4096, format.OffGPT4096 + 512},
		"backup headers":        {int64(len(before)) - format.Page, int64(len(before))},
		"protective partition":  {mbr.OffTable, mbr.OffTable + mbr.EntrySize},
		"everything in between": {format.OffArray512, format.OffStage2},
	} {
		damaged := bytes.Clone(before)
		clear(damaged[s.start:s.end])
		if err := os.WriteFile(path, damaged, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := Apply(t.Context(), path, Changes{Seal: true}, nil); err != nil {
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
	in := apetest.Input(t)
	model := append([]byte("GGUF"), bytes.Repeat([]byte{1, 2, 3, 4}, maxMoved/4)...)
	in.Members = append([]ape.Member{textMember("first.txt", "gone soon")}, ape.MemberOf("model.gguf", model))
	path := apetest.Write(t, in)
	cmd := exec.Command("zip", "-q", "-d", path, "first.txt")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("zip: %v\n%s", err, out)
	}
	c := Changes{Seal: true, Set: []ape.Member{textMember("second.txt", "new")}}
	if err := Apply(context.Background(), path, c, nil); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, path); got["model.gguf"] != string(model) || got["second.txt"] != "new" || len(got) != 2 {
		t.Errorf("holds %q", slices.Sorted(maps.Keys(got)))
	}
}

// TestWholeSize opens files that are not as long as they say; sealing takes off what is too much.
func TestWholeSize(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	open := func(b []byte) error {
		_, err := ape.Open(bytes.NewReader(b), int64(len(b)))
		return err
	}
	if err := open(whole[:len(whole)-1000]); !errors.Is(err, ape.ErrCut) {
		t.Errorf("cut: got %v, want %v", err, ape.ErrCut)
	}
	if err := open([]byte("GGUF model")); !errors.Is(err, ape.ErrModel) {
		t.Errorf("model: got %v, want %v", err, ape.ErrModel)
	}
	padded := append(bytes.Clone(whole), make([]byte, 100_000)...)
	if err := open(padded); !errors.Is(err, format.ErrFormat) {
		t.Errorf("padded: got %v, want %v", err, format.ErrFormat)
	}
	if err := os.WriteFile(path, padded, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Apply(t.Context(), path, Changes{Seal: true}, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("the sealed file is not the one that was padded (%v)", err)
	}
}

// TestSealFolders has what zip -r adds: a record for the folder itself.
func TestSealFolders(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
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
	if err := Apply(t.Context(), path, Changes{Seal: true}, nil); err != nil {
		t.Fatal(err)
	}
	got := contents(t, path)
	if _, folder := got["docs/"]; got["docs/a.txt"] != "text" || folder {
		t.Errorf("holds %q", slices.Sorted(maps.Keys(got)))
	}
}

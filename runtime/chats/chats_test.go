package chats

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stores runs a test on a store with a file and on one without.
func stores(t *testing.T, f func(t *testing.T, s *Store)) {
	t.Run("memory", func(t *testing.T) { f(t, Memory()) })
	t.Run("file", func(t *testing.T) {
		s, err := Open(filepath.Join(t.TempDir(), "folder", "chats.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		f(t, s)
	})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func add(t *testing.T, s *Store, chat, parent uint64, role, text string) uint64 {
	t.Helper()
	_, m, err := s.Put(chat, Message{Parent: parent, Role: role, Content: text})
	if err != nil {
		t.Fatal(err)
	}
	return m.ID
}

func TestBranches(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		c := must[*Chat](t)(s.Create(Chat{Title: "first", Leaf: 7, Count: 9}))
		if c.ID != 1 || c.Leaf != 0 || c.Count != 0 {
			t.Fatalf("%+v", c)
		}
		q := add(t, s, c.ID, 0, "user", "Hello?")
		a := add(t, s, c.ID, q, "assistant", "One answer")
		b := add(t, s, c.ID, q, "assistant", "Another answer")
		d := add(t, s, c.ID, b, "user", "And then?")
		f := must[*Full](t)(s.Get(c.ID))
		if f.Leaf != d || f.Count != 4 || len(f.Messages) != 4 {
			t.Fatalf("%+v", f.Chat)
		}
		if l := f.Branch(); len(l) != 3 || l[0].ID != q || l[1].ID != b || l[2].ID != d {
			t.Errorf("branch %+v", l)
		}
		if md := f.Markdown(); !strings.Contains(md, "# first\n\n## You\n\nHello?\n\n## Assistant\n\nAnother answer\n") {
			t.Errorf("%q", md)
		}
		// Deleting the second answer takes what is below and shows the first.
		got := must[*Chat](t)(s.DeleteMessage(c.ID, b))
		if got.Leaf != a || got.Count != 2 {
			t.Errorf("%+v", got)
		}
		if got = must[*Chat](t)(s.DeleteMessage(c.ID, q)); got.Leaf != 0 || got.Count != 0 {
			t.Errorf("%+v", got)
		}
		if _, _, err := s.Put(c.ID, Message{Parent: q, Role: "user"}); !errors.Is(err, ErrNotFound) {
			t.Errorf("message below a deleted one: %v", err)
		}
		if id := add(t, s, c.ID, 0, "user", "again"); id <= d {
			t.Errorf("message %d was given twice", id)
		}
	})
}

func TestChange(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		events, stop := s.Watch()
		defer stop()
		first := must[*Chat](t)(s.Create(Chat{Title: "Über Bäume", Updated: 1}))
		second := must[*Chat](t)(s.Create(Chat{Title: "other", Updated: 2}))
		q := add(t, s, second.ID, 0, "user", "what is a TREE")
		pinned := true
		must[*Chat](t)(s.Patch(first.ID, Change{Pinned: &pinned}))
		names := func(query string) (l []uint64) {
			for _, c := range must[[]Chat](t)(s.List(query)) {
				l = append(l, c.ID)
			}
			return l
		}
		for query, want := range map[string][]uint64{"": {1, 2}, "BÄUME": {1}, "tree": {2}, "none": nil} {
			if got := names(query); len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
				t.Errorf("%q finds %v, want %v", query, got, want)
			}
		}
		leaf := uint64(77)
		if _, err := s.Patch(second.ID, Change{Leaf: &leaf}); !errors.Is(err, ErrNotFound) {
			t.Errorf("leaf that is not there: %v", err)
		}
		if _, _, err := s.Put(second.ID, Message{ID: q, Role: "assistant", Content: "x"}); !errors.Is(err, ErrInvalid) {
			t.Errorf("another role: %v", err)
		}
		if err := s.Delete(second.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(second.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("deleted chat: %v", err)
		}
		deleted := false
		for len(events) > 0 {
			e := <-events
			deleted = e.Deleted && e.ID == second.ID
		}
		if !deleted {
			t.Error("no event of the deleted chat")
		}
	})
}

func TestLimits(t *testing.T) {
	s := Memory()
	c := must[*Chat](t)(s.Create(Chat{}))
	for name, m := range map[string]Message{
		"role":  {Role: "system"},
		"size":  {Role: "user", Content: strings.Repeat("x", MaxContent+1)},
		"utf-8": {Role: "user", Content: "\xff"},
	} {
		if _, _, err := s.Put(c.ID, m); !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Create(Chat{Title: strings.Repeat("x", MaxTitle+1)}); !errors.Is(err, ErrLimit) {
		t.Errorf("long title: %v", err)
	}
	for _, f := range []Full{
		{Messages: []Message{{ID: 1, Role: "user", Parent: 2}}},
		{Messages: []Message{{ID: 2, Role: "user"}, {ID: 1, Role: "user"}}},
		{Chat: Chat{Leaf: 3}, Messages: []Message{{ID: 1, Role: "user"}}},
	} {
		if _, err := s.Import(f); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chats.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	c := must[*Chat](t)(s.Create(Chat{Title: "kept"}))
	q := add(t, s, c.ID, 0, "user", "Hello")
	if err := s.SetDocument("presets", json.RawMessage(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("opened twice: %v", err)
	}
	full := must[*Full](t)(s.Get(c.ID))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(path); err != nil {
		t.Fatal(err)
	}
	f := must[*Full](t)(s.Get(c.ID))
	if f.Title != "kept" || f.Leaf != q || f.Messages[0].Content != "Hello" {
		t.Errorf("%+v", f)
	}
	if d := must[json.RawMessage](t)(s.Document("presets")); string(d) != `{"a":1}` {
		t.Errorf("document %s", d)
	}
	again := must[*Chat](t)(s.Import(*full))
	if g := must[*Full](t)(s.Get(again.ID)); g.ID == c.ID || g.Leaf != q || len(g.Messages) != 1 {
		t.Errorf("imported %+v", g)
	}
	s.Close()
	if err := os.WriteFile(path, []byte("not a database, but a text that is long enough\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("another file: %v", err)
	}
}

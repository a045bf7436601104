package chats

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Markdown returns the branch that is shown as Markdown.
func (f *Full) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", strings.TrimSpace(f.Title))
	for _, m := range f.Branch() {
		name := "You"
		if m.Role == "assistant" {
			name = "Assistant"
		}
		fmt.Fprintf(&b, "\n## %s\n\n", name)
		if m.Reasoning != "" {
			b.WriteString("> " + strings.ReplaceAll(strings.TrimSpace(m.Reasoning), "\n", "\n> ") + "\n\n")
		}
		b.WriteString(strings.TrimSpace(m.Content) + "\n")
	}
	return b.String()
}

// Branch returns the messages from the first to the leaf that is shown.
func (f *Full) Branch() (list []Message) {
	byID := map[uint64]Message{}
	for _, m := range f.Messages {
		byID[m.ID] = m
	}
	for m, ok := byID[f.Leaf]; ok; m, ok = byID[m.Parent] {
		list = append(list, m)
		delete(byID, m.ID) // a circle ends
	}
	slices.Reverse(list)
	return list
}

func (s *Store) serveExport(w http.ResponseWriter, r *http.Request) {
	f, err := s.Get(number(r, "id"))
	if err != nil {
		answer(w, nil, err)
		return
	}
	switch format := r.URL.Query().Get("format"); format {
	case "", "json":
		answer(w, f, nil)
	case "md":
		w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
		_, _ = w.Write([]byte(f.Markdown())) // the client has gone when this fails
	default:
		answer(w, nil, fmt.Errorf("%w: format %q, want json or md", ErrInvalid, format))
	}
}

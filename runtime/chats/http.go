package chats

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Handler serves the store to the page, relative to where it is mounted:
//
//	GET    chats?q=TEXT                 list, without messages
//	POST   chats                        make one of {title, pinned, settings, updated}
//	GET    chats/ID                     one with its messages
//	PATCH  chats/ID                     change title, pinned, leaf, settings
//	DELETE chats/ID
//	POST   chats/ID/messages            add a message
//	PUT    chats/ID/messages/MESSAGE    replace one's content
//	DELETE chats/ID/messages/MESSAGE    with all below it
//	GET    chats/ID/export?format=json|md
//	POST   import                       a chat as export writes it, or a list of them
//	GET    documents/NAME, PUT documents/NAME
//	GET    events                       server-sent events, one for each change
//
// Bodies are JSON with that content type, which pages of other origins cannot send without being asked first.
func (s *Store) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /chats", s.serveList)
	m.HandleFunc("POST /chats", with(func(_ *http.Request, c Chat) (any, error) { return s.Create(c) }))
	m.HandleFunc("GET /chats/{id}", reply(func(r *http.Request) (any, error) { return s.Get(number(r, "id")) }))
	m.HandleFunc("PATCH /chats/{id}", with(func(r *http.Request, c Change) (any, error) { return s.Patch(number(r, "id"), c) }))
	m.HandleFunc("DELETE /chats/{id}", reply(func(r *http.Request) (any, error) { return struct{}{}, s.Delete(number(r, "id")) }))
	m.HandleFunc("POST /chats/{id}/messages", with(func(r *http.Request, msg Message) (any, error) {
		msg.ID = 0
		return s.putMessage(r, msg)
	}))
	m.HandleFunc("PUT /chats/{id}/messages/{message}", with(func(r *http.Request, msg Message) (any, error) {
		if msg.ID = number(r, "message"); msg.ID == 0 {
			return nil, fmt.Errorf("message %q: %w", r.PathValue("message"), ErrNotFound)
		}
		return s.putMessage(r, msg)
	}))
	m.HandleFunc("DELETE /chats/{id}/messages/{message}", reply(func(r *http.Request) (any, error) {
		return s.DeleteMessage(number(r, "id"), number(r, "message"))
	}))
	m.HandleFunc("GET /chats/{id}/export", s.serveExport)
	m.HandleFunc("POST /import", with(func(_ *http.Request, b json.RawMessage) (any, error) { return s.importAll(b) }))
	m.HandleFunc("GET /documents/{name}", reply(func(r *http.Request) (any, error) {
		v, err := s.Document(r.PathValue("name"))
		if v == nil {
			v = json.RawMessage("null")
		}
		return v, err
	}))
	m.HandleFunc("PUT /documents/{name}", with(func(r *http.Request, b json.RawMessage) (any, error) {
		return struct{}{}, s.SetDocument(r.PathValue("name"), b)
	}))
	m.HandleFunc("GET /events", s.serveEvents)
	return m
}

// number is a path value, 0 (which no chat and no message has) when it is none.
func number(r *http.Request, name string) uint64 {
	n, err := strconv.ParseUint(r.PathValue(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// changed is the answer to a message that was stored.
type changed struct {
	Chat    *Chat    `json:"chat"`
	Message *Message `json:"message"`
}

func (s *Store) putMessage(r *http.Request, m Message) (any, error) {
	c, stored, err := s.Put(number(r, "id"), m)
	if err != nil {
		return nil, err
	}
	stored.Content, stored.Reasoning, stored.Files = "", "", nil // the browser has them
	return changed{c, stored}, nil
}

func (s *Store) serveList(w http.ResponseWriter, r *http.Request) {
	list, err := s.List(r.URL.Query().Get("q"))
	answer(w, struct {
		Chats    []Chat `json:"chats"`
		Persists bool   `json:"persists"`
	}{list, s.persists}, err)
}

func (s *Store) importAll(b json.RawMessage) (any, error) {
	var list []Full
	if len(b) > 0 && b[0] == '{' {
		b = append(append([]byte("["), b...), ']')
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("%w: not an exported chat: %v", ErrInvalid, err)
	}
	made := []*Chat{}
	for i := range list {
		c, err := s.Import(list[i])
		if err != nil {
			return nil, fmt.Errorf("chat %d of %d: %w (%d imported)", i+1, len(list), err, len(made))
		}
		made = append(made, c)
	}
	return made, nil
}

// heartbeat keeps connections of events open through proxies.
const heartbeat = 25 * time.Second

func (s *Store) serveEvents(w http.ResponseWriter, r *http.Request) {
	events, stop := s.Watch()
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	c := http.NewResponseController(w)
	_ = c.SetWriteDeadline(time.Time{}) // not every connection has one
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	line := ": open\n\n"
	for {
		if _, err := io.WriteString(w, line); err != nil || c.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
			line = ":\n\n"
		case e := <-events:
			b, err := json.Marshal(e)
			if err != nil {
				return
			}
			line = "data: " + string(b) + "\n\n"
		}
	}
}

// maxBody is how long a body may be: a message, or an imported file.
const maxBody = 2 * MaxContent

// with decodes the body before the call.
func with[T any](f func(*http.Request, T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "application/json" {
			answer(w, nil, fmt.Errorf("%w: content type %q, want application/json", ErrInvalid, r.Header.Get("Content-Type")))
			return
		}
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			err = fmt.Errorf("%w: a body of more than %d bytes", ErrLimit, tooLarge.Limit)
		}
		var v T
		if err == nil {
			if err = json.Unmarshal(b, &v); err != nil {
				err = fmt.Errorf("%w: %v", ErrInvalid, err)
			}
		}
		if err != nil {
			answer(w, nil, err)
			return
		}
		got, err := f(r, v)
		answer(w, got, err)
	}
}

func reply(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		got, err := f(r)
		answer(w, got, err)
	}
}

// answer writes a value or an error in the envelope of the API.
func answer(w http.ResponseWriter, v any, err error) {
	status := http.StatusOK
	switch {
	case errors.Is(err, ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, ErrLimit):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrInvalid):
		status = http.StatusBadRequest
	case err != nil:
		status = http.StatusInternalServerError
	}
	if err != nil {
		v = map[string]any{"error": map[string]any{"message": err.Error(), "type": "chats_error", "code": status}}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone when this fails
}

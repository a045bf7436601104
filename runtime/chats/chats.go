// Package chats keeps conversations for the web page: trees of messages with branches, in one bbolt file that survives
// the browser and is shared by all browsers, or in memory where there is no file (booted machines, --chats none).
//
// The package stores and lists; it knows nothing of models. Sizes are bounded by the limits below, so a client that
// misbehaves is refused with ErrLimit and cannot fill memory.
package chats

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Limits of what is stored.
const (
	MaxContent  = 32 << 20  // bytes of one message, pictures included
	MaxMessages = 20000     // in one chat
	MaxChats    = 100000    // in one store
	MaxTitle    = 400       // bytes
	MaxSettings = 256 << 10 // bytes of JSON
)

var (
	ErrNotFound = errors.New("not found")
	ErrLimit    = errors.New("too large")
	ErrInvalid  = errors.New("invalid")
)

// Chat is a conversation without its messages.
type Chat struct {
	ID       uint64          `json:"id"`
	Title    string          `json:"title"`
	Pinned   bool            `json:"pinned,omitempty"`
	Leaf     uint64          `json:"leaf"`               // last message of the branch that is shown
	Settings json.RawMessage `json:"settings,omitempty"` // system prompt and samplers
	Updated  int64           `json:"updated"`            // milliseconds since 1970, from the browser
	Rev      uint64          `json:"rev"`                // grows with every change
	Count    int             `json:"count"`              // messages
	Last     uint64          `json:"last"`               // largest message ID ever given
}

// Full is a conversation with its messages in order of their IDs.
type Full struct {
	Chat
	Messages []Message `json:"messages"`
}

// Store keeps chats. Its methods may be called at the same time.
type Store struct {
	mu       sync.Mutex
	t        table
	persists bool // chats survive the program
	watchers map[chan Event]struct{}
}

// Event tells that a chat changed.
type Event struct {
	ID      uint64 `json:"id"`
	Rev     uint64 `json:"rev"`
	Deleted bool   `json:"deleted,omitempty"`
}

// Memory returns a store that is gone with the program.
func Memory() *Store { return newStore(memory{}, false) }

// Open opens or makes the file of a store. A file that another program has open is an error.
func Open(path string) (*Store, error) {
	t, err := openBolt(path)
	if err != nil {
		return nil, err
	}
	return newStore(t, true), nil
}

func newStore(t table, persists bool) *Store {
	return &Store{t: t, persists: persists, watchers: map[chan Event]struct{}{}}
}

// Close closes the file.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.t.close()
}

// Watch returns a channel of changes, and a function that ends it. A watcher that does not read misses events.
func (s *Store) Watch() (<-chan Event, func()) {
	c := make(chan Event, 64)
	s.mu.Lock()
	s.watchers[c] = struct{}{}
	s.mu.Unlock()
	return c, func() {
		s.mu.Lock()
		delete(s.watchers, c)
		s.mu.Unlock()
	}
}

func (s *Store) tell(e Event) {
	for c := range s.watchers {
		select {
		case c <- e:
		default:
		}
	}
}

// List returns the chats, pinned ones first, then the latest, whose title or messages contain query (any case).
func (s *Store) List(query string) ([]Chat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Chat{}
	err := s.t.scan(chatPrefix, func(_, v []byte) error {
		var c Chat
		if err := json.Unmarshal(v, &c); err != nil {
			return err
		}
		list = append(list, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if query = strings.ToLower(query); query != "" {
		list = slices.DeleteFunc(list, func(c Chat) bool {
			return !strings.Contains(strings.ToLower(c.Title), query) && !s.contains(c.ID, query)
		})
	}
	slices.SortFunc(list, func(a, b Chat) int {
		if a.Pinned != b.Pinned {
			if a.Pinned {
				return -1
			}
			return 1
		}
		switch {
		case a.Updated != b.Updated && a.Updated > b.Updated, a.Updated == b.Updated && a.ID > b.ID:
			return -1
		}
		return 1
	})
	return list, nil
}

var errFound = errors.New("found")

// contains reports whether a message of the chat contains the text, in lower case.
func (s *Store) contains(id uint64, lower string) bool {
	return errors.Is(s.t.scan(messagePrefix(id), func(_, v []byte) error {
		var m Message
		if err := json.Unmarshal(v, &m); err == nil && strings.Contains(strings.ToLower(m.Content), lower) {
			return errFound
		}
		return nil
	}), errFound)
}

// Get returns a chat with all messages.
func (s *Store) Get(id uint64) (*Full, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.get(id)
}

func (s *Store) get(id uint64) (*Full, error) {
	c, err := s.chat(id)
	if err != nil {
		return nil, err
	}
	f := &Full{Chat: *c, Messages: []Message{}}
	err = s.t.scan(messagePrefix(id), func(_, v []byte) error {
		var m Message
		if err := json.Unmarshal(v, &m); err != nil {
			return err
		}
		f.Messages = append(f.Messages, m)
		return nil
	})
	return f, err
}

func (s *Store) chat(id uint64) (*Chat, error) {
	v, err := s.t.get(chatKey(id))
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, fmt.Errorf("chat %d: %w", id, ErrNotFound)
	}
	c := &Chat{}
	return c, json.Unmarshal(v, c)
}

// Create makes a chat; of c, title, pinned, settings and updated count.
func (s *Store) Create(c Chat) (*Chat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.create(c)
}

func (s *Store) create(c Chat) (*Chat, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	n, last := 0, uint64(0)
	if err := s.t.scan(chatPrefix, func(k, _ []byte) error { n, last = n+1, keyID(k); return nil }); err != nil {
		return nil, err
	}
	if n >= MaxChats {
		return nil, fmt.Errorf("%w: the store has %d chats already; delete some", ErrLimit, n)
	}
	c.ID, c.Leaf, c.Rev, c.Count, c.Last = last+1, 0, 0, 0, 0
	return &c, s.save(&c)
}

// save stores a chat as changed.
func (s *Store) save(c *Chat, more ...pair) error {
	c.Rev++
	v, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := s.t.put(append(more, pair{chatKey(c.ID), v})...); err != nil {
		return err
	}
	s.tell(Event{ID: c.ID, Rev: c.Rev})
	return nil
}

// Change is what Patch sets; nil leaves a field as it is.
type Change struct {
	Title    *string          `json:"title"`
	Pinned   *bool            `json:"pinned"`
	Leaf     *uint64          `json:"leaf"`
	Settings *json.RawMessage `json:"settings"`
	Updated  *int64           `json:"updated"`
}

// Patch changes a chat.
func (s *Store) Patch(id uint64, p Change) (*Chat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.chat(id)
	if err != nil {
		return nil, err
	}
	set(&c.Title, p.Title)
	set(&c.Pinned, p.Pinned)
	set(&c.Settings, p.Settings)
	set(&c.Updated, p.Updated)
	if p.Leaf != nil && *p.Leaf != 0 {
		if _, err := s.message(id, *p.Leaf); err != nil {
			return nil, err
		}
	}
	set(&c.Leaf, p.Leaf)
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, s.save(c)
}

func set[T any](dst *T, src *T) {
	if src != nil {
		*dst = *src
	}
}

// Delete removes a chat.
func (s *Store) Delete(id uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.chat(id)
	if err != nil {
		return err
	}
	keys := [][]byte{chatKey(id)}
	if err := s.t.scan(messagePrefix(id), func(k, _ []byte) error { keys = append(keys, slices.Clone(k)); return nil }); err != nil {
		return err
	}
	if err := s.t.remove(keys...); err != nil {
		return err
	}
	s.tell(Event{ID: id, Rev: c.Rev + 1, Deleted: true})
	return nil
}

// Import stores a conversation as a new chat. Message IDs are kept, so parents must come before their children.
func (s *Store) Import(f Full) (*Chat, error) {
	if len(f.Messages) > MaxMessages {
		return nil, fmt.Errorf("%w: %d messages, at most %d", ErrLimit, len(f.Messages), MaxMessages)
	}
	known := map[uint64]bool{0: true}
	last := uint64(0)
	for i := range f.Messages {
		m := &f.Messages[i]
		if err := m.check(); err != nil {
			return nil, err
		}
		if m.ID <= last || !known[m.Parent] {
			return nil, fmt.Errorf("%w: message %d follows %d and has parent %d; parents come first, numbers grow", ErrInvalid, m.ID, last, m.Parent)
		}
		last = m.ID
		known[m.ID] = true
	}
	if !known[f.Leaf] {
		return nil, fmt.Errorf("%w: the chat shows message %d, which it does not have", ErrInvalid, f.Leaf)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.create(f.Chat)
	if err != nil {
		return nil, err
	}
	var more []pair
	for _, m := range f.Messages {
		v, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		more = append(more, pair{messageKey(c.ID, m.ID), v})
	}
	c.Leaf, c.Count, c.Last = f.Leaf, len(f.Messages), last
	return c, s.save(c, more...)
}

// Document returns a named JSON document of the page (its presets, its settings), or nil.
func (s *Store) Document(name string) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.t.get(documentKey(name))
}

// SetDocument stores a named JSON document.
func (s *Store) SetDocument(name string, v json.RawMessage) error {
	if len(v) > MaxSettings || len(name) > 64 {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrLimit, len(v), MaxSettings)
	}
	if !json.Valid(v) {
		return fmt.Errorf("%w: not JSON", ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.t.put(pair{documentKey(name), v})
}

func (c *Chat) check() error {
	switch {
	case len(c.Title) > MaxTitle:
		return fmt.Errorf("%w: a title of %d bytes, at most %d", ErrLimit, len(c.Title), MaxTitle)
	case len(c.Settings) > MaxSettings:
		return fmt.Errorf("%w: settings of %d bytes, at most %d", ErrLimit, len(c.Settings), MaxSettings)
	case !utf8.ValidString(c.Title):
		return fmt.Errorf("%w: the title is not UTF-8", ErrInvalid)
	}
	return nil
}

package chats

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Message is one node of a chat's tree.
type Message struct {
	ID        uint64          `json:"id"`
	Parent    uint64          `json:"parent"` // 0 for the first messages
	Role      string          `json:"role"`   // user or assistant
	Content   string          `json:"content"`
	Reasoning string          `json:"reasoning,omitempty"`
	Files     json.RawMessage `json:"files,omitempty"` // attachments as the page keeps them
	Stats     json.RawMessage `json:"stats,omitempty"` // tokens, rate, model
	Time      int64           `json:"time,omitempty"`  // milliseconds since 1970, from the browser
}

func (s *Store) message(chat, id uint64) (*Message, error) {
	v, err := s.t.get(messageKey(chat, id))
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, fmt.Errorf("message %d of chat %d: %w", id, chat, ErrNotFound)
	}
	m := &Message{}
	return m, json.Unmarshal(v, m)
}

// Put adds a message, with ID 0, or replaces the content of one, and makes it the leaf that is shown. It returns the
// chat and the message.
func (s *Store) Put(chat uint64, m Message) (*Chat, *Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.chat(chat)
	if err != nil {
		return nil, nil, err
	}
	if err := m.check(); err != nil {
		return nil, nil, err
	}
	if m.ID == 0 {
		if c.Count >= MaxMessages {
			return nil, nil, fmt.Errorf("%w: the chat has %d messages already; start another", ErrLimit, c.Count)
		}
		if m.Parent != 0 {
			if _, err := s.message(chat, m.Parent); err != nil {
				return nil, nil, err
			}
		}
		c.Last++
		c.Count++
		m.ID = c.Last
		c.Leaf = m.ID
	} else {
		old, err := s.message(chat, m.ID)
		if err != nil {
			return nil, nil, err
		}
		if old.Parent != m.Parent || old.Role != m.Role {
			return nil, nil, fmt.Errorf("%w: message %d is a %s's below %d, got a %s's below %d", ErrInvalid, m.ID, old.Role, old.Parent, m.Role, m.Parent)
		}
	}
	c.Updated = max(c.Updated, m.Time)
	v, err := json.Marshal(m)
	if err != nil {
		return nil, nil, err
	}
	return c, &m, s.save(c, pair{messageKey(chat, m.ID), v})
}

// DeleteMessage removes a message and all below it. The leaf moves to the latest message beside it, or to its parent.
func (s *Store) DeleteMessage(chat, id uint64) (*Chat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.get(chat)
	if err != nil {
		return nil, err
	}
	m, err := s.message(chat, id)
	if err != nil {
		return nil, err
	}
	gone := map[uint64]bool{id: true}
	keys := [][]byte{messageKey(chat, id)}
	next := m.Parent
	for _, o := range f.Messages { // a parent's ID is smaller than its children's
		if gone[o.Parent] && !gone[o.ID] {
			gone[o.ID] = true
			keys = append(keys, messageKey(chat, o.ID))
		}
	}
	for _, o := range f.Messages {
		if !gone[o.ID] && (o.Parent == m.Parent || o.Parent == next) {
			next = o.ID // the youngest sibling, then down to the end of its branch
		}
	}
	if err := s.t.remove(keys...); err != nil {
		return nil, err
	}
	c := &f.Chat
	c.Count -= len(keys)
	if gone[c.Leaf] {
		c.Leaf = next
	}
	return c, s.save(c)
}

func (m *Message) check() error {
	size := len(m.Content) + len(m.Reasoning) + len(m.Files) + len(m.Stats)
	switch {
	case size > MaxContent:
		return fmt.Errorf("%w: a message of %d bytes, at most %d", ErrLimit, size, MaxContent)
	case m.Role != "user" && m.Role != "assistant":
		return fmt.Errorf("%w: role %q, want user or assistant", ErrInvalid, m.Role)
	case !utf8.ValidString(m.Content) || !utf8.ValidString(m.Reasoning):
		return fmt.Errorf("%w: the text is not UTF-8", ErrInvalid)
	}
	return nil
}

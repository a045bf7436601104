package chats

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Keys: "c" chat, "m" chat message, "d" name; numbers are 8 bytes, big-endian, so that scans are in order.
var chatPrefix = []byte("c")

func chatKey(id uint64) []byte         { return binary.BigEndian.AppendUint64([]byte("c"), id) }
func messagePrefix(chat uint64) []byte { return binary.BigEndian.AppendUint64([]byte("m"), chat) }
func messageKey(chat, id uint64) []byte {
	return binary.BigEndian.AppendUint64(messagePrefix(chat), id)
}
func documentKey(name string) []byte { return append([]byte("d"), name...) }
func keyID(k []byte) uint64          { return binary.BigEndian.Uint64(k[len(k)-8:]) }

type pair struct{ key, value []byte }

// table is a sorted map of bytes. put and remove happen as a whole or not at all.
type table interface {
	get(key []byte) ([]byte, error) // nil without an error when absent
	put(pairs ...pair) error
	remove(keys ...[]byte) error
	scan(prefix []byte, f func(k, v []byte) error) error // k and v are valid during the call
	close() error
}

// memory is a table without a file.
type memory map[string][]byte

func (m memory) get(key []byte) ([]byte, error) { return m[string(key)], nil }

func (m memory) put(pairs ...pair) error {
	for _, p := range pairs {
		m[string(p.key)] = p.value
	}
	return nil
}

func (m memory) remove(keys ...[]byte) error {
	for _, k := range keys {
		delete(m, string(k))
	}
	return nil
}

func (m memory) scan(prefix []byte, f func(k, v []byte) error) error {
	var keys []string
	for k := range m {
		if bytes.HasPrefix([]byte(k), prefix) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if err := f([]byte(k), m[k]); err != nil {
			return err
		}
	}
	return nil
}

func (m memory) close() error { return nil }

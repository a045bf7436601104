//go:build !wasip1 && !tamago

package chats

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// file is a table in a bbolt file.
type file struct{ db *bolt.DB }

var bucket = []byte("chats v1")

// openPatience is how long Open waits for another program to close the file.
const openPatience = 500 * time.Millisecond

func openBolt(path string) (table, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("no folder for the file of chats: %w", err)
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: openPatience})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%s is open in another program; close it, or choose another file with --chats FILE", path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%s is not a file of chats (%w); move it away, or choose another file with --chats FILE", path, err)
	case err != nil && !errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: %w", path, err)
	case err != nil:
		return nil, err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file{db}, nil
}

func (t file) get(key []byte) (v []byte, err error) {
	err = t.db.View(func(tx *bolt.Tx) error {
		v = bytes.Clone(tx.Bucket(bucket).Get(key))
		return nil
	})
	return v, err
}

func (t file) put(pairs ...pair) error {
	return t.db.Update(func(tx *bolt.Tx) error {
		for _, p := range pairs {
			if err := tx.Bucket(bucket).Put(p.key, p.value); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t file) remove(keys ...[]byte) error {
	return t.db.Update(func(tx *bolt.Tx) error {
		for _, k := range keys {
			if err := tx.Bucket(bucket).Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t file) scan(prefix []byte, f func(k, v []byte) error) error {
	return t.db.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucket).Cursor()
		for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			if err := f(k, v); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t file) close() error { return t.db.Close() }

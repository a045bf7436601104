package edit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// An edit in place is made safe by a journal beside the file: the bytes it is going
// to overwrite and the old size. Whoever finds a complete journal puts them back; an
// incomplete one means that the edit had not begun.
//
//	8 bytes   journalMagic
//	8 bytes   size of the file
//	n times   offset (8), length (8), bytes
//	8 bytes   all ones: the end
//	32 bytes  SHA-256 of everything before
//
// All numbers are little-endian.
const (
	journalMagic  = "LBUNDO1\n"
	journalSuffix = ".undo"
	journalEnd    = 1<<64 - 1
	maxJournal    = 128 << 20
)

// mostInPlace is how many bytes an edit in place may overwrite; larger ones write a new file. Tests make it smaller.
var mostInPlace int64 = maxJournal

// storage is a file that can be edited.
type storage interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
}

// journalBytes returns the journal for overwriting spans of a file of size bytes.
func journalBytes(r io.ReaderAt, size int64, spans []span) ([]byte, error) {
	le := binary.LittleEndian
	b := le.AppendUint64([]byte(journalMagic), uint64(size))
	for _, s := range spans {
		n := min(s.end, size) - s.start
		if n <= 0 {
			continue
		}
		b = le.AppendUint64(le.AppendUint64(b, uint64(s.start)), uint64(n))
		b = append(b, make([]byte, n)...)
		if _, err := r.ReadAt(b[int64(len(b))-n:], s.start); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %d bytes at offset %#x: %w", n, s.start, err)
		}
	}
	b = le.AppendUint64(b, journalEnd)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...), nil
}

// writeJournal saves the journal at path so that it survives whatever follows.
func writeJournal(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(path)
		return err
	}
	// Its name must be on the disk as well before the file is touched (fsync(2)). Systems
	// that cannot sync a folder say so, and need not.
	if folder, err := os.Open(filepath.Dir(path)); err == nil {
		_ = folder.Sync()
		folder.Close()
	}
	return nil
}

// rollBack puts back what the journal holds. It reports false, and changes nothing,
// if the journal is incomplete.
func rollBack(w storage, b []byte) (bool, error) {
	le := binary.LittleEndian
	n := len(b) - sha256.Size
	if n < len(journalMagic)+16 || string(b[:len(journalMagic)]) != journalMagic {
		return false, nil
	}
	if sum := sha256.Sum256(b[:n]); !bytes.Equal(sum[:], b[n:]) {
		return false, nil
	}
	size := int64(le.Uint64(b[8:]))
	for p := b[16:n]; len(p) >= 8 && le.Uint64(p) != journalEnd; {
		if len(p) < 16 || le.Uint64(p[8:]) > uint64(len(p)-16) {
			return false, nil
		}
		at, n := int64(le.Uint64(p)), le.Uint64(p[8:])
		if _, err := w.WriteAt(p[16:16+n], at); err != nil {
			return false, fmt.Errorf("put back %d bytes at offset %#x: %w", n, at, err)
		}
		p = p[16+n:]
	}
	if err := w.Truncate(size); err != nil {
		return false, err
	}
	return true, w.Sync()
}

// Pending reports whether an edit of the file at path was cut off, or is going on.
func Pending(path string) bool {
	_, err := os.Stat(path + journalSuffix)
	return err == nil
}

// recoverFile undoes an edit of the file at path that was cut off, if there was one.
func recoverFile(path string, w storage) error {
	f, err := os.Open(path + journalSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxJournal+1<<20))
	f.Close()
	if err == nil {
		_, err = rollBack(w, b)
	}
	if err != nil {
		return err
	}
	return os.Remove(path + journalSuffix)
}

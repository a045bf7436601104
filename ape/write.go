package ape

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/zipalign"
)

// copyChunk is how much of a member is read, hashed and written at a time.
const copyChunk = 4 << 20

// Write writes the whole file to w, which must read as zeros wherever nothing is
// written (a new file). Every member is read once. progress, if not nil, is told
// how many bytes were written since its last call.
func (p *Plan) Write(ctx context.Context, w io.WriterAt, progress func(n int64)) error {
	if progress == nil {
		progress = func(int64) {}
	}
	manifest, err := p.writeMembers(ctx, w, progress)
	if err != nil {
		return err
	}
	d := p.disk(manifest)
	copy(p.tail.Members, p.zip) // now with their checksums
	end, err := p.tail.Encode(d)
	if err != nil {
		return err
	}
	head, err := p.head(d.GUID)
	if err != nil {
		return err
	}
	return WritePatches(w, append([]Patch{{0, head}}, end...))
}

// writeMembers writes the members and returns the manifest.
func (p *Plan) writeMembers(ctx context.Context, w io.WriterAt, progress func(int64)) ([]byte, error) {
	var manifest []byte
	sums := make([]Checksums, 0, len(p.members))
	for i := range p.members {
		m, z := &p.members[i], &p.zip[i]
		if m.Name == format.ManifestName {
			var err error
			if manifest, err = p.manifest(sums); err != nil {
				return nil, err
			}
			if int64(len(manifest)) != m.Size {
				return nil, fmt.Errorf("manifest of %d bytes, planned %d", len(manifest), m.Size)
			}
			m.Data = bytes.NewReader(manifest)
		}
		s, err := WriteMember(ctx, w, z, m, progress)
		if err != nil {
			return nil, err
		}
		sums = append(sums, s)
	}
	return manifest, nil
}

// WriteMember copies m to its place z, writes its header and sets z's checksum.
func WriteMember(ctx context.Context, w io.WriterAt, z *zipalign.Member, m *Member, progress func(int64)) (Checksums, error) {
	sums, err := CopyMember(ctx, w, z.Offset, m, progress)
	if err != nil {
		return sums, err
	}
	z.CRC32 = sums.CRC32
	return sums, WritePatches(w, []Patch{{z.Header, z.LocalHeader()}})
}

// A cloner is an output that can share the blocks of a file instead of copying them; it
// says how many bytes from offset at on it did so for.
type cloner interface {
	io.ReaderAt
	CloneFrom(src *os.File, at, n int64) int64
}

// clone shares as much of m with its file as w can. What was shared is then read from w
// for the checksums: nobody changes it any more.
func clone(w io.WriterAt, at int64, m *Member) (shared int64, from io.ReaderAt) {
	c, ok := w.(cloner)
	src, isFile := m.Data.(*os.File)
	if !ok || !isFile {
		return 0, m.Data
	}
	shared = c.CloneFrom(src, at, m.Size)
	return shared, io.NewSectionReader(c, at, shared)
}

// CopyMember copies m to offset at of w. Hashing one chunk overlaps with writing it
// and with reading the next one. Where the file system can, blocks are shared.
func CopyMember(ctx context.Context, w io.WriterAt, at int64, m *Member, progress func(int64)) (sums Checksums, err error) {
	sha := sha256.New()
	hashed := make(chan struct{}, 1)
	hashed <- struct{}{}
	bufs := [2][]byte{make([]byte, min(copyChunk, m.Size)), make([]byte, min(copyChunk, m.Size))}
	shared, sharedFrom := clone(w, at, m)
	r := io.MultiReader(io.NewSectionReader(sharedFrom, 0, shared), io.NewSectionReader(m.Data, shared, m.Size-shared))
	for done, i := int64(0), 0; done < m.Size; i++ {
		if err := ctx.Err(); err != nil {
			<-hashed
			return sums, err
		}
		b := bufs[i%2][:min(copyChunk, m.Size-done)]
		if _, err := io.ReadFull(r, b); err != nil {
			<-hashed
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return sums, fmt.Errorf("%s became shorter while it was read: at most %d of %d bytes", m.Name, done+int64(len(b)), m.Size)
			}
			return sums, fmt.Errorf("read %s: %w", m.Name, err)
		}
		<-hashed // the previous chunk; its buffer is free for the next read
		go func() {
			sums.CRC32 = crc32.Update(sums.CRC32, crc32.IEEETable, b)
			sha.Write(b)
			hashed <- struct{}{}
		}()
		// The first bytes of a chunk may be shared already, the rest is written.
		have := min(max(shared-done, 0), int64(len(b)))
		if _, err := w.WriteAt(b[have:], at+done+have); err != nil {
			<-hashed
			return sums, fmt.Errorf("write %d bytes at offset %#x: %w", len(b), at+done, err)
		}
		done += int64(len(b))
		progress(int64(len(b)))
	}
	<-hashed
	sums.SHA256 = [sha256.Size]byte(sha.Sum(nil))
	return sums, nil
}

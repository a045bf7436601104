package ape

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
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
	d := p.disk(identity(manifest))
	copy(p.tail.members, p.zip) // now with their checksums
	end, err := p.tail.encode(d)
	if err != nil {
		return err
	}
	head, err := p.head(d.guid)
	if err != nil {
		return err
	}
	return writePatches(w, append([]patch{{0, head}}, end...))
}

// writeMembers copies the members, sets their checksums and returns the manifest.
func (p *Plan) writeMembers(ctx context.Context, w io.WriterAt, progress func(int64)) ([]byte, error) {
	hashes := make([][sha256.Size]byte, 0, len(p.members))
	var manifest []byte
	for i := range p.members {
		m, z := &p.members[i], &p.zip[i]
		var err error
		if m.Name == ManifestName {
			if manifest, err = p.manifest(hashes); err != nil {
				return nil, err
			}
			if int64(len(manifest)) != m.Size {
				return nil, fmt.Errorf("ape: manifest of %d bytes, planned %d", len(manifest), m.Size)
			}
			z.CRC32 = crc32.ChecksumIEEE(manifest)
			if err := writePatches(w, []patch{{z.Offset, manifest}}); err != nil {
				return nil, err
			}
		} else {
			var hash [sha256.Size]byte
			if z.CRC32, hash, err = copyMember(ctx, w, z.Offset, m, progress); err != nil {
				return nil, err
			}
			hashes = append(hashes, hash)
		}
		if err := writePatches(w, []patch{{z.Header, z.LocalHeader()}}); err != nil {
			return nil, err
		}
	}
	return manifest, nil
}

// copyMember copies m to offset at of w. Hashing one chunk overlaps with writing it
// and with reading the next one.
func copyMember(ctx context.Context, w io.WriterAt, at int64, m *Member, progress func(int64)) (crc uint32, hash [sha256.Size]byte, err error) {
	sha := sha256.New()
	hashed := make(chan struct{}, 1)
	hashed <- struct{}{}
	bufs := [2][]byte{make([]byte, min(copyChunk, m.Size)), make([]byte, min(copyChunk, m.Size))}
	r := io.NewSectionReader(m.Data, 0, m.Size)
	for done, i := int64(0), 0; done < m.Size; i++ {
		if err := ctx.Err(); err != nil {
			<-hashed
			return 0, hash, err
		}
		b := bufs[i%2][:min(copyChunk, m.Size-done)]
		if _, err := io.ReadFull(r, b); err != nil {
			<-hashed
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return 0, hash, fmt.Errorf("ape: %s became shorter while it was read: at most %d of %d bytes", m.Name, done+int64(len(b)), m.Size)
			}
			return 0, hash, fmt.Errorf("ape: read %s: %w", m.Name, err)
		}
		<-hashed // the previous chunk; its buffer is free for the next read
		go func() {
			crc = crc32.Update(crc, crc32.IEEETable, b)
			sha.Write(b)
			hashed <- struct{}{}
		}()
		if _, err := w.WriteAt(b, at+done); err != nil {
			<-hashed
			return 0, hash, fmt.Errorf("ape: write %d bytes at offset %#x: %w", len(b), at+done, err)
		}
		done += int64(len(b))
		progress(int64(len(b)))
	}
	<-hashed
	return crc, [sha256.Size]byte(sha.Sum(nil)), nil
}

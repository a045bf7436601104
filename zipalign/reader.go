package zipalign

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Bounds on foreign archives: memory stays within them whatever the bytes say.
const (
	maxDirectory = 64 << 20
	maxMembers   = 1 << 20
	maxComment   = max16
)

// A Reader is an open archive.
type Reader struct {
	Members []Member // in the order of the directory
	// Directory is the offset of the central directory; Comment that of the
	// archive comment, which reaches to the end of the file.
	Directory, Comment int64

	r io.ReaderAt
}

// leniency is what a reader accepts of an archive that another tool wrote.
type leniency struct {
	trailing bool // bytes behind the archive comment
	prefix   bool // offsets that count from the archive's start, not the file's
}

var le = binary.LittleEndian

// formatError says what was wrong where; it matches ErrFormat.
func formatError(at int64, format string, args ...any) error {
	return fmt.Errorf("%w: offset %#x: %s", ErrFormat, at, fmt.Sprintf(format, args...))
}

// Open reads the directory of the archive that ends at byte size of r, and
// every member's local header, and refuses what cannot be kept in an edit:
// duplicate names, bytes behind the archive. The members' data is not read.
func Open(r io.ReaderAt, size int64) (*Reader, error) {
	z, err := open(r, size, leniency{})
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(z.Members))
	for i := range z.Members {
		m := &z.Members[i]
		if seen[m.Name] {
			return nil, fmt.Errorf("%w: %q", ErrDuplicate, m.Name)
		}
		seen[m.Name] = true
		if err := z.Locate(m); err != nil {
			return nil, err
		}
	}
	return z, nil
}

// OpenDirectory reads the directory alone, for programs that use a few members
// of an archive that anybody may have changed: of members with the same name
// the first counts, and bytes behind the archive, or before it and not counted
// in its offsets, are accepted. Members have no Offset until Locate.
func OpenDirectory(r io.ReaderAt, size int64) (*Reader, error) {
	return open(r, size, leniency{trailing: true, prefix: true})
}

func open(r io.ReaderAt, size int64, accept leniency) (*Reader, error) {
	z := &Reader{r: r}
	end, at, err := findEnd(r, size, accept.trailing)
	if err != nil {
		return nil, err
	}
	count, length, start := int64(le.Uint16(end[10:])), int64(le.Uint32(end[12:])), int64(le.Uint32(end[16:]))
	disk := le.Uint16(end[4:]) | le.Uint16(end[6:])
	limit := at // the directory must end here
	if count == max16 || length == max32 || start == max32 {
		c, l, s, a, ok, err := readEnd64(r, at)
		if err != nil {
			return nil, err
		}
		if ok {
			count, length, start, limit, disk = c, l, s, a, 0
		}
	}
	prefix := limit - length - start // bytes that the offsets do not count
	switch {
	case disk != 0:
		return nil, formatError(at, "the archive is split over several disks")
	case length > maxDirectory || count > maxMembers:
		return nil, formatError(at, "directory of %d bytes for %d members: at most %d and %d", length, count, maxDirectory, maxMembers)
	case start < 0 || length < 0 || start > limit || length > limit-start || prefix > 0 && !accept.prefix:
		return nil, formatError(at, "directory at %d with %d bytes: want it to end at %d (was the file joined or cut?)", start, length, limit)
	}
	z.Directory, z.Comment = start+prefix, at+endSize
	dir := make([]byte, length)
	if err := readFull(r, dir, z.Directory); err != nil {
		return nil, err
	}
	if err := z.readDirectory(dir, int(count), prefix); err != nil {
		return nil, err
	}
	return z, nil
}

// findEnd returns the end record (4.3.16) and its offset: the last signature
// whose comment reaches exactly to the end of the file or, with trailing, lies
// within it.
func findEnd(r io.ReaderAt, size int64, trailing bool) ([]byte, int64, error) {
	n := min(size, endSize+maxComment)
	if n < endSize {
		return nil, 0, formatError(0, "%d bytes are too few for a ZIP", size)
	}
	tail := make([]byte, n)
	if err := readFull(r, tail, size-n); err != nil {
		return nil, 0, err
	}
	for i := len(tail) - endSize; i >= 0; i-- {
		if le.Uint32(tail[i:]) != endSignature {
			continue
		}
		behind := len(tail) - i - endSize - int(le.Uint16(tail[i+20:]))
		if behind == 0 || trailing && behind > 0 {
			return tail[i : i+endSize], size - n + int64(i), nil
		}
	}
	return nil, 0, formatError(size, "no end record in the last %d bytes (is the file truncated?)", n)
}

// readEnd64 reads the ZIP64 end record announced by a locator right before the
// end record at offset end. ok is false when there is no locator.
func readEnd64(r io.ReaderAt, end int64) (count, length, start, at int64, ok bool, err error) {
	if end < locator64Size+end64Size {
		return 0, 0, 0, 0, false, nil
	}
	loc := make([]byte, locator64Size)
	if err := readFull(r, loc, end-locator64Size); err != nil {
		return 0, 0, 0, 0, false, err
	}
	if le.Uint32(loc) != locator64Signature {
		return 0, 0, 0, 0, false, nil
	}
	at = int64(le.Uint64(loc[8:]))
	if at < 0 || at > end-locator64Size-end64Size {
		return 0, 0, 0, 0, false, formatError(end-locator64Size, "ZIP64 end record at %d lies outside the file", at)
	}
	b := make([]byte, end64Size)
	if err := readFull(r, b, at); err != nil {
		return 0, 0, 0, 0, false, err
	}
	if le.Uint32(b) != end64Signature {
		return 0, 0, 0, 0, false, formatError(at, "ZIP64 end record: got signature %#08x, want %#08x", le.Uint32(b), uint32(end64Signature))
	}
	if rest := le.Uint64(b[4:]); rest != uint64(end-locator64Size-at-12) {
		return 0, 0, 0, 0, false, formatError(at, "ZIP64 end record of %d bytes, want %d", rest, end-locator64Size-at-12)
	}
	if le.Uint32(b[16:])|le.Uint32(b[20:]) != 0 {
		return 0, 0, 0, 0, false, formatError(at, "the archive is split over several disks")
	}
	count, length, start = int64(le.Uint64(b[32:])), int64(le.Uint64(b[40:])), int64(le.Uint64(b[48:]))
	if count < 0 || length < 0 || start < 0 {
		return 0, 0, 0, 0, false, formatError(at, "ZIP64 end record counts beyond 2^63")
	}
	return count, length, start, at, true, nil
}

// readDirectory decodes the central directory headers (4.3.12) in dir. Offsets
// of local headers are prefix bytes further on than they say.
func (z *Reader) readDirectory(dir []byte, count int, prefix int64) error {
	for i, p := 0, 0; p < len(dir); i++ {
		at := z.Directory + int64(p)
		b := dir[p:]
		if len(b) < directoryHeaderSize || le.Uint32(b) != directorySignature {
			return formatError(at, "no directory header for member %d", i)
		}
		nameLen, extraLen, commentLen := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
		n := directoryHeaderSize + nameLen + extraLen + commentLen
		if n > len(b) {
			return formatError(at, "directory header of member %d: %d bytes, only %d left", i, n, len(b))
		}
		m := Member{
			Name:    string(b[directoryHeaderSize:][:nameLen]),
			Mode:    le.Uint32(b[38:]) >> 16 & 0o777,
			Method:  le.Uint16(b[10:]),
			CRC32:   le.Uint32(b[16:]),
			Packed:  int64(le.Uint32(b[20:])),
			Size:    int64(le.Uint32(b[24:])),
			Header:  int64(le.Uint32(b[42:])),
			central: bytes.Clone(b[:n]),
		}
		if err := m.applyZIP64(b[directoryHeaderSize+nameLen:][:extraLen]); err != nil {
			return formatError(at, "member %q: %v", m.Name, err)
		}
		m.Header = min(m.Header, z.Directory-prefix) + prefix // what lies behind the directory is for Locate to refuse
		z.Members = append(z.Members, m)
		p += n
	}
	if len(z.Members) != count {
		return formatError(z.Directory, "directory holds %d members, the end record says %d", len(z.Members), count)
	}
	return nil
}

// applyZIP64 takes the values the 32-bit fields deferred from extra (4.5.3).
func (m *Member) applyZIP64(extra []byte) error {
	fields := []*int64{}
	for _, f := range []*int64{&m.Size, &m.Packed, &m.Header} {
		if *f == max32 {
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	for len(extra) >= extraHeaderSize {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		extra = extra[extraHeaderSize:]
		if n > len(extra) {
			return fmt.Errorf("extra field %#04x of %d bytes, only %d left", id, n, len(extra))
		}
		if id != extraZIP64 {
			extra = extra[n:]
			continue
		}
		if n < 8*len(fields) {
			return fmt.Errorf("ZIP64 field of %d bytes, want at least %d", n, 8*len(fields))
		}
		for i, f := range fields {
			*f = int64(le.Uint64(extra[8*i:]))
			if *f < 0 {
				return fmt.Errorf("ZIP64 value %#x is beyond 2^63", uint64(*f))
			}
		}
		return nil
	}
	return nil // all ones is then the value itself
}

// Locate reads the local header of m (4.3.7) and sets the data's offset, if
// that is not known yet.
func (z *Reader) Locate(m *Member) error {
	if m.Offset > 0 {
		return nil
	}
	if m.Header > z.Directory-localHeaderSize {
		return formatError(m.Header, "local header of %q lies outside the file", m.Name)
	}
	b := make([]byte, localHeaderSize+len(m.Name))
	if m.Header > z.Directory-int64(len(b)) {
		return formatError(m.Header, "local header of %q runs into the directory", m.Name)
	}
	if err := readFull(z.r, b, m.Header); err != nil {
		return err
	}
	if sig := le.Uint32(b); sig != localSignature {
		return formatError(m.Header, "local header of %q: got signature %#08x, want %#08x", m.Name, sig, uint32(localSignature))
	}
	if got := b[localHeaderSize:]; int(le.Uint16(b[26:])) != len(m.Name) || string(got) != m.Name {
		return formatError(m.Header, "local header is named %q, the directory says %q", got, m.Name)
	}
	if method := le.Uint16(b[8:]); method != m.Method {
		return formatError(m.Header, "local header of %q has method %d, the directory says %d", m.Name, method, m.Method)
	}
	offset := m.Header + int64(len(b)) + int64(le.Uint16(b[28:]))
	if offset > z.Directory || m.Packed > z.Directory-offset {
		return formatError(offset, "member %q with %d bytes runs into the directory at %#x", m.Name, m.Packed, z.Directory)
	}
	if m.Method == Store && m.Size != m.Packed {
		return formatError(m.Header, "stored member %q has %d bytes for %d", m.Name, m.Packed, m.Size)
	}
	m.Offset = offset
	return nil
}

// Find returns the first member called name.
func (z *Reader) Find(name string) (*Member, error) {
	for i := range z.Members {
		if z.Members[i].Name == name {
			return &z.Members[i], nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrNotFound, name)
}

// Data returns the member's uncompressed bytes as a stream that fails with
// ErrChecksum at its end if they are not what the directory promises.
func (z *Reader) Data(m *Member) (io.Reader, error) {
	if err := z.Locate(m); err != nil {
		return nil, err
	}
	raw := io.NewSectionReader(z.r, m.Offset, m.Packed)
	switch m.Method {
	case Store:
		return &checkedReader{r: raw, m: m}, nil
	case Deflate:
		return &checkedReader{r: flate.NewReader(raw), m: m}, nil
	}
	return nil, fmt.Errorf("%w %d: member %q (stored and deflated ones can be read)", ErrMethod, m.Method, m.Name)
}

// ReadFile returns the contents of the member called name, refusing more than
// limit bytes.
func (z *Reader) ReadFile(name string, limit int64) ([]byte, error) {
	m, err := z.Find(name)
	if err != nil {
		return nil, err
	}
	if m.Size > limit {
		return nil, fmt.Errorf("member %q has %d bytes, want at most %d", name, m.Size, limit)
	}
	r, err := z.Data(m)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// checkedReader passes a member's bytes on and checks length and CRC-32.
type checkedReader struct {
	r   io.Reader
	m   *Member
	n   int64
	crc uint32
}

func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.crc = crc32.Update(c.crc, crc32.IEEETable, p[:n])
	switch {
	case c.n > c.m.Size:
		return 0, fmt.Errorf("%w: member %q is longer than its %d bytes", ErrChecksum, c.m.Name, c.m.Size)
	case err == io.EOF && c.n < c.m.Size:
		return n, fmt.Errorf("%w: member %q ends after %d of %d bytes", ErrChecksum, c.m.Name, c.n, c.m.Size)
	case err == io.EOF && c.crc != c.m.CRC32:
		return n, fmt.Errorf("%w: member %q at offset %#x: got CRC-32 %08x, want %08x", ErrChecksum, c.m.Name, c.m.Offset, c.crc, c.m.CRC32)
	}
	return n, err
}

// readFull reads len(b) bytes at off; a short file is a format error.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		return formatError(off, "got %d bytes, want %d (is the file truncated?)", n, len(b))
	}
	return fmt.Errorf("read at offset %#x: %w", off, err)
}

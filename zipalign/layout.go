package zipalign

import "fmt"

// Place returns a stored member of size bytes whose local header starts at or
// as soon as possible after pos and whose data is aligned. The CRC is left for
// the caller: it is known once the data was copied.
func Place(pos int64, name string, size int64) (Member, error) {
	if err := CheckName(name); err != nil {
		return Member{}, err
	}
	if pos < 0 || size < 0 {
		return Member{}, fmt.Errorf("member %q at offset %d with %d bytes: negative", name, pos, size)
	}
	m := Member{Name: name, Method: Store, Size: size, Packed: size, Header: pos}
	fixed := int64(localHeaderSize + len(name) + m.zip64Local())
	m.Offset = alignUp(pos+fixed, Alignment)
	// The gap becomes an extra field; what does not fit one (too few bytes for
	// its header, or too many for all extra fields together) moves the header.
	gap := m.Offset - pos - fixed
	if gap < extraAlignMin {
		m.Header += gap
	} else if over := int64(m.zip64Local()) + gap - max16; over > 0 {
		m.Header += over
	}
	return m, nil
}

// HeaderSize is the length of the local header of a member called name of less
// than 4 GiB, without padding.
func HeaderSize(name string) int { return localHeaderSize + len(name) }

func alignUp(n, to int64) int64 { return (n + to - 1) / to * to }

// zip64Local is the size of the member's ZIP64 extra field in its local header.
func (m *Member) zip64Local() int {
	if m.Size >= max32 || m.Packed >= max32 {
		return extraZIP64Local
	}
	return 0
}

// LocalHeader encodes the bytes from m.Header up to m.Offset (APPNOTE 4.3.7).
func (m *Member) LocalHeader() []byte {
	version, size, packed := uint16(versionStore), clamp32(m.Size), clamp32(m.Packed)
	zip64 := m.zip64Local()
	if zip64 > 0 {
		// 4.5.3: in the local header both sizes must be in the extra field.
		version, size, packed = versionZIP64, max32, max32
	}
	extra := m.Offset - m.Header - localHeaderSize - int64(len(m.Name))
	r := make(record, 0, m.Offset-m.Header)
	r = r.u32(localSignature).
		u16(version).
		u16(flagUTF8).
		u16(m.Method).
		u16(dosTime).
		u16(dosDate).
		u32(m.CRC32).
		u32(packed).
		u32(size).
		u16(uint16(len(m.Name))).
		u16(uint16(extra))
	r = append(r, m.Name...)
	if zip64 > 0 {
		r = r.u16(extraZIP64).u16(16).u64(uint64(m.Size)).u64(uint64(m.Packed))
	}
	if pad := extra - int64(zip64); pad > 0 {
		r = r.u16(extraAlign).u16(uint16(pad - extraHeaderSize)).u16(extraAlignValue)
		r = append(r, make([]byte, pad-extraAlignMin)...)
	}
	return r
}

// directoryRecord encodes the member's central directory header (4.3.12).
func (m *Member) directoryRecord() []byte {
	if m.central != nil {
		return m.central
	}
	// 4.5.3: a value appears in the extra field only if its own field is all
	// ones, in the order size, packed size, header offset.
	var values record
	if m.Size >= max32 {
		values = values.u64(uint64(m.Size))
	}
	if m.Packed >= max32 {
		values = values.u64(uint64(m.Packed))
	}
	if m.Header >= max32 {
		values = values.u64(uint64(m.Header))
	}
	version, extra := uint16(versionStore), record(nil)
	if len(values) > 0 {
		version = versionZIP64
		extra = append(extra.u16(extraZIP64).u16(uint16(len(values))), values...)
	}
	mode := m.Mode
	if mode == 0 {
		mode = 0o644
	}
	r := make(record, 0, directoryHeaderSize+len(m.Name)+len(extra))
	r = r.u32(directorySignature).
		u16(madeByUnix | versionZIP64).
		u16(version).
		u16(flagUTF8).
		u16(m.Method).
		u16(dosTime).
		u16(dosDate).
		u32(m.CRC32).
		u32(clamp32(m.Packed)).
		u32(clamp32(m.Size)).
		u16(uint16(len(m.Name))).
		u16(uint16(len(extra))).
		u16(0). // comment length
		u16(0). // disk number
		u16(0). // internal attributes
		u32((regularFile | mode) << 16).
		u32(clamp32(m.Header))
	r = append(r, m.Name...)
	return append(r, extra...)
}

// Directory encodes the central directory of members, to be written at offset
// at, with the end records that announce a comment of comment bytes, which the
// caller writes behind it.
func Directory(members []Member, at int64, comment int) ([]byte, error) {
	if comment < 0 || comment > max16 {
		return nil, fmt.Errorf("archive comment of %d bytes: want 0 to %d", comment, max16)
	}
	seen := make(map[string]bool, len(members))
	var r record
	for i := range members {
		m := &members[i]
		if seen[m.Name] {
			return nil, fmt.Errorf("%w: %q", ErrDuplicate, m.Name)
		}
		seen[m.Name] = true
		r = append(r, m.directoryRecord()...)
	}
	size, count := int64(len(r)), len(members)
	if at >= max32 || size >= max32 || count >= max16 {
		r = r.u32(end64Signature). // 4.3.14
						u64(end64Size - 12). // size of the rest of the record
						u16(madeByUnix | versionZIP64).
						u16(versionZIP64).
						u32(0). // this disk
						u32(0). // disk of the directory
						u64(uint64(count)).
						u64(uint64(count)).
						u64(uint64(size)).
						u64(uint64(at))
		r = r.u32(locator64Signature). // 4.3.15
						u32(0).
						u64(uint64(at + size)).
						u32(1) // number of disks
	}
	return r.u32(endSignature). // 4.3.16
					u16(0).
					u16(0).
					u16(clamp16(count)).
					u16(clamp16(count)).
					u32(clamp32(size)).
					u32(clamp32(at)).
					u16(uint16(comment)), nil
}

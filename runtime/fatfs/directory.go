package fatfs

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// Attributes of directory entries (section 6).
const (
	attrVolume    = 0x08
	attrDirectory = 0x10
	attrLong      = 0x0f // all of read-only, hidden, system, volume: part of a long name
	attrLongMask  = 0x3f

	entryFree  = 0xe5
	entryKanji = 0x05 // stands for a first byte of 0xe5

	lowerBase = 0x08 // byte 12, as Windows NT and later set it: the name is lower case ...
	lowerExt  = 0x10 // ... the extension is
)

// Parts of long names (section 7): 13 UTF-16 units each, at most 20 parts.
const (
	longUnits = 13
	longParts = 20
	longLast  = 0x40
)

// An Entry is one file or directory.
type Entry struct {
	Name      string // the long name where there is one
	Directory bool
	Size      int64

	short   string
	cluster uint32
}

// is reports whether name, in whatever case, is one of the entry's two names.
func (e *Entry) is(name string) bool {
	return strings.EqualFold(e.Name, name) || strings.EqualFold(e.short, name)
}

// find looks a path up from the root on.
func (v *Volume) find(path string) (*Entry, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) > maxPathDepth {
		return nil, fmt.Errorf("%w: %s: more than %d folders", ErrNotFound, path, maxPathDepth)
	}
	at := v.root
	for i, name := range parts {
		list, err := v.directory(at)
		if err != nil {
			return nil, err
		}
		k := slices.IndexFunc(list, func(e Entry) bool { return e.is(name) && e.Directory == (i < len(parts)-1) })
		if k < 0 {
			return nil, fmt.Errorf("%w: %s", ErrNotFound, path)
		}
		if i == len(parts)-1 {
			return &list[k], nil
		}
		at = list[k].cluster
	}
	return nil, fmt.Errorf("%w: %s", ErrNotFound, path)
}

// ReadDir lists the root directory.
func (v *Volume) ReadDir() ([]Entry, error) { return v.directory(v.root) }

// directory decodes the directory whose chain starts at c, its first MiB.
func (v *Volume) directory(c uint32) ([]Entry, error) {
	var out []Entry
	var long longName
	block := make([]byte, v.clusterBytes)
	for read := int64(0); read < maxDirectory; read += v.clusterBytes {
		if !v.valid(c) {
			return nil, fmt.Errorf("%w: a directory in cluster %d, want %d to %d", ErrDamaged, c, firstCluster, v.clusters+1)
		}
		if _, err := v.r.ReadAt(block, v.offset(c)); err != nil {
			return nil, fmt.Errorf("fatfs: read a directory at offset %#x: %w", v.offset(c), err)
		}
		for b := block; len(b) > 0; b = b[entrySize:] {
			if b[0] == 0 { // nothing follows
				return out, nil
			}
			if e, ok := long.entry(b[:entrySize]); ok {
				out = append(out, e)
			}
		}
		next, ok, err := v.next(c)
		if err != nil || !ok {
			return out, err
		}
		c = next
	}
	return out, nil
}

// longName gathers the parts of a long name, which precede their entry, last part first.
type longName struct {
	units [longParts * longUnits]uint16
	parts int  // of the name under way, 0: none
	want  int  // number of the part that comes next
	sum   byte // checksum of the short name they belong to
}

// entry decodes one record; ok is false for parts of long names and what is no file.
func (l *longName) entry(b []byte) (e Entry, ok bool) {
	if b[0] == entryFree {
		l.parts = 0
		return e, false
	}
	if b[11]&attrLongMask == attrLong {
		l.add(b)
		return e, false
	}
	long := l.take(b)
	if b[11]&attrVolume != 0 || b[0] == '.' {
		return e, false
	}
	le := binary.LittleEndian
	e = Entry{
		Directory: b[11]&attrDirectory != 0,
		Size:      int64(le.Uint32(b[28:])),
		short:     shortName(b),
		cluster:   (uint32(le.Uint16(b[20:]))<<16 | uint32(le.Uint16(b[26:]))) & clusterMask,
	}
	if e.Name = long; long == "" {
		e.Name = e.short
	}
	return e, true
}

// add takes one part. Anything out of order drops the name: the entry keeps its short one.
func (l *longName) add(b []byte) {
	number := int(b[0] &^ longLast)
	if b[0]&longLast != 0 {
		l.parts, l.want, l.sum = number, number, b[13]
	}
	if l.parts == 0 || number != l.want || number < 1 || number > longParts || b[13] != l.sum {
		l.parts = 0
		return
	}
	at := l.units[(number-1)*longUnits:]
	for i, field := range [longUnits]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
		at[i] = binary.LittleEndian.Uint16(b[field:])
	}
	l.want--
}

// take returns the long name of the entry in b, empty if there is none.
func (l *longName) take(b []byte) string {
	parts := l.parts
	l.parts = 0
	if parts == 0 || l.want != 0 || l.sum != Checksum([11]byte(b[:11])) {
		return ""
	}
	units := l.units[:parts*longUnits]
	if end := slices.Index(units, 0); end >= 0 {
		units = units[:end]
	}
	return string(utf16.Decode(units))
}

// Checksum ties the parts of a long name to the short one (section 7).
func Checksum(short [11]byte) (sum byte) {
	for _, c := range short {
		sum = sum>>1 | sum<<7
		sum += c
	}
	return sum
}

// shortName returns NAME.EXT of an entry. Bytes from 0x80 on are in a code page nobody recorded and are kept as they
// are: no name we look for has them.
func shortName(b []byte) string {
	base, ext := strings.TrimRight(string(b[:8]), " "), strings.TrimRight(string(b[8:11]), " ")
	if base != "" && base[0] == entryKanji {
		base = "\xe5" + base[1:]
	}
	if b[12]&lowerBase != 0 {
		base = strings.ToLower(base)
	}
	if b[12]&lowerExt != 0 {
		ext = strings.ToLower(ext)
	}
	if ext == "" {
		return base
	}
	return base + "." + ext
}

package fat32

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// An entry is one file or directory.
type entry struct {
	name      string // the long name where there is one
	directory bool
	size      int64

	short   string
	cluster uint32
}

// is reports whether name, in whatever case, is one of the entry's two names.
func (e *entry) is(name string) bool {
	return strings.EqualFold(e.name, name) || strings.EqualFold(e.short, name)
}

// find looks a path up from the root on.
func (v *Volume) find(path string) (*entry, error) {
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
		k := slices.IndexFunc(list, func(e entry) bool { return e.is(name) && e.directory == (i < len(parts)-1) })
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

// directory decodes the directory whose chain starts at c, its first MiB.
func (v *Volume) directory(c uint32) ([]entry, error) {
	var out []entry
	var long longName
	block := make([]byte, v.clusterBytes)
	for read := int64(0); read < maxDirectory; read += v.clusterBytes {
		if !v.valid(c) {
			return nil, fmt.Errorf("%w: a directory in cluster %d, want %d to %d", ErrDamaged, c, firstCluster, v.clusters+1)
		}
		if _, err := v.r.ReadAt(block, v.offset(c)); err != nil {
			return nil, fmt.Errorf("read a directory at offset %#x: %w", v.offset(c), err)
		}
		for b := block; len(b) > 0; b = b[EntrySize:] {
			if b[0] == 0 { // nothing follows
				return out, nil
			}
			if e, ok := long.entry(b[:EntrySize]); ok {
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

// entry decodes one record; ok is false for parts of long names and what is no file.
func (l *longName) entry(b []byte) (e entry, ok bool) {
	if b[0] == entryFree {
		l.parts = 0
		return e, false
	}
	if b[offAttributes]&attrLongMask == attrLong {
		l.add(b)
		return e, false
	}
	long := l.take(b)
	if b[offAttributes]&attrVolume != 0 || b[0] == '.' {
		return e, false
	}
	le := binary.LittleEndian
	e = entry{
		directory: b[offAttributes]&attrDirectory != 0,
		size:      int64(le.Uint32(b[offSize:])),
		short:     decodeName(b),
		cluster:   (uint32(le.Uint16(b[offClusterHigh:]))<<16 | uint32(le.Uint16(b[offClusterLow:]))) & clusterMask,
	}
	if e.name = long; long == "" {
		e.name = e.short
	}
	return e, true
}

// decodeName returns NAME.EXT of an entry. Bytes from 0x80 on are in a code page nobody recorded and are kept as they
// are: no name we look for has them.
func decodeName(b []byte) string {
	base, ext := strings.TrimRight(string(b[:baseSize]), " "), strings.TrimRight(string(b[baseSize:nameSize]), " ")
	if base != "" && base[0] == entryKanji {
		base = "\xe5" + base[1:]
	}
	if b[offCase]&lowerBase != 0 {
		base = strings.ToLower(base)
	}
	if b[offCase]&lowerExt != 0 {
		ext = strings.ToLower(ext)
	}
	if ext == "" {
		return base
	}
	return base + "." + ext
}

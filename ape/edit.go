package ape

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/stub"
	"github.com/llamaboot/llamaboot/zipalign"
)

// ErrRebuild reports that an edit would move weights or programs: the file must be made anew.
var ErrRebuild = errors.New("ape: parts are not where they can be used: the file must be written anew")

// maxMoved bounds the members an edit moves, as they pass through memory.
const maxMoved = 64 << 20

// Changes to a llamafile.
type Changes struct {
	Set    []Member // to be added, or to replace members of the same name
	Remove []string
	// Seal accepts what foreign tools leave behind: missing or misplaced partition
	// tables, members that are unaligned or unknown to the manifest.
	Seal bool
}

// An edit is a change worked out: what stays, what is written where.
type edit struct {
	f       *File
	changes Changes
	disk    *disk
	stay    []zipalign.Member // in the order of the directory
	write   []Member          // with their places in writeAt
	writeAt []zipalign.Member
	end     int64 // offset behind everything placed so far
	// sums of the members in f.Manifest and of those written, by name.
	records []format.RecordedMember
	esp     []format.RecordedFile // those of the manifest
}

// planEdit works out c for f. Nothing is written.
func planEdit(f *File, c Changes) (*edit, error) {
	e := &edit{f: f, changes: c, records: slices.Clone(f.Manifest.Members), esp: f.Manifest.ESP}
	var err error
	if e.disk, err = readDisk(f.r); err != nil {
		if !c.Seal {
			return nil, fmt.Errorf("%w (llamaboot seal repairs it)", err)
		}
		if e.disk, err = f.originalDisk(); err != nil {
			return nil, err
		}
	}
	if c.Seal {
		if err := f.checkPrograms(); err != nil {
			return nil, err
		}
	}
	drop := map[string]bool{format.ManifestName: true, format.BackupName: true}
	for _, name := range c.Remove {
		if _, err := f.ZIP.Find(name); err != nil {
			return nil, err
		}
		drop[name] = true
	}
	for _, m := range c.Set {
		drop[m.Name] = true
	}
	for name := range drop {
		if name != format.ManifestName && name != format.BackupName && format.IsOwn(name) {
			return nil, fmt.Errorf("ape: member %q is llamaboot's own and cannot be changed", name)
		}
	}
	var moved int64
	for i := range f.ZIP.Members {
		m := f.ZIP.Members[i]
		switch {
		case drop[m.Name], c.Seal && isFolder(&m):
		case c.Seal && misplaced(&m):
			if moved += m.Size; moved > maxMoved {
				return nil, fmt.Errorf("%w: %s at offset %#x", ErrRebuild, m.Name, m.Offset)
			}
			b, err := f.ZIP.ReadFile(m.Name, maxMoved)
			if err != nil {
				return nil, err
			}
			moved := memberOf(m.Name, b)
			moved.Title, moved.Golden = f.title(m.Name), f.golden(m.Name)
			e.write = append(e.write, moved)
		default:
			if c.Seal {
				m = fresh(&m)
			}
			if c.Seal && m.Name == format.ESPName {
				if err := e.acceptESP(&m); err != nil {
					return nil, err
				}
			}
			e.stay = append(e.stay, m)
			e.end = max(e.end, m.End())
		}
	}
	e.write = append(e.write, c.Set...)
	return e, e.place()
}

// isFolder reports whether a member stands for a folder. Other tools record those;
// llamaboot does not, as extractors make them with their first file.
func isFolder(m *zipalign.Member) bool { return strings.HasSuffix(m.Name, "/") && m.Size == 0 }

// misplaced reports whether a member is not where and how this package puts members:
// stored, on a boundary, behind a header of just the right length.
func misplaced(m *zipalign.Member) bool {
	placed, err := zipalign.Place(m.Header, m.Name, m.Size)
	return err != nil || m.Method != zipalign.Store || placed.Header != m.Header || placed.Offset != m.Offset
}

// originalDisk returns the partitions that never move, for a file whose table is
// damaged. Stage 1 knows the disk's GUID, as it looks for it; without stage 1 any will do.
func (f *File) originalDisk() (*disk, error) {
	manifest, err := f.Manifest.Encode()
	if err != nil {
		return nil, err
	}
	d := newDisk(identity(manifest))
	if f.Manifest.Faces.BIOS {
		sector := make([]byte, stub.Stage1Size)
		if _, err := f.r.ReadAt(sector, 0); err != nil {
			return nil, fmt.Errorf("ape: read sector 0: %w", err)
		}
		d.guid = stub.Stage1GUID(sector)
	}
	d.addFixed(f.Manifest.Faces, f.espSize())
	return d, nil
}

// espSize returns the size of the EFI System Partition, 0 if there is none.
func (f *File) espSize() int64 {
	if m, err := f.ZIP.Find(format.ESPName); err == nil {
		return m.Size
	}
	return 0
}

// place finds places for the members to be written: the old one's if the new one
// fits there, else behind everything that stays.
func (e *edit) place() error {
	for _, m := range e.write {
		z, err := zipalign.Place(e.end, m.Name, m.Size)
		if err != nil {
			return err
		}
		if old, err := e.f.ZIP.Find(m.Name); err == nil && old.Header < e.end {
			if there, err := zipalign.Place(old.Header, m.Name, m.Size); err == nil && e.free(&there) {
				z = there
			}
		}
		e.writeAt, e.end = append(e.writeAt, z), max(e.end, z.End())
	}
	return nil
}

// free reports whether nothing else was given the place z.
func (e *edit) free(z *zipalign.Member) bool {
	for _, placed := range [][]zipalign.Member{e.stay, e.writeAt} {
		for i := range placed {
			if p := &placed[i]; p.Header < z.End() && z.Header < p.End() {
				return false
			}
		}
	}
	return true
}

// A span is a stretch of the file.
type span struct{ start, end int64 }

// spans returns what an edit overwrites of the file as it is: the partition tables,
// places of replaced members, and everything behind the members that stay.
func (e *edit) spans() []span {
	tail := int64(0)
	for i := range e.stay {
		tail = max(tail, e.stay[i].End())
	}
	out := []span{{0, offStage2}, {tail, e.f.size}}
	for _, p := range e.headers() {
		out = append(out, span{p.at, p.at + int64(len(p.data))})
	}
	for i := range e.writeAt {
		if z := &e.writeAt[i]; z.Header < tail {
			out = append(out, span{z.Header, z.End()})
		}
	}
	return out
}

// headers returns the local headers of the members that stay as they must be, which
// sealing writes.
func (e *edit) headers() []patch {
	var out []patch
	if e.changes.Seal {
		for i := range e.stay {
			out = append(out, patch{e.stay[i].Header, e.stay[i].LocalHeader()})
		}
	}
	return out
}

// apply writes the edit to w and returns the file's new size.
func (e *edit) apply(ctx context.Context, w io.WriterAt, progress func(int64)) (int64, error) {
	for i := range e.write {
		sums, err := writeMember(ctx, w, &e.writeAt[i], &e.write[i], progress)
		if err != nil {
			return 0, err
		}
		e.record(newRecordedMember(&e.write[i], sums))
	}
	if err := writePatches(w, e.headers()); err != nil {
		return 0, err
	}
	members := append(slices.Clone(e.stay), e.writeAt...)
	manifest, err := e.manifest(members)
	if err != nil {
		return 0, err
	}
	place, err := zipalign.Place(e.end, format.ManifestName, int64(len(manifest)))
	if err != nil {
		return 0, err
	}
	m := memberOf(format.ManifestName, manifest)
	if _, err := writeMember(ctx, w, &place, &m, progress); err != nil {
		return 0, err
	}
	members = append(members, place)
	t, err := planTail(members, place.End())
	if err != nil {
		return 0, err
	}
	e.disk.setWeights(members)
	patches, err := t.encode(e.disk)
	if err != nil {
		return 0, err
	}
	sector := make([]byte, 512)
	if _, err := e.f.r.ReadAt(sector, 0); err != nil {
		return 0, fmt.Errorf("ape: read sector 0: %w", err)
	}
	putProtective(sector, t.total)
	return t.total, writePatches(w, append(patches, patch{offMBRTable, sector[offMBRTable:510]}))
}

// record sets the manifest's record of one member.
func (e *edit) record(r format.RecordedMember) {
	for i := range e.records {
		if e.records[i].Name == r.Name {
			e.records[i] = r
			return
		}
	}
	e.records = append(e.records, r)
}

// manifest returns the manifest of the file with the given members.
func (e *edit) manifest(members []zipalign.Member) ([]byte, error) {
	m := *e.f.Manifest
	m.Members, m.ESP = nil, e.esp
	for i := range members {
		z := &members[i]
		if z.Name == format.BackupName {
			continue
		}
		at := slices.IndexFunc(e.records, func(r format.RecordedMember) bool { return r.Name == z.Name })
		if at >= 0 && matches(&e.records[at], z) {
			m.Members = append(m.Members, e.records[at])
			continue
		}
		sums, err := e.f.sum(z)
		if err != nil {
			return nil, err
		}
		m.Members = append(m.Members, newRecordedMember(&Member{Name: z.Name, Size: z.Size}, sums))
	}
	return m.Encode()
}

// sum reads a member that the manifest does not know and checks it against the
// directory.
func (f *File) sum(z *zipalign.Member) (checksums, error) {
	r, err := f.ZIP.Data(z)
	if err != nil {
		return checksums{}, err
	}
	sha := sha256.New()
	if _, err := io.Copy(sha, r); err != nil {
		return checksums{}, err
	}
	return checksums{z.CRC32, [sha256.Size]byte(sha.Sum(nil))}, nil
}

// Package edit changes llamafiles: adds, replaces and removes members, and seals what other
// tools have changed. Weights stay where they are and only the end of the file is written
// anew, under a journal, so that the file is the old or the new one whenever the power
// fails.
//
// It implements the layout of package ape and PKWARE APPNOTE 6.3.10 by way of package
// zipalign. Refused are changes of members that llamaboot itself writes, and files whose
// program that boots is gone; files in which another process edits are left alone.
package edit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/disk"
	"github.com/llamaboot/llamaboot/stub"
	"github.com/llamaboot/llamaboot/zipalign"
)

// ErrRebuild reports that an edit would move weights or programs: the file must be made anew.
var ErrRebuild = errors.New("parts are not where they can be used: the file must be written anew")

// maxMoved bounds the members an edit moves, as they pass through memory.
const maxMoved = 64 << 20

// Changes to a llamafile.
type Changes struct {
	Set    []ape.Member // to be added, or to replace members of the same name
	Remove []string
	// Seal accepts what foreign tools leave behind: missing or misplaced partition
	// tables, members that are unaligned or unknown to the manifest.
	Seal bool
}

// An edit is a change worked out: what stays, what is written where.
type edit struct {
	f       *ape.File
	changes Changes
	disk    *disk.Disk
	stay    []zipalign.Member // in the order of the directory
	write   []ape.Member      // with their places in writeAt
	writeAt []zipalign.Member
	end     int64 // offset behind everything placed so far
	// sums of the members in f.Manifest and of those written, by name.
	records []format.RecordedMember
	esp     []format.RecordedFile // those of the manifest
}

// planEdit works out c for f. Nothing is written.
func planEdit(f *ape.File, c Changes) (*edit, error) {
	e := &edit{f: f, changes: c, records: slices.Clone(f.Manifest.Members), esp: f.Manifest.ESP}
	var err error
	if e.disk, err = ape.ReadDisk(f); err != nil {
		if !c.Seal {
			return nil, fmt.Errorf("%w (llamaboot seal repairs it)", err)
		}
		if e.disk, err = originalDisk(f); err != nil {
			return nil, err
		}
	}
	if c.Seal {
		if err := checkPrograms(f); err != nil {
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
			return nil, fmt.Errorf("member %q is llamaboot's own and cannot be changed", name)
		}
	}
	var moved int64
	for i := range f.ZIP.Members {
		m := f.ZIP.Members[i]
		switch {
		case drop[m.Name], c.Seal && ape.IsFolder(&m):
		case c.Seal && ape.Misplaced(&m):
			if moved += m.Size; moved > maxMoved {
				return nil, fmt.Errorf("%w: %s at offset %#x", ErrRebuild, m.Name, m.Offset)
			}
			b, err := f.ZIP.ReadFile(m.Name, maxMoved)
			if err != nil {
				return nil, err
			}
			moved := ape.MemberOf(m.Name, b)
			moved.Title, moved.Golden = f.Title(m.Name), f.Golden(m.Name)
			e.write = append(e.write, moved)
		default:
			if c.Seal {
				m = ape.Fresh(&m)
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

// originalDisk returns the partitions that never move, for a file whose table is
// damaged. Stage 1 knows the disk's GUID, as it looks for it; without stage 1 any will do.
func originalDisk(f *ape.File) (*disk.Disk, error) {
	manifest, err := f.Manifest.Encode()
	if err != nil {
		return nil, err
	}
	d := ape.NewDisk(manifest)
	if f.Manifest.Faces.BIOS {
		sector := make([]byte, stub.Stage1Size)
		if _, err := f.ReadAt(sector, 0); err != nil {
			return nil, fmt.Errorf("read sector 0: %w", err)
		}
		d.GUID = stub.Stage1GUID(sector)
	}
	var esp int64
	if m, err := f.ZIP.Find(format.ESPName); err == nil {
		esp = m.Size
	}
	ape.AddFixed(d, f.Manifest.Faces, esp)
	return d, nil
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
	out := []span{{0, format.OffStage2}, {tail, e.f.Size()}}
	for _, p := range e.headers() {
		out = append(out, span{p.At, p.At + int64(len(p.Data))})
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
func (e *edit) headers() []ape.Patch {
	var out []ape.Patch
	if e.changes.Seal {
		for i := range e.stay {
			out = append(out, ape.Patch{At: e.stay[i].Header, Data: e.stay[i].LocalHeader()})
		}
	}
	return out
}

// apply writes the edit to w and returns the file's new size.
func (e *edit) apply(ctx context.Context, w io.WriterAt, progress func(int64)) (int64, error) {
	for i := range e.write {
		sums, err := ape.WriteMember(ctx, w, &e.writeAt[i], &e.write[i], progress)
		if err != nil {
			return 0, err
		}
		e.record(ape.NewRecord(&e.write[i], sums))
	}
	if err := ape.WritePatches(w, e.headers()); err != nil {
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
	m := ape.MemberOf(format.ManifestName, manifest)
	if _, err := ape.WriteMember(ctx, w, &place, &m, progress); err != nil {
		return 0, err
	}
	members = append(members, place)
	t, err := ape.PlanTail(members, place.End())
	if err != nil {
		return 0, err
	}
	ape.SetWeights(e.disk, members)
	patches, err := t.Encode(e.disk)
	if err != nil {
		return 0, err
	}
	return t.Total, ape.WritePatches(w, patches)
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
		if at >= 0 && ape.Matches(&e.records[at], z) {
			m.Members = append(m.Members, e.records[at])
			continue
		}
		sums, err := sum(e.f, z)
		if err != nil {
			return nil, err
		}
		m.Members = append(m.Members, ape.NewRecord(&ape.Member{Name: z.Name, Size: z.Size}, sums))
	}
	return m.Encode()
}

// sum reads a member that the manifest does not know and checks it against the
// directory.
func sum(f *ape.File, z *zipalign.Member) (ape.Checksums, error) {
	r, err := f.ZIP.Data(z)
	if err != nil {
		return ape.Checksums{}, err
	}
	sha := sha256.New()
	if _, err := io.Copy(sha, r); err != nil {
		return ape.Checksums{}, err
	}
	return ape.Checksums{CRC32: z.CRC32, SHA256: [sha256.Size]byte(sha.Sum(nil))}, nil
}

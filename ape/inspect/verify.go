// Package inspect checks and describes llamafiles: Verify compares every byte with what it
// must be, Faces reads the file as each of its readers does, Regions maps it.
//
// It implements the same documents as package ape, with parsers of its own only where the
// readers differ: printf'ed ELF headers (Cosmopolitan's APE specification 0.1), PE by
// debug/pe. What it refuses is said by error, never by stopping: a damaged file is the
// usual case.
package inspect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/disk"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/zipalign"
)

// inspected is a file under inspection.
type inspected struct{ *ape.File }

// A Check is one thing Verify looked at; Err is nil if it is as it must be. Note says
// what its owner changed where that is allowed.
type Check struct {
	What string
	Err  error
	Note string
}

// Verify checks every structure and checksum of the file. Where the right bytes
// follow from the rest of the file (headers, partition tables, ESP), the first wrong
// one is named; where only a checksum tells (members), the member is. version is that
// of this llamaboot: the boot code of files made by another one cannot be compared.
// progress is told how many bytes were read.
func Verify(ctx context.Context, file *ape.File, version string, progress func(int64)) []Check {
	if progress == nil {
		progress = func(int64) {}
	}
	var checks []Check
	add := func(what string, err error) { checks = append(checks, Check{What: what, Err: err}) }

	f := inspected{file}
	d, err := ape.ReadDisk(f)
	var tables []ape.Patch
	if err == nil {
		tables, err = f.checkTail(d)
	}
	add("partition tables, their backups and the ZIP directory", err)
	intact := err == nil
	for _, rec := range f.Manifest.Programs {
		_, err := f.Program(rec.Target)
		add("program "+rec.Target, err)
		intact = intact && err == nil
	}
	var esp []byte // as it must be, if that is known
	if intact {    // they are what the rest is computed from
		esp, err = f.checkHead(version, d.GUID, tables)
		if !errors.Is(err, errOtherVersion) {
			add("boot code, program headers and shell script", err)
		}
	}
	f.checkPEs(add)
	note, err := f.checkESP(esp)
	for i := range f.ZIP.Members {
		m := &f.ZIP.Members[i]
		if m.Name == format.ESPName {
			if err == nil {
				err = f.checkPlace(m)
			}
			checks = append(checks, Check{"member " + m.Name + ", the EFI System Partition", err, note})
			progress(m.Size)
			continue
		}
		add("member "+m.Name, f.checkMember(ctx, m, progress))
	}
	for _, rec := range f.Manifest.Members {
		if _, err := f.ZIP.Find(rec.Name); err != nil {
			add("member "+rec.Name, fmt.Errorf("%w: the manifest lists it, the archive lacks it (llamaboot seal accepts the change)", ape.ErrDamaged))
		}
	}
	return checks
}

// checkTail compares both partition tables, their backups, the protective MBR and the
// ZIP directory with what the archive's members demand, and returns them.
func (f inspected) checkTail(d *disk.Disk) ([]ape.Patch, error) {
	backup := len(f.ZIP.Members) - 1
	if backup < 1 || f.ZIP.Members[backup].Name != format.BackupName {
		return nil, fmt.Errorf("%w: %s is not the last member (llamaboot seal repairs it)", ape.ErrDamaged, format.BackupName)
	}
	members := slices.Clone(f.ZIP.Members[:backup])
	for i := range members {
		members[i] = ape.Fresh(&members[i])
	}
	t, err := ape.PlanTail(members, members[backup-1].End())
	if err != nil {
		return nil, err
	}
	if at := f.ZIP.Members[backup].Offset; t.Total != f.Size() || t.Backups() != at {
		return nil, fmt.Errorf("%w: the file has %d bytes and its backup tables at %#x, want %d and %#x (llamaboot seal repairs it)", ape.ErrDamaged, f.Size(), at, t.Total, t.Backups())
	}
	want := d.Clone()
	ape.SetWeights(want, f.ZIP.Members)
	patches, err := t.Encode(want)
	if err != nil {
		return nil, err
	}
	for _, p := range patches {
		if err := f.compare(p.At, p.Data); err != nil {
			return nil, err
		}
	}
	return patches, nil
}

var errOtherVersion = errors.New("made by another version")

// checkHead compares everything up to the ESP with what this version writes for the
// same programs, and returns the ESP as it must be, nil if there is none. tables are parts
// already known to be right.
func (f inspected) checkHead(version string, guid gpt.GUID, tables []ape.Patch) (esp []byte, err error) {
	if f.Manifest.Generator != ape.Generator(version) || f.compare(0, []byte(ape.EarlierFirstLine)) == nil {
		return nil, errOtherVersion
	}
	in, err := f.Input()
	if err != nil {
		return nil, err
	}
	plan, err := ape.NewPlan(in)
	if err != nil {
		return nil, err
	}
	head, err := plan.Head(guid)
	if err != nil {
		return nil, err
	}
	for _, p := range tables {
		if p.At < format.HeadSize {
			copy(head[p.At:], p.Data)
		}
	}
	if esp, err = plan.ESP(); err != nil {
		return nil, err
	}
	// The first member's header, which ends at offset OffESP, is compared with the member.
	return esp, f.compare(0, head)
}

// compare reports the first difference between the file at offset at and want.
func (f inspected) compare(at int64, want []byte) error {
	got := make([]byte, len(want))
	if n, err := f.ReadAt(got, at); n < len(got) {
		return fmt.Errorf("read %d bytes at offset %#x: %w", len(got), at, err)
	}
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("%w: offset %#x (%s): got %#02x, want %#02x", ape.ErrDamaged, at+int64(i), f.regionAt(at+int64(i)), got[i], want[i])
		}
	}
	return nil
}

// checkMember reads a member, checks both its checksums and, if llamaboot wrote it,
// its local header.
func (f inspected) checkMember(ctx context.Context, m *zipalign.Member, progress func(int64)) error {
	r, err := f.ZIP.Data(m)
	if err != nil {
		return err
	}
	sha := sha256.New()
	if _, err := io.Copy(sha, &contextReader{ctx, r, progress}); err != nil {
		return err
	}
	rec := f.Manifest.Find(m.Name)
	switch {
	case m.Name == format.ManifestName, m.Name == format.BackupName:
		// they are not in the manifest
	case rec == nil:
		return fmt.Errorf("%w: member %q is not in the manifest (llamaboot seal accepts it)", ape.ErrDamaged, m.Name)
	case hex.EncodeToString(sha.Sum(nil)) != rec.SHA256 || rec.Size != m.Size:
		return fmt.Errorf("%w: member %q at offset %#x: %d bytes with SHA-256 %x, the manifest says %d with %s", ape.ErrDamaged, m.Name, m.Offset, m.Size, sha.Sum(nil), rec.Size, rec.SHA256)
	}
	return f.checkPlace(m)
}

// checkPlace checks that llamaboot put the member where it is, and its local header.
func (f inspected) checkPlace(m *zipalign.Member) error {
	if ape.Misplaced(m) {
		return fmt.Errorf("%w: member %q at offset %#x was put there by another tool (llamaboot seal accepts it)", ape.ErrDamaged, m.Name, m.Offset)
	}
	return f.compare(m.Header, m.LocalHeader())
}

// contextReader stops reading when the context is done.
type contextReader struct {
	ctx      context.Context
	r        io.Reader
	progress func(int64)
}

func (c *contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(b)
	c.progress(int64(n))
	return n, err
}

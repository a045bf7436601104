package ape

import (
	"fmt"
	"hash/crc32"
	"io"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/disk"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/image/mbr"
	"github.com/llamaboot/llamaboot/zipalign"
)

// A Tail is the end of the file: the backup partition arrays (a ZIP member), the
// ZIP directory and the comment with the backup GPT headers.
type Tail struct {
	Members   []zipalign.Member // the backup arrays last
	Directory int64             // offset of the ZIP directory
	Total     int64             // size of the file
}

// PlanTail lays out the end of a file whose members, so far, are placed.
func PlanTail(members []zipalign.Member, end int64) (*Tail, error) {
	backup, err := zipalign.Place(end, format.BackupName, 2*gpt.ArraySize)
	if err != nil {
		return nil, err
	}
	t := &Tail{Members: append(members[:len(members):len(members)], backup)}
	t.Directory = backup.End()
	records, err := zipalign.Directory(t.Members, t.Directory, 0)
	if err != nil {
		return nil, err
	}
	// The comment takes up the slack before the last sector and that sector.
	t.Total = alignUp(t.Directory+int64(len(records))+format.Page, format.Page)
	return t, nil
}

// Backups returns the offset of the backup partition arrays.
func (t *Tail) Backups() int64 { return t.Members[len(t.Members)-1].Offset }

// tables encodes d for sectors of the given size.
func (t *Tail) tables(d *disk.Disk, sector int64) (disk.Tables, error) {
	at := disk.Places{
		Total: t.Total, Array: format.OffArray512, Backup: t.Backups(),
		// Firmware that mends a table writes the backup array behind the last usable sector.
		FirstUsable: format.OffStage2, EndUsable: t.Backups(),
	}
	if sector != format.Sector {
		at.Array, at.Backup = format.OffArray4096, t.Backups()+gpt.ArraySize
	}
	return d.Encode(sector, at)
}

// A Patch is bytes that belong at an offset of the file.
type Patch struct {
	At   int64
	Data []byte
}

// Encode returns the tail's bytes and what follows from it in the head, the primary
// tables and the protective partition, given the finished members (CRCs set) and the disk.
func (t *Tail) Encode(d *disk.Disk) ([]Patch, error) {
	small, err := t.tables(d, format.Sector)
	if err != nil {
		return nil, err
	}
	large, err := t.tables(d, format.Page)
	if err != nil {
		return nil, err
	}
	arrays := append(append([]byte(nil), small.Array...), large.Array...)
	backup := &t.Members[len(t.Members)-1]
	backup.CRC32 = crc32.ChecksumIEEE(arrays)
	bare, err := zipalign.Directory(t.Members, t.Directory, 0)
	if err != nil {
		return nil, err
	}
	comment := t.Total - t.Directory - int64(len(bare))
	directory, err := zipalign.Directory(t.Members, t.Directory, int(comment))
	if err != nil {
		return nil, err
	}
	end := append(directory, make([]byte, comment)...)
	copy(end[len(end)-format.Page:], large.Backup)
	copy(end[len(end)-format.Sector:], small.Backup)
	sector := make([]byte, format.Sector)
	mbr.PutProtective(sector, t.Total)
	return []Patch{
		{backup.Header, append(backup.LocalHeader(), arrays...)},
		{t.Directory, end},
		{format.OffGPT512, small.Primary},
		{format.OffArray512, small.Array},
		{format.OffGPT4096, large.Primary},
		{format.OffArray4096, large.Array},
		{mbr.OffTable, sector[mbr.OffTable:][:mbr.EntrySize]},
	}, nil
}

// WritePatches writes each to its place.
func WritePatches(w io.WriterAt, patches []Patch) error {
	for _, p := range patches {
		if _, err := w.WriteAt(p.Data, p.At); err != nil {
			return fmt.Errorf("write %d bytes at offset %#x: %w", len(p.Data), p.At, err)
		}
	}
	return nil
}

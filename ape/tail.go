package ape

import (
	"fmt"
	"hash/crc32"
	"io"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/zipalign"
)

// A tail is the end of the file: the backup partition arrays (a ZIP member), the
// ZIP directory and the comment with the backup GPT headers.
type tail struct {
	members   []zipalign.Member // the backup arrays last
	directory int64             // offset of the ZIP directory
	total     int64             // size of the file
}

// planTail lays out the end of a file whose members, so far, are placed.
func planTail(members []zipalign.Member, end int64) (*tail, error) {
	backup, err := zipalign.Place(end, format.BackupName, 2*gpt.ArraySize)
	if err != nil {
		return nil, err
	}
	t := &tail{members: append(members[:len(members):len(members)], backup)}
	t.directory = backup.End()
	records, err := zipalign.Directory(t.members, t.directory, 0)
	if err != nil {
		return nil, err
	}
	// The comment takes up the slack before the last sector and that sector.
	t.total = alignUp(t.directory+int64(len(records))+diskPage, diskPage)
	return t, nil
}

// backups returns the offset of the backup partition arrays.
func (t *tail) backups() int64 { return t.members[len(t.members)-1].Offset }

// A patch is bytes that belong at an offset of the file.
type patch struct {
	at   int64
	data []byte
}

// encode returns the tail's bytes and the primary tables for the head, given the
// finished members (CRCs set) and the disk.
func (t *tail) encode(d *disk) ([]patch, error) {
	t512, err := d.encode(512, t.total, t.backups())
	if err != nil {
		return nil, err
	}
	t4096, err := d.encode(diskPage, t.total, t.backups())
	if err != nil {
		return nil, err
	}
	arrays := append(append([]byte(nil), t512.array...), t4096.array...)
	backup := &t.members[len(t.members)-1]
	backup.CRC32 = crc32.ChecksumIEEE(arrays)
	bare, err := zipalign.Directory(t.members, t.directory, 0)
	if err != nil {
		return nil, err
	}
	comment := t.total - t.directory - int64(len(bare))
	directory, err := zipalign.Directory(t.members, t.directory, int(comment))
	if err != nil {
		return nil, err
	}
	end := append(directory, make([]byte, comment)...)
	copy(end[len(end)-diskPage:], t4096.backup)
	copy(end[len(end)-512:], t512.backup)
	return []patch{
		{backup.Header, append(backup.LocalHeader(), arrays...)},
		{t.directory, end},
		{offGPT512, t512.primary},
		{offArray512, t512.array},
		{offGPT4096, t4096.primary},
		{offArray4096, t4096.array},
	}, nil
}

func writePatches(w io.WriterAt, patches []patch) error {
	for _, p := range patches {
		if _, err := w.WriteAt(p.data, p.at); err != nil {
			return fmt.Errorf("ape: write %d bytes at offset %#x: %w", len(p.data), p.at, err)
		}
	}
	return nil
}

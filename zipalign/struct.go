// Package zipalign lays out and reads ZIP archives whose members are
// stored (not compressed) and start on 64 KiB boundaries, so that a program can
// map them straight from the file.
//
// Implements PKWARE APPNOTE.TXT 6.3.10: local headers, central directory,
// ZIP64 records, stored and (reading only) deflated members, UTF-8 names.
// Not supported: encryption, data descriptors on writing, archives split over
// several disks, central directory encryption. Archives with bytes before offset
// 0 of the directory's numbering, or behind the comment, are read by OpenDirectory
// only.
//
// Open and OpenDirectory are one parser: what edits or verifies an archive wants all
// of it right, what runs out of it wants the few members it uses.
//
// Everything written is a pure function of names, sizes and contents: one fixed
// DOS time, no user ids, no host attributes beyond a permission.
//
// Alignment padding lives in an extra field of the local header only (as
// Android's zipalign does), never between members: Info-ZIP's zip copies local
// headers byte for byte when it rewrites an archive, so the members it did not
// touch stay aligned.
package zipalign

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Alignment is the boundary every member's data starts on: the largest page
// size in use (arm64 kernels with 64 KiB pages) and the allocation granularity
// of MapViewOfFile on Windows.
const Alignment = 64 << 10

// Record sizes without their variable parts, APPNOTE 4.3.7 to 4.3.16.
const (
	localHeaderSize     = 30
	directoryHeaderSize = 46
	end64Size           = 56
	locator64Size       = 20
	endSize             = 22
)

// Signatures as they read in a little-endian load; on disk they are "PK" and
// two more bytes.
const (
	localSignature     = 0x04034b50 // "PK\x03\x04"
	directorySignature = 0x02014b50 // "PK\x01\x02"
	end64Signature     = 0x06064b50 // "PK\x06\x06"
	locator64Signature = 0x07064b50 // "PK\x06\x07"
	endSignature       = 0x06054b50 // "PK\x05\x06"
)

// Compression methods, APPNOTE 4.4.5.
const (
	Store   = 0
	Deflate = 8
)

const (
	max16 = 0xffff     // a 16-bit field with this value defers to ZIP64
	max32 = 0xffffffff // a 32-bit field with this value defers to ZIP64

	versionStore = 20 // needed to extract a stored member, APPNOTE 4.4.3
	versionZIP64 = 45 // needed to extract with ZIP64 records
	madeByUnix   = 3 << 8

	flagUTF8 = 0x800 // the name is UTF-8, APPNOTE 4.4.4 bit 11

	extraZIP64 = 0x0001 // APPNOTE 4.5.3
	// extraAlign is Android zipalign's padding field: a 16-bit alignment, then
	// zeros. 64 KiB does not fit 16 bits; 0x8000 is the largest it can promise.
	extraAlign      = 0xd935
	extraAlignValue = 0x8000
	extraHeaderSize = 4 // id and length
	extraAlignMin   = extraHeaderSize + 2
	extraZIP64Local = extraHeaderSize + 16

	// dosTime and dosDate say 1980-01-01 00:00:00, the earliest a ZIP can
	// express: contents decide the bytes of the file, not clocks.
	dosTime = 0
	dosDate = 0<<9 | 1<<5 | 1

	regularFile = 0o100000 // S_IFREG in the external attributes' upper half
)

// Errors for errors.Is.
var (
	ErrFormat    = errors.New("not a valid ZIP archive")
	ErrName      = errors.New("unusable member name")
	ErrDuplicate = errors.New("duplicate member name")
	ErrChecksum  = errors.New("checksum mismatch")
	ErrNotFound  = errors.New("no such member")
	ErrMethod    = errors.New("unsupported compression method")
)

// A Member is one file of the archive.
type Member struct {
	Name   string
	Mode   uint32 // permission bits, 0 means 0644
	Method uint16 // Store or Deflate
	CRC32  uint32 // of the uncompressed bytes
	Size   int64  // uncompressed bytes
	Packed int64  // bytes in the archive; equals Size for stored members
	Header int64  // offset of the local header in the file
	Offset int64  // offset of the first data byte in the file

	// central carries a foreign member's directory record when the archive was
	// read, so that an edit can write it back byte for byte.
	central []byte
}

// End returns the offset just behind the member's data.
func (m *Member) End() int64 { return m.Offset + m.Packed }

// Fresh returns m without what other tools recorded about it: its directory record is
// the one this package writes.
func (m *Member) Fresh() Member {
	fresh := *m
	fresh.central = nil
	return fresh
}

// CheckName reports whether name may be a member: a relative, slash-separated
// path without "..", so that no extractor can be led outside its folder.
func CheckName(name string) error {
	bad := func(why string) error { return fmt.Errorf("%w: %q %s", ErrName, name, why) }
	switch {
	case name == "":
		return bad("is empty")
	case len(name) > 4096:
		return bad("is longer than 4096 bytes")
	case !utf8.ValidString(name):
		return bad("is not UTF-8")
	case strings.ContainsAny(name, "\\:\x00\n\r"):
		return bad(`holds a backslash, colon, NUL or newline`)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return bad(`must be a relative path without empty parts, "." or ".."`)
		}
	}
	return nil
}

// record builds little-endian records field by field.
type record []byte

func (r record) u16(v uint16) record { return binary.LittleEndian.AppendUint16(r, v) }
func (r record) u32(v uint32) record { return binary.LittleEndian.AppendUint32(r, v) }
func (r record) u64(v uint64) record { return binary.LittleEndian.AppendUint64(r, v) }

// clamp16 and clamp32 give a field's value, or the mark that ZIP64 holds it.
func clamp16(n int) uint16 { return uint16(min(n, max16)) }

func clamp32(n int64) uint32 { return uint32(min(n, max32)) }

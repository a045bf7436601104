package ape

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/zipalign"
)

// Checksums of a member's bytes.
type Checksums struct {
	CRC32  uint32
	SHA256 [sha256.Size]byte
}

// NewRecordedFile records the file data at path of the EFI System Partition.
func NewRecordedFile(path string, data []byte) format.RecordedFile {
	sum := sha256.Sum256(data)
	return format.RecordedFile{Path: path, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}

// NewRecord records m by its checksums.
func NewRecord(m *Member, sums Checksums) format.RecordedMember {
	return format.RecordedMember{Name: m.Name, Size: m.Size, CRC32: format.HexCRC(sums.CRC32), SHA256: hex.EncodeToString(sums.SHA256[:]), Title: m.Title, Golden: m.Golden}
}

// Matches reports whether the ZIP directory has the member as it is recorded.
func Matches(r *format.RecordedMember, z *zipalign.Member) bool {
	return r.Size == z.Size && r.CRC32 == format.HexCRC(z.CRC32)
}

// Generator names the version of llamaboot in a manifest.
func Generator(version string) string { return "llamaboot " + version }

// memberMode is the permission a member is recorded with: programs are executable.
func memberMode(name string) uint32 {
	if format.IsProgram(name) {
		return 0o755
	}
	return 0o644
}

// Fresh returns m with the directory record llamaboot gives it.
func Fresh(m *zipalign.Member) zipalign.Member {
	f := m.Fresh()
	f.Mode = memberMode(m.Name)
	return f
}

// Misplaced reports whether a member is not where and how this package puts members:
// stored, on a boundary, behind a header of just the right length.
func Misplaced(m *zipalign.Member) bool {
	placed, err := zipalign.Place(m.Header, m.Name, m.Size)
	return err != nil || m.Method != zipalign.Store || placed.Header != m.Header || placed.Offset != m.Offset
}

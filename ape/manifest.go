package ape

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/zipalign"
)

// newRecordedFile records the file data at path of the EFI System Partition.
func newRecordedFile(path string, data []byte) format.RecordedFile {
	sum := sha256.Sum256(data)
	return format.RecordedFile{Path: path, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}

// newRecordedMember records m by its checksums.
func newRecordedMember(m *Member, sums checksums) format.RecordedMember {
	return format.RecordedMember{Name: m.Name, Size: m.Size, CRC32: format.HexCRC(sums.crc32), SHA256: hex.EncodeToString(sums.sha256[:]), Title: m.Title, Golden: m.Golden}
}

// matches reports whether the ZIP directory has the member as it is recorded.
func matches(r *format.RecordedMember, z *zipalign.Member) bool {
	return r.Size == z.Size && r.CRC32 == format.HexCRC(z.CRC32)
}

// identity is the hash all derived numbers of the file come from.
func identity(manifest []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte("llamaboot identity\x00"), manifest...))
}

package ape

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/llamaboot/llamaboot/zipalign"
)

// manifestFormat is the version of the manifest's own structure.
const manifestFormat = 1

// A Manifest records what a llamafile was made of (member llamaboot.json). Its
// length does not depend on the hashes, so that it can be laid out before the
// weights were read.
type Manifest struct {
	Format    int               `json:"format"`
	Generator string            `json:"generator"`
	Faces     Faces             `json:"faces"`
	PE        Flavour           `json:"pe"`
	Programs  []RecordedProgram `json:"programs"`
	ESP       []RecordedFile    `json:"esp,omitempty"` // files on the EFI System Partition
	Members   []RecordedMember  `json:"members"`
}

// RecordedProgram is a program; Offset is that of its first byte in the file.
type RecordedProgram struct {
	Target string `json:"target"`
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // lower-case hex
}

// RecordedMember is a member other than the manifest and the tail's.
type RecordedMember struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	CRC32  string `json:"crc32"`  // 8 hex digits, as in the ZIP directory
	SHA256 string `json:"sha256"` // lower-case hex
	Title  string `json:"title,omitempty"`
	// Golden is what the model generated when it was put in, for its self-test.
	Golden *Golden `json:"golden,omitempty"`
}

// Golden records the likeliest tokens after a prompt.
type Golden struct {
	Prompt string `json:"prompt"`
	IDs    string `json:"ids"` // token ids, separated by spaces
}

// newRecordedMember records m by its checksums.
func newRecordedMember(m *Member, sums checksums) RecordedMember {
	return RecordedMember{m.Name, m.Size, fmt.Sprintf("%08x", sums.crc32), hex.EncodeToString(sums.sha256[:]), m.Title, m.Golden}
}

// find returns the record of the member called name, or nil.
func (m *Manifest) find(name string) *RecordedMember {
	for i := range m.Members {
		if m.Members[i].Name == name {
			return &m.Members[i]
		}
	}
	return nil
}

// matches reports whether the ZIP directory says the same of the member.
func (r *RecordedMember) matches(z *zipalign.Member) bool {
	return r.Size == z.Size && r.CRC32 == fmt.Sprintf("%08x", z.CRC32)
}

// encode returns the manifest as indented JSON with a newline at its end.
func (m *Manifest) encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("ape: manifest: %w", err)
	}
	return append(b, '\n'), nil
}

// DecodeManifest decodes the manifest of a llamafile.
func DecodeManifest(b []byte) (*Manifest, error) {
	m := new(Manifest)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%w: member %s: %v", ErrFormat, ManifestName, err)
	}
	if m.Format != manifestFormat {
		return nil, fmt.Errorf("%w: member %s: format %d, want %d (made by another version of llamaboot)", ErrFormat, ManifestName, m.Format, manifestFormat)
	}
	return m, nil
}

// identity is the hash all derived numbers of the file come from.
func identity(manifest []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte("llamaboot identity\x00"), manifest...))
}

package format

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrFormat reports a file that is no llamafile, or one of another version.
var ErrFormat = errors.New("not a llamafile")

// manifestFormat is the version of the manifest's own structure.
const manifestFormat = 1

// A Flavour selects what the outer PE headers describe.
type Flavour string

// Flavours.
const (
	Windows Flavour = "windows" // the windows/amd64 program, subsystem console
	EFI     Flavour = "efi"     // the EFI application, for cp x.llamafile ESP/EFI/BOOT/BOOTX64.EFI
)

// Faces are the readers a file is made for, besides ZIP and GPT, which all have.
type Faces struct {
	Hosted bool `json:"hosted"` // operating systems: the programs, shell script, ELF and PE headers
	BIOS   bool `json:"bios"`   // stage 1 and stage 2
	UEFI   bool `json:"uefi"`   // the EFI System Partition
}

// AllFaces makes a llamafile.
var AllFaces = Faces{Hosted: true, BIOS: true, UEFI: true}

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

// RecordedFile is a file on the EFI System Partition as it was made. Other systems write
// to that partition: the record tells a change that matters from one that does not.
type RecordedFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // lower-case hex
}

// RecordedMember is a member other than the manifest and the backup partition arrays.
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

// HexCRC returns a CRC-32 as RecordedMember has it.
func HexCRC(crc uint32) string { return fmt.Sprintf("%08x", crc) }

// Find returns the record of the member called name, or nil.
func (m *Manifest) Find(name string) *RecordedMember {
	for i := range m.Members {
		if m.Members[i].Name == name {
			return &m.Members[i]
		}
	}
	return nil
}

// Encode returns the manifest as indented JSON with a newline at its end. It sets Format.
func (m *Manifest) Encode() ([]byte, error) {
	m.Format = manifestFormat
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
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

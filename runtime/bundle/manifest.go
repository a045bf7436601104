package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ManifestName is the member that records what the llamafile was made of; package ape writes it.
const ManifestName = "llamaboot.json"

// Golden is what the model called name generated when the llamafile was made, as a prompt and the ids of the likeliest
// tokens after it; ok is false when that was not recorded.
func (f *File) Golden(name string) (prompt, ids string, ok bool, err error) {
	text, err := f.Text(ManifestName)
	if errors.Is(err, ErrNoMember) {
		return "", "", false, nil
	}
	if err != nil {
		return "", "", false, err
	}
	var manifest struct {
		Members []struct {
			Name   string `json:"name"`
			Golden *struct {
				Prompt string `json:"prompt"`
				IDs    string `json:"ids"`
			} `json:"golden"`
		} `json:"members"`
	}
	if err := json.Unmarshal([]byte(text), &manifest); err != nil {
		return "", "", false, fmt.Errorf("bundle: %s: member %s: %w", f.name, ManifestName, err)
	}
	for _, m := range manifest.Members {
		if m.Name == name && m.Golden != nil {
			return m.Golden.Prompt, m.Golden.IDs, true, nil
		}
	}
	return "", "", false, nil
}

// Checksum is the CRC-32 (IEEE) the archive promises for a member; ok is false for a bare GGUF model.
func (f *File) Checksum(name string) (crc uint32, ok bool) {
	m, err := f.member(name)
	if err != nil {
		return 0, false
	}
	return m.CRC32, true
}

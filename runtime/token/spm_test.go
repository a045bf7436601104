package token

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSPMCuts wants the same ids whether a text is cut into words first or merged as one.
func TestSPMCuts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	pieces := []string{" ", "  ", "\n", "\t", "\n\n\t", "if", "the", "return", "(", ")", "):", "{}", "//", "0x1F", "é", "猫", "😀", "▁", "<0x0A>", "'s", "x", "\r\n", "=="}
	for _, name := range vocabFiles(t) {
		tok := openVocab(t, name)
		m, ok := tok.enc.(*spm)
		if !ok {
			continue
		}
		for range 400 {
			var b strings.Builder
			for range r.IntN(30) {
				b.WriteString(pieces[r.IntN(len(pieces))])
			}
			text := strings.ReplaceAll(b.String(), " ", spaceMark)
			if text == "" {
				continue
			}
			whole := m.word(nil, text, &wordCache{where: map[string][2]int32{}})
			if got := m.encode(nil, text, false); !slices.Equal(got, whole) {
				t.Fatalf("%s: %q: %v in words, %v as one", filepath.Base(name), text, got, whole)
			}
		}
	}
}

package token

import (
	"strings"
	"unicode/utf8"
)

// Decoder turns ids into text as they come, holding back the bytes of a character until it is complete.
// Bytes that are no UTF-8 come out as U+FFFD. It is for one stream; a Tokenizer makes as many as needed.
type Decoder struct {
	t       *Tokenizer
	special bool
	held    []byte // the beginning of a character
}

// Decoder starts a stream. With special set, control tokens appear by their names.
func (t *Tokenizer) Decoder(special bool) *Decoder { return &Decoder{t: t, special: special} }

// Add takes the next id and returns the characters that are complete now.
func (d *Decoder) Add(id int32) string {
	d.held = append(d.held, d.t.Piece(id, d.special)...)
	n := len(d.held)
	// At most the last three bytes can be the beginning of a character that goes on.
	for back := 1; back <= 3 && back <= n; back++ {
		b := d.held[n-back]
		if utf8.RuneStart(b) {
			if !utf8.FullRune(d.held[n-back:]) {
				n -= back
			}
			break
		}
	}
	out := strings.ToValidUTF8(string(d.held[:n]), "\uFFFD")
	d.held = append(d.held[:0], d.held[n:]...)
	return out
}

// Flush returns what is held back at the end of the stream, as U+FFFD because it will not become a character.
func (d *Decoder) Flush() string {
	if len(d.held) == 0 {
		return ""
	}
	d.held = d.held[:0]
	return "\uFFFD"
}

// Decode turns ids into text at once.
func (t *Tokenizer) Decode(ids []int32, special bool) string {
	d := t.Decoder(special)
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(d.Add(id))
	}
	b.WriteString(d.Flush())
	return b.String()
}

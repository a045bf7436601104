// Package token turns text into the token ids of a model and back.
//
// It implements the tokenizers GGUF files name in tokenizer.ggml.model, giving the ids llama.cpp gives:
//
//	llama  SentencePiece with scores: merges by best score, byte fallback (spm.go)
//	gpt2   byte-level BPE: a pre-tokenizer cuts words, merges by rank (bpe.go, split.go)
//	gemma4 BPE over characters: only newlines cut, merges by rank (charbpe.go)
//	bert   WordPiece: longest match from the left inside words (wordpiece.go)
//
// Not supported: t5 (unigram), rwkv, plamo2; New names the tokenizer it refuses.
//
// Text may be anything. Encoding takes time n log n at worst in the length of the text, whatever the text.
package token

import (
	"errors"
	"fmt"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// ErrUnsupported is wrapped by errors about tokenizers and pre-tokenizers that are not supported.
var ErrUnsupported = errors.New("tokenizer not supported")

// ErrVocab is wrapped by errors about a vocabulary that contradicts itself.
var ErrVocab = errors.New("malformed vocabulary")

// Kind is the type of a token as GGUF stores it in tokenizer.ggml.token_type.
type Kind uint8

// The kinds of tokens.
const (
	Undefined   Kind = 0
	Normal      Kind = 1
	Unknown     Kind = 2
	Control     Kind = 3
	UserDefined Kind = 4
	Unused      Kind = 5
	Byte        Kind = 6
)

// None is the id of a special token the model does not have.
const None int32 = -1

// Tokenizer is one model's vocabulary and rules. It is safe for concurrent use.
type Tokenizer struct {
	Model string // "llama", "gpt2", "gemma4" or "bert"
	Pre   string // pre-tokenizer name of gpt2 models

	BOS, EOS, EOT, EOM, Unk, Sep, Pad, Mask int32 // None when absent
	AddBOS, AddEOS, AddSep                  bool  // what Encode adds around the text
	addSpacePrefix                          bool

	texts  []string
	kinds  []Kind
	scores []float32
	ids    map[string]int32
	eog    map[int32]bool
	pieces []string // bytes each id stands for
	marks  *marker
	enc    encoder
}

// encoder turns one stretch of ordinary text into ids. afterSpecial says that the text begins there or behind a special
// token.
type encoder interface {
	encode(dst []int32, text string, afterSpecial bool) []int32
}

// New reads the tokenizer of a model file.
func New(f *gguf.File) (*Tokenizer, error) {
	buildClasses()
	t := &Tokenizer{BOS: None, EOS: None, EOT: None, EOM: None, Unk: None, Sep: None, Pad: None, Mask: None}
	var err error
	if t.Model, err = f.Text("tokenizer.ggml.model", ""); err != nil {
		return nil, err
	}
	if t.Pre, err = f.Text("tokenizer.ggml.pre", "default"); err != nil {
		return nil, err
	}
	if err = t.readVocab(f); err != nil {
		return nil, err
	}
	switch t.Model {
	case "llama":
		t.BOS, t.EOS, t.Unk, t.AddBOS, t.addSpacePrefix = 1, 2, 0, true, true
	case "gpt2":
		t.BOS, t.EOS = None, None // llama.cpp says 11, a comma in most vocabularies, which would end every answer
		t.AddBOS = preTokenizers[t.Pre].addBOS
	case "bert":
		t.BOS, t.Unk, t.Sep, t.Pad, t.Mask = 101, 100, 102, 0, 103
		t.AddBOS, t.AddSep = true, true
	case "gemma4": // the file has its special tokens
	case "":
		return nil, fmt.Errorf("%w: key \"tokenizer.ggml.model\" is missing", ErrVocab)
	default:
		return nil, fmt.Errorf("%w: %s is %q; supported are llama, gpt2, gemma4, bert", ErrUnsupported, f.At("tokenizer.ggml.model"), gguf.Clip(t.Model))
	}
	if err = t.readSpecial(f); err != nil {
		return nil, err
	}
	switch t.Model {
	case "llama":
		t.enc = newSPM(t)
	case "gpt2":
		t.enc, err = newBPE(t, f)
	case "gemma4":
		t.AddBOS = true // whatever the file says, as in llama.cpp
		t.enc, err = newCharBPE(t, f)
	case "bert":
		t.enc, err = newWordPiece(t, f)
	}
	if err != nil {
		return nil, err
	}
	t.buildPieces()
	t.marks = newMarker(t, f)
	return t, nil
}

// Size is the number of ids.
func (t *Tokenizer) Size() int { return len(t.texts) }

// Text is the id's entry in the vocabulary, as stored.
func (t *Tokenizer) Text(id int32) string {
	if id < 0 || int(id) >= len(t.texts) {
		return ""
	}
	return t.texts[id]
}

// ID finds the id of a vocabulary entry.
func (t *Tokenizer) ID(text string) (int32, bool) {
	id, ok := t.ids[text]
	return id, ok
}

// Kind is the id's kind, Undefined for ids outside the vocabulary.
func (t *Tokenizer) Kind(id int32) Kind {
	if id < 0 || int(id) >= len(t.kinds) {
		return Undefined
	}
	return t.kinds[id]
}

// IsEOG says whether the id ends a generation: end of text, of turn or of message.
func (t *Tokenizer) IsEOG(id int32) bool { return t.eog[id] }

// Piece is the text the id stands for; it may be part of a UTF-8 character. Control and unknown tokens stand for
// nothing unless special is set, then for their name.
func (t *Tokenizer) Piece(id int32, special bool) string {
	if id < 0 || int(id) >= len(t.pieces) {
		return ""
	}
	if !special && (t.kinds[id] == Control || t.kinds[id] == Unknown) {
		return ""
	}
	return t.pieces[id]
}

// Encode turns text into ids. addSpecial adds the beginning and end tokens the model asks for; parseSpecial
// recognises control tokens written out in text, which must only be set for trusted text such as templates.
func (t *Tokenizer) Encode(text string, addSpecial, parseSpecial bool) []int32 {
	out := make([]int32, 0, len(text)/3+4)
	bert := t.Model == "bert" // always [CLS] text [SEP], whatever the file says, and no other model adds a separator
	if addSpecial && (t.AddBOS || bert) && t.BOS != None {
		out = append(out, t.BOS)
	}
	afterSpecial := true
	t.marks.cut(text, parseSpecial, func(part string, id int32) {
		if id != None {
			out = append(out, id)
			afterSpecial = true
			return
		}
		out = t.enc.encode(out, part, afterSpecial)
		afterSpecial = false
	})
	if addSpecial && t.AddEOS && !bert && t.EOS != None {
		out = append(out, t.EOS)
	}
	if addSpecial && bert && t.Sep != None {
		out = append(out, t.Sep)
	}
	return out
}

// buildPieces computes what every id stands for.
func (t *Tokenizer) buildPieces() {
	t.pieces = make([]string, len(t.texts))
	for i, s := range t.texts {
		switch t.kinds[i] {
		case Control, Unknown, UserDefined:
			t.pieces[i] = s
		case Byte:
			if b, ok := byteToken(s); ok {
				t.pieces[i] = string([]byte{b})
			}
		case Normal:
			if t.Model == "gpt2" {
				t.pieces[i] = fromByteAlphabet(s)
			} else {
				t.pieces[i] = strings.ReplaceAll(s, spaceMark, " ")
			}
		}
	}
}

// byteToken reads the byte of a token written <0xHH>.
func byteToken(s string) (byte, bool) {
	if len(s) != 6 || s[:3] != "<0x" || s[5] != '>' {
		return 0, false
	}
	hi, ok1 := hexDigit(s[3])
	lo, ok2 := hexDigit(s[4])
	return hi<<4 | lo, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

package token

import (
	"fmt"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// maxVocab bounds the ids of a model; the largest vocabularies in use have about 260 000.
const maxVocab = 1 << 20

// readVocab reads the token texts, kinds and scores.
func (t *Tokenizer) readVocab(f *gguf.File) error {
	var err error
	if t.texts, err = f.Strings("tokenizer.ggml.tokens"); err != nil {
		return err
	}
	n := len(t.texts)
	if n == 0 || n > maxVocab {
		return fmt.Errorf("%w: %s has %d tokens, want 1 to %d", ErrVocab, f.At("tokenizer.ggml.tokens"), n, maxVocab)
	}
	kinds, err := f.Ints("tokenizer.ggml.token_type")
	if err != nil {
		return err
	}
	if kinds != nil && len(kinds) < n {
		return fmt.Errorf("%w: %s has %d entries, want %d", ErrVocab, f.At("tokenizer.ggml.token_type"), len(kinds), n)
	}
	if t.scores, err = f.Floats("tokenizer.ggml.scores"); err != nil {
		return err
	}
	if t.scores != nil && len(t.scores) < n {
		return fmt.Errorf("%w: %s has %d entries, want %d", ErrVocab, f.At("tokenizer.ggml.scores"), len(t.scores), n)
	}
	t.kinds = make([]Kind, n)
	t.ids = make(map[string]int32, n)
	for i, s := range t.texts {
		t.kinds[i] = Normal
		if kinds != nil {
			t.kinds[i] = Undefined
			if k := kinds[i]; k >= 0 && k <= int(Byte) {
				t.kinds[i] = Kind(k)
			}
		}
		if s == "" {
			t.texts[i] = fmt.Sprintf("[EMPTY_%d]", i)
		}
		t.ids[t.texts[i]] = int32(i)
	}
	return nil
}

// endTexts are tokens that end a generation wherever they occur, because files often forget to say so.
var endTexts = []string{"<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>", "<|endoftext|>",
	"</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>",
	"<｜end▁of▁sentence｜>", "<|flush|>", "<|calls|>", "<turn|>", "<|tool_response>", "[e~["}

// turnTexts are tokens that end a turn when the file names none.
var turnTexts = []string{"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
	"<EOT>", "_<EOT>", "[EOT]", "<｜end▁of▁sentence｜>", "<end_of_utterance>"}

// fillTokens are the tokens of fill-in-the-middle prompts: the keys that name them, the texts they have when the file
// names none, and whether they end a generation, which then begins another file.
var fillTokens = []struct {
	keys  []string
	texts []string
	ends  bool
}{
	{[]string{"fim_pre_token_id", "prefix_token_id"}, []string{"<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>",
		"<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>", "<|prefix|>"}, false},
	{[]string{"fim_suf_token_id", "suffix_token_id"}, []string{"<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>",
		"<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>", "<|suffix|>"}, false},
	{[]string{"fim_mid_token_id", "middle_token_id"}, []string{"<|fim_middle|>", "<fim-middle>", "<fim_middle>",
		"<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>", "<|middle|>"}, false},
	{[]string{"fim_pad_token_id"}, []string{"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"}, true},
	{[]string{"fim_rep_token_id"}, []string{"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"}, true},
	{[]string{"fim_sep_token_id"}, []string{"<|file_sep|>"}, true},
}

// readSpecial reads the special ids and what to add around a text, then finds the ids that end a generation.
func (t *Tokenizer) readSpecial(f *gguf.File) error {
	for _, s := range []struct {
		key string
		id  *int32
	}{
		{"bos_token_id", &t.BOS}, {"eos_token_id", &t.EOS}, {"eot_token_id", &t.EOT}, {"eom_token_id", &t.EOM},
		{"unknown_token_id", &t.Unk}, {"seperator_token_id", &t.Sep}, {"padding_token_id", &t.Pad},
		{"mask_token_id", &t.Mask},
	} {
		id, err := f.Int("tokenizer.ggml."+s.key, -1)
		if err != nil {
			return err
		}
		if id >= 0 && id < len(t.texts) {
			*s.id = int32(id)
		}
		if int(*s.id) >= len(t.texts) {
			*s.id = None // a default beyond a small vocabulary
		}
	}
	var err error
	if t.AddBOS, err = f.Bool("tokenizer.ggml.add_bos_token", t.AddBOS); err != nil {
		return err
	}
	if t.AddEOS, err = f.Bool("tokenizer.ggml.add_eos_token", t.AddEOS); err != nil {
		return err
	}
	if t.AddSep, err = f.Bool("tokenizer.ggml.add_sep_token", t.AddSep); err != nil {
		return err
	}
	if t.addSpacePrefix, err = f.Bool("tokenizer.ggml.add_space_prefix", t.addSpacePrefix); err != nil {
		return err
	}
	t.findEnds()
	return t.findFill(f)
}

// findFill makes the tokens of fill-in-the-middle prompts control tokens, which files often forget to say.
func (t *Tokenizer) findFill(f *gguf.File) error {
	for _, x := range fillTokens {
		id := None
		for _, key := range x.keys {
			n, err := f.Int("tokenizer.ggml."+key, -1)
			if err != nil {
				return err
			}
			if n >= 0 && n < len(t.texts) {
				id = int32(n)
			}
		}
		for i := 0; id == None && i < len(x.texts); i++ {
			if n, ok := t.ids[x.texts[i]]; ok {
				id = n
				t.kinds[id] = Control
			}
		}
		if x.ends && id != None {
			t.eog[id] = true
		}
	}
	return nil
}

func (t *Tokenizer) findEnds() {
	t.eog = map[int32]bool{}
	for _, s := range endTexts {
		if id, ok := t.ids[s]; ok {
			t.eog[id] = true
			t.kinds[id] = Control
		}
	}
	for _, s := range turnTexts {
		if id, ok := t.ids[s]; ok && t.EOT == None {
			t.EOT = id
		}
	}
	// The harmony format's marks are text: who reads an answer has to tell thoughts from what is said.
	for _, s := range []string{"<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"} {
		if id, ok := t.ids[s]; ok {
			t.kinds[id] = UserDefined
		}
	}
	// <|end|> ends a message there, not the answer.
	_, hasReturn := t.ids["<|return|>"]
	_, hasCall := t.ids["<|call|>"]
	_, hasCalls := t.ids["<|calls|>"]
	_, hasFlush := t.ids["<|flush|>"]
	if end, ok := t.ids["<|end|>"]; ok && (hasCall || hasCalls) && (hasReturn || hasFlush) {
		delete(t.eog, end)
		t.kinds[end] = UserDefined
		if t.EOT == end {
			t.EOT = None
		}
	}
	for _, id := range []int32{t.EOS, t.EOT, t.EOM} {
		if id != None {
			t.eog[id] = true
		}
	}
}

// stripsRight says whether white space after the special token belongs to it. GGUF has no field for it; llama.cpp
// derives it from the model's name, and phi-3 is the only family in use that needs it.
func stripsRight(f *gguf.File, text string) bool {
	name, err := f.Text("general.name", "")
	name = strings.ToLower(name)
	if err != nil || !strings.Contains(name, "phi-3") && !strings.Contains(name, "phi3") {
		return false
	}
	return text != "<unk>" && text != "<s>" && text != "<|endoftext|>"
}

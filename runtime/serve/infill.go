package serve

import (
	"net/http"
	"slices"
)

// gap are the tokens between which models for code fill a gap (Bavarian et al. 2022, "fill in the middle").
type gap struct{ prefix, suffix, middle int32 }

// gapNames are the spellings of families, in the order of gap.
var gapNames = [][3]string{
	{"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"},
	{"<fim_prefix>", "<fim_suffix>", "<fim_middle>"},
	{"<fim-prefix>", "<fim-suffix>", "<fim-middle>"},
	{"<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"},
	{"▁<PRE>", "▁<SUF>", "▁<MID>"},
	{"<PRE>", "<SUF>", "<MID>"},
	{"[PREFIX]", "[SUFFIX]", "[MIDDLE]"},
}

// gap finds the tokens in the metadata or by their names; ok is false for a model that fills no gaps.
func (m *served) gap() (g gap, ok bool) {
	f, tok := m.Engine.File(), m.Engine.Tokenizer()
	found := true
	for _, x := range []struct {
		key string
		id  *int32
	}{{"fim_pre_token_id", &g.prefix}, {"fim_suf_token_id", &g.suffix}, {"fim_mid_token_id", &g.middle}} {
		id, err := f.Int("tokenizer.ggml."+x.key, -1)
		found = found && err == nil && id >= 0 && id < m.info.Vocab
		*x.id = int32(id)
	}
	if found {
		return g, true
	}
	for _, names := range gapNames {
		found = true
		for i, id := range []*int32{&g.prefix, &g.suffix, &g.middle} {
			n, known := tok.ID(names[i])
			*id, found = n, found && known
		}
		if found {
			return g, true
		}
	}
	return gap{}, false
}

// infill completes text between a prefix and a suffix.
func (s *Server) infill(m *served, w http.ResponseWriter, r *http.Request) error {
	var q struct {
		nativeRequest
		Prefix string `json:"input_prefix"`
		Suffix string `json:"input_suffix"`
		Extra  []struct {
			Text string `json:"text"`
		} `json:"input_extra"`
		Begin string `json:"prompt"` // of what is filled in
	}
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	g, ok := m.gap()
	if !ok {
		return &apiError{Status: http.StatusNotImplemented, Type: "not_supported_error", Code: "unsupported",
			Message: "this model fills no gaps: it has no tokens for it; models for code such as Qwen2.5-Coder do"}
	}
	text := func(s string) []int32 { return m.Engine.Tokenize(s, false, false) }
	var extra []int32
	for _, e := range q.Extra {
		extra = append(extra, text(e.Text+"\n")...)
	}
	var ids []int32
	if tok := m.Engine.Tokenizer(); tok.AddBOS {
		ids = append(ids, tok.BOS)
	}
	ids = slices.Concat(ids, extra, []int32{g.prefix}, text(q.Prefix), []int32{g.suffix}, text(q.Suffix), []int32{g.middle}, text(q.Begin))
	if len(ids) >= m.info.Context {
		return m.tooLong(len(ids))
	}
	limit := q.NPredict
	if limit == nil {
		limit = q.MaxTokens
	}
	return s.native(m, w, r, &q.nativeRequest, ids, limit)
}

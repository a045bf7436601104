package serve

import (
	"net/http"
	"unicode/utf8"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/reply"
)

// nativeRequest is the body of llama.cpp's /completion.
type nativeRequest struct {
	sampling
	Prompt       prompts  `json:"prompt"`
	NPredict     *integer `json:"n_predict"`
	MaxTokens    *integer `json:"max_tokens"`
	NProbs       *integer `json:"n_probs"`
	Stream       bool     `json:"stream"`
	ReturnTokens bool     `json:"return_tokens"`
	Progress     bool     `json:"return_progress"`
	PerToken     bool     `json:"timings_per_token"`
}

// nativeAnswer is llama.cpp's answer to /completion, or a piece of it.
type nativeAnswer struct {
	Index     int         `json:"index"`
	Content   string      `json:"content"`
	Tokens    []int32     `json:"tokens"`
	Stop      bool        `json:"stop"`
	Slot      int         `json:"id_slot"`
	Model     string      `json:"model,omitempty"`
	Predicted int         `json:"tokens_predicted"`
	Evaluated int         `json:"tokens_evaluated"`
	Cached    int         `json:"tokens_cached"`
	Truncated bool        `json:"truncated"`
	StopType  string      `json:"stop_type,omitempty"`
	StopWord  string      `json:"stopping_word"`
	HasNL     bool        `json:"has_new_line"`
	Probs     []tokenProb `json:"completion_probabilities,omitempty"`
	Timings   *timings    `json:"timings,omitempty"`
	Progress  *progress   `json:"prompt_progress,omitempty"`
}

// stopType is llama.cpp's word for the end of a generation.
func stopType(reason string) string {
	switch reason {
	case engine.StopText:
		return "word"
	case engine.StopLength, engine.StopContext:
		return "limit"
	}
	return "eos"
}

func (s *Server) completion(m *served, w http.ResponseWriter, r *http.Request) error {
	var q nativeRequest
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	if len(q.Prompt) != 1 {
		return badRequest("prompt", "prompt: got %d prompts, want one; /v1/completions takes several", len(q.Prompt))
	}
	ids, err := q.Prompt[0].tokens(m)
	if err != nil {
		return err
	}
	limit := q.NPredict
	if limit == nil {
		limit = q.MaxTokens
	}
	return s.native(m, w, r, &q, ids, limit)
}

// native generates after ids and answers as llama.cpp does.
func (s *Server) native(m *served, w http.ResponseWriter, r *http.Request, q *nativeRequest, ids []int32, limit *integer) error {
	req, err := q.request(m, limit)
	if err != nil {
		return err
	}
	req.Prompt, req.Client = ids, client(r)
	if q.NProbs != nil && *q.NProbs > 0 {
		req.LogProbs, req.TopProbs = true, int(min(*q.NProbs, 1000))
	}
	t := &turn{request: req, parser: reply.Options{Plain: true}}
	var events *stream
	defer func() {
		if events != nil {
			events.close()
		}
	}()
	var tokens []int32
	a, err := m.run(r.Context(), t, func(p part) error {
		if p.event.ID >= 0 && q.ReturnTokens {
			tokens = append(tokens, p.event.ID)
		}
		if !q.Stream {
			return nil
		}
		out := nativeAnswer{Tokens: []int32{}, Predicted: 0, Evaluated: len(ids)}
		for _, d := range p.deltas {
			out.Content += d.Text
		}
		if p.event.ID >= 0 {
			out.Tokens = append(out.Tokens, p.event.ID)
			if req.LogProbs {
				out.Probs = m.logProbs([]engine.Step{p.event.Step}).Content
			}
		} else if out.Content == "" {
			if p.event.Reason != "" || !q.Progress {
				return nil
			}
			out.Progress = &progress{Total: len(ids), Processed: p.event.Prompt}
		}
		if events == nil {
			events = s.newStream(w)
		}
		return events.send("", out)
	})
	if err != nil {
		if events == nil {
			return err
		}
		events.fail(err)
		return nil
	}
	tm := timingsOf(a.stats)
	out := nativeAnswer{Content: a.content, Tokens: tokens, Stop: true, Model: m.ID, Predicted: a.stats.Tokens, Evaluated: len(ids),
		Cached: a.stats.Reused, StopType: stopType(a.stats.StopReason), StopWord: a.stop, Timings: &tm}
	if out.Tokens == nil {
		out.Tokens = []int32{}
	}
	for i := range a.content {
		out.HasNL = out.HasNL || a.content[i] == '\n'
	}
	if !q.Stream {
		if req.LogProbs {
			out.Probs = m.logProbs(a.steps).Content
		}
		return sendJSON(w, http.StatusOK, out)
	}
	out.Content = "" // sent already
	if events == nil {
		events = s.newStream(w)
	}
	return events.send("", out)
}

func (s *Server) tokenize(m *served, w http.ResponseWriter, r *http.Request) error {
	q := struct {
		Content      *string `json:"content"`
		Prompt       *string `json:"prompt"` // vLLM's name for it
		AddSpecial   bool    `json:"add_special"`
		ParseSpecial *bool   `json:"parse_special"`
		WithPieces   bool    `json:"with_pieces"`
	}{}
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	if q.Content == nil {
		q.Content = q.Prompt
	}
	if q.Content == nil {
		return badRequest("content", "content: want the text to tokenize")
	}
	ids := m.Engine.Tokenize(*q.Content, q.AddSpecial, q.ParseSpecial == nil || *q.ParseSpecial)
	if !q.WithPieces {
		return sendJSON(w, http.StatusOK, map[string][]int32{"tokens": ids})
	}
	type piece struct {
		ID    int32 `json:"id"`
		Piece any   `json:"piece"`
	}
	list := make([]piece, len(ids))
	for i, id := range ids {
		p := m.tokenProb(id, 0)
		list[i] = piece{id, p.Token}
		if !utf8.ValidString(p.Token) {
			list[i].Piece = p.Bytes
		}
	}
	return sendJSON(w, http.StatusOK, map[string]any{"tokens": list})
}

func (s *Server) detokenize(m *served, w http.ResponseWriter, r *http.Request) error {
	var q struct {
		Tokens []integer `json:"tokens"`
	}
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	ids := make([]int32, len(q.Tokens))
	for i, id := range q.Tokens {
		if id < 0 || int(id) >= m.info.Vocab {
			return badRequest("tokens", "tokens: got %d, want 0 to %d", id, m.info.Vocab-1)
		}
		ids[i] = int32(id)
	}
	return sendJSON(w, http.StatusOK, map[string]string{"content": m.Engine.Tokenizer().Decode(ids, true)})
}

// props describes the server and the model.
func (s *Server) props(m *served, w http.ResponseWriter, _ *http.Request) error {
	tok := m.Engine.Tokenizer()
	d := m.Defaults
	return sendJSON(w, http.StatusOK, map[string]any{
		"default_generation_settings": map[string]any{
			"n_ctx": m.info.Context,
			"params": map[string]any{
				"temperature": d.Temp, "top_k": d.TopK, "top_p": d.TopP, "min_p": d.MinP, "typical_p": d.TypicalP,
				"repeat_penalty": d.RepeatPenalty, "repeat_last_n": d.RepeatLastN, "presence_penalty": d.PresencePenalty,
				"frequency_penalty": d.FrequencyPenalty, "mirostat": d.Mirostat, "n_predict": d.N, "seed": d.Seed,
			},
		},
		"total_slots":        len(m.Generate.Slots()),
		"model_path":         m.ID,
		"model_alias":        m.ID,
		"chat_template":      m.Engine.TemplateSource(),
		"bos_token":          tok.Text(tok.BOS),
		"eos_token":          tok.Text(tok.EOS),
		"build_info":         s.fingerprint(),
		"modalities":         map[string]bool{"vision": false, "audio": false},
		"model_architecture": m.info.Arch,
		"instruction_level":  m.info.Level,
		"threads":            m.info.Threads,
		"endpoint_slots":     !s.NoSlots,
		"endpoint_metrics":   !s.NoMetrics,
	})
}

// slots lists what every slot computes.
func (s *Server) slots(m *served, w http.ResponseWriter, _ *http.Request) error {
	if s.NoSlots {
		return disabled("/slots", "--slots")
	}
	type slot struct {
		ID         int  `json:"id"`
		Context    int  `json:"n_ctx"`
		Processing bool `json:"is_processing"`
		Prompt     int  `json:"n_prompt_tokens"`
		Computed   int  `json:"n_tokens"`
		Decoded    int  `json:"n_decoded"`
	}
	list := []slot{}
	for _, x := range m.Generate.Slots() {
		list = append(list, slot{ID: x.ID, Context: m.info.Context, Processing: x.Busy, Prompt: x.Prompt, Computed: x.Computed, Decoded: x.Generated})
	}
	return sendJSON(w, http.StatusOK, list)
}

// disabled is the error of an endpoint that was switched off.
func disabled(path, flag string) error {
	return &apiError{Status: http.StatusForbidden, Type: "feature_disabled", Code: "disabled", Message: path + " is switched off; start the server with " + flag}
}

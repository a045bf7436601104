package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/reply"
)

// prompts is one prompt or several: a text, token ids, a mixture of both, or an array of those.
type prompts []prompt

// prompt is text and token ids in their order.
type prompt []promptPart

type promptPart struct {
	text string
	ids  []int32 // instead of text
}

func (p *prompts) UnmarshalJSON(b []byte) error {
	wrong := badRequest("prompt", "prompt: got %s, want a string, an array of token ids, or an array of those", clip(b))
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	var text string
	if json.Unmarshal(b, &text) == nil {
		*p = prompts{{{text: text}}}
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		return wrong
	}
	// Numbers make the array one prompt, arrays and only texts several.
	var one prompt
	ids := false
	for _, x := range list {
		var id integer
		switch {
		case json.Unmarshal(x, &text) == nil:
			one = append(one, promptPart{text: text})
		case json.Unmarshal(x, &id) == nil && id >= 0 && id < 1<<31:
			ids = true
			if n := len(one); n > 0 && one[n-1].ids != nil {
				one[n-1].ids = append(one[n-1].ids, int32(id))
			} else {
				one = append(one, promptPart{ids: []int32{int32(id)}})
			}
		default:
			var inner prompts
			if bytes.HasPrefix(bytes.TrimSpace(x), []byte("[")) && inner.UnmarshalJSON(x) == nil && len(inner) == 1 {
				*p = append(*p, inner[0])
				continue
			}
			return wrong
		}
	}
	switch {
	case len(*p) > 0 && len(one) > 0 && ids:
		return wrong
	case ids:
		*p = prompts{one}
	default:
		for _, x := range one {
			*p = append(*p, prompt{x})
		}
	}
	return nil
}

// tokens turns a prompt into ids.
func (p prompt) tokens(m *served) ([]int32, error) {
	if len(p) == 1 && p[0].ids == nil {
		return m.tokens(p[0].text)
	}
	var ids []int32
	for i, x := range p {
		if x.ids == nil {
			more, err := m.tokens(x.text)
			if err != nil {
				return nil, err
			}
			if tok := m.Engine.Tokenizer(); i > 0 && tok.AddBOS && len(more) > 0 && more[0] == tok.BOS {
				more = more[1:]
			}
			ids = append(ids, more...)
		}
		ids = append(ids, x.ids...)
	}
	for _, id := range ids {
		if int(id) >= m.info.Vocab {
			return nil, badRequest("prompt", "prompt: got token %d, want 0 to %d", id, m.info.Vocab-1)
		}
	}
	if len(ids) >= m.info.Context {
		return nil, m.tooLong(len(ids))
	}
	return ids, nil
}

// completionRequest is the body of /v1/completions.
type completionRequest struct {
	sampling
	Prompt        prompts `json:"prompt"`
	Suffix        string  `json:"suffix"`
	Echo          bool    `json:"echo"`
	Stream        bool    `json:"stream"`
	StreamOptions struct {
		Usage bool `json:"include_usage"`
	} `json:"stream_options"`
	MaxTokens *integer `json:"max_tokens"`
	NPredict  *integer `json:"n_predict"`
	N         *integer `json:"n"`
	LogProbs  *integer `json:"logprobs"`
}

// defaultCompletion is how many tokens a completion has when the request does not say: OpenAI's API has 16.
const defaultCompletion = 16

const maxPrompts = 64

type completionChoice struct {
	Index    int                 `json:"index"`
	Text     string              `json:"text"`
	LogProbs *completionLogProbs `json:"logprobs"`
	Finish   *string             `json:"finish_reason"`
}

// completionLogProbs is the older form of log probabilities.
type completionLogProbs struct {
	Tokens  []string             `json:"tokens"`
	Probs   []float32            `json:"token_logprobs"`
	Top     []map[string]float32 `json:"top_logprobs"`
	Offsets []int                `json:"text_offset"`
}

type completionAnswer struct {
	chatObject
	Choices []completionChoice `json:"choices"`
	Usage   *usage             `json:"usage,omitempty"`
	Timings *timings           `json:"timings,omitempty"`
}

// turns makes the generations: n for every prompt, in order.
func (q *completionRequest) turns(m *served, client string) (list []*turn, texts []string, err error) {
	n := 1
	if q.N != nil {
		n = int(*q.N)
	}
	if n < 1 || n > maxAnswers {
		return nil, nil, badRequest("n", "n: got %d, want 1 to %d", n, maxAnswers)
	}
	if len(q.Prompt) == 0 || len(q.Prompt) > maxPrompts {
		return nil, nil, badRequest("prompt", "prompt: got %d prompts, want 1 to %d", len(q.Prompt), maxPrompts)
	}
	if q.Suffix != "" {
		return nil, nil, notSupported("suffix", "suffix: completions only go on at the end; /infill fills a gap")
	}
	limit := q.MaxTokens
	if limit == nil {
		limit = q.NPredict
	}
	if limit == nil {
		limit = new(integer)
		*limit = defaultCompletion
	}
	for _, p := range q.Prompt {
		ids, err := p.tokens(m)
		if err != nil {
			return nil, nil, err
		}
		for i := range n {
			r, err := q.request(m, limit)
			if err != nil {
				return nil, nil, err
			}
			r.Prompt, r.Client = ids, client
			r.Seed += uint64(i)
			if q.LogProbs != nil {
				r.LogProbs, r.TopProbs = true, int(min(max(*q.LogProbs, 0), maxTopProbs))
			}
			list = append(list, &turn{request: r, parser: reply.Options{Plain: true}})
			text := ""
			if q.Echo {
				text = m.Engine.Tokenizer().Decode(ids, false)
			}
			texts = append(texts, text)
		}
	}
	return list, texts, nil
}

func (s *Server) completions(m *served, w http.ResponseWriter, r *http.Request) error {
	var q completionRequest
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	turns, texts, err := q.turns(m, client(r))
	if err != nil {
		return err
	}
	out := completionAnswer{chatObject: chatObject{ID: newID("cmpl"), Object: "text_completion", Created: time.Now().Unix(), Model: m.ID, Fingerprint: s.fingerprint()}}
	perPrompt := len(turns) / len(q.Prompt)
	if q.Stream {
		return s.streamCompletions(m, w, r, &q, turns, texts, out)
	}
	answers, err := m.runAll(r.Context(), turns, nil)
	if err != nil {
		return err
	}
	out.Usage = &usage{}
	for i, a := range answers {
		c := completionChoice{Index: i, Text: texts[i] + a.content, Finish: &a.finish}
		if q.LogProbs != nil {
			c.LogProbs = m.completionProbs(a.steps, len(texts[i]))
		}
		out.Choices = append(out.Choices, c)
		out.Usage.add(a.stats, i%perPrompt == 0)
	}
	t := timingsOf(answers[0].stats)
	out.Timings = &t
	return sendJSON(w, http.StatusOK, out)
}

func (s *Server) streamCompletions(m *served, w http.ResponseWriter, r *http.Request, q *completionRequest, turns []*turn, texts []string, head completionAnswer) error {
	var mu sync.Mutex
	var events *stream
	send := func(c completionAnswer) error {
		mu.Lock()
		defer mu.Unlock()
		if events == nil {
			events = s.newStream(w)
		}
		c.chatObject = head.chatObject
		return events.send("", c)
	}
	defer func() {
		if events != nil {
			events.close()
		}
	}()
	offsets := make([]int, len(turns))
	answers, err := m.runAll(r.Context(), turns, func(i int, p part) error {
		c := completionChoice{Index: i, Text: texts[i]}
		texts[i] = ""
		for _, d := range p.deltas {
			c.Text += d.Text
		}
		if q.LogProbs != nil && p.event.ID >= 0 {
			c.LogProbs = m.completionProbs([]engine.Step{p.event.Step}, offsets[i])
		}
		offsets[i] += len(c.Text)
		if c.Text == "" && c.LogProbs == nil {
			return nil
		}
		return send(completionAnswer{Choices: []completionChoice{c}})
	})
	if err != nil {
		if events == nil {
			return err
		}
		events.fail(err)
		return nil
	}
	var total usage
	perPrompt := len(turns) / len(q.Prompt)
	for i, a := range answers {
		c := completionAnswer{Choices: []completionChoice{{Index: i, Finish: &a.finish}}}
		if i == len(answers)-1 {
			t := timingsOf(answers[0].stats)
			c.Timings = &t
		}
		if err := send(c); err != nil {
			return err
		}
		total.add(a.stats, i%perPrompt == 0)
	}
	if q.StreamOptions.Usage {
		if err := send(completionAnswer{Choices: []completionChoice{}, Usage: &total}); err != nil {
			return err
		}
	}
	return events.raw("", []byte("[DONE]"))
}

func (m *served) completionProbs(steps []engine.Step, offset int) *completionLogProbs {
	l := &completionLogProbs{Tokens: []string{}, Probs: []float32{}, Top: []map[string]float32{}, Offsets: []int{}}
	piece := func(id int32) string { return m.Engine.Tokenizer().Piece(id, true) }
	for _, s := range steps {
		l.Tokens = append(l.Tokens, piece(s.ID))
		l.Probs = append(l.Probs, max(s.LogProb, leastLogProb))
		l.Offsets = append(l.Offsets, offset)
		offset += len(piece(s.ID))
		top := map[string]float32{}
		for _, t := range s.Top {
			top[piece(t.ID)] = max(t.LogProb, leastLogProb)
		}
		l.Top = append(l.Top, top)
	}
	return l
}

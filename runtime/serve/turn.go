package serve

import (
	"context"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/engine/sched"
	"github.com/llamaboot/llamaboot/runtime/reply"
)

// turn is an answer to be generated, whatever API asked for it.
type turn struct {
	request sched.Request
	parser  reply.Options
}

// part is what a turn hands on while it runs.
type part struct {
	deltas []reply.Delta
	event  sched.Event
}

// message is a finished answer.
type message struct {
	content   string
	reasoning string
	calls     []toolCall
	steps     []engine.Step // with log probabilities, when they were asked for
	stats     sched.Stats
	stop      string // the stop text that ended it
	finish    string // why it ended, as OpenAI's API says it

	reasoningTokens int
}

// toolCall is a call of a finished answer.
type toolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function functionCall `json:"function"`
}

type functionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// add puts deltas in their places.
func (a *message) add(deltas []reply.Delta) {
	for _, d := range deltas {
		switch d.Kind {
		case reply.Content:
			a.content += d.Text
		case reply.Reasoning:
			a.reasoning += d.Text
		case reply.Call:
			a.calls = append(a.calls, toolCall{ID: d.ID, Type: "function", Function: functionCall{Name: d.Name}})
		case reply.Arguments:
			a.calls[d.Index].Function.Arguments += d.Text
		}
	}
}

// run generates the answer. emit is called with every part; its error ends the generation.
func (m *served) run(ctx context.Context, t *turn, emit func(part) error) (*message, error) {
	p := reply.New(t.parser)
	a := &message{}
	stats, err := m.Generate.Generate(ctx, t.request, func(e sched.Event) error {
		thinking := p.Thinking()
		deltas := m.parse(p, e)
		if thinking && e.ID >= 0 {
			a.reasoningTokens++
		}
		if e.Reason != "" {
			deltas = append(deltas, p.End()...)
			a.stop = e.StopText
		}
		if t.request.LogProbs && e.ID >= 0 {
			a.steps = append(a.steps, e.Step)
		}
		a.add(deltas)
		if emit == nil {
			return nil
		}
		return emit(part{deltas, e})
	})
	if err != nil {
		return nil, err
	}
	a.stats = stats
	a.finish = finishReason(stats.StopReason)
	if len(a.calls) > 0 && a.finish == "stop" {
		a.finish = "tool_calls"
	}
	return a, nil
}

// parse hands the text of an event to the parser.
func (m *served) parse(p *reply.Parser, e sched.Event) []reply.Delta {
	if e.Text == "" {
		return nil
	}
	if !e.Special {
		return p.Add(e.Text, false)
	}
	return p.AddToken(e.Text, m.Engine.Tokenizer().Piece(e.ID, true))
}

// finishReason is OpenAI's word for the end of a generation.
func finishReason(reason string) string {
	if reason == engine.StopLength || reason == engine.StopContext {
		return "length"
	}
	return "stop"
}

// tokens turns a rendered prompt into ids, unless it is so long that it cannot fit: that is said before it is cut into
// tokens, which takes its time.
func (m *served) tokens(text string) ([]int32, error) {
	if least := len(text) / m.longestPiece; least > m.info.Context {
		return nil, m.tooLong(least)
	}
	ids := m.Engine.TokenizePrompt(text)
	if len(ids) == 0 {
		return nil, badRequest("", "the prompt is empty")
	}
	if len(ids) >= m.info.Context {
		return nil, m.tooLong(len(ids))
	}
	return ids, nil
}

// tooLong is the error of a prompt of n tokens.
func (m *served) tooLong(n int) error {
	e := badRequest("messages", "the prompt has %d tokens and the context has room for %d, of which one is the answer's; shorten the conversation, or start the server with a larger context (-c)",
		n, m.info.Context)
	e.Code, e.Prompt, e.Context = "context_length_exceeded", n, m.info.Context
	return e
}

// usage counts tokens as OpenAI's API does.
type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
	Details    struct {
		Cached int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
}

func (u *usage) add(s sched.Stats, first bool) {
	if first { // several answers have one prompt
		u.Prompt += s.PromptTokens + s.Reused
		u.Details.Cached += s.Reused
	}
	u.Completion += s.Tokens
	u.Total = u.Prompt + u.Completion
}

// timings are llama.cpp's addition to answers, in milliseconds.
type timings struct {
	CacheN          int     `json:"cache_n"`
	PromptN         int     `json:"prompt_n"`
	PromptMS        float64 `json:"prompt_ms"`
	PromptPerToken  float64 `json:"prompt_per_token_ms"`
	PromptPerSecond float64 `json:"prompt_per_second"`
	N               int     `json:"predicted_n"`
	MS              float64 `json:"predicted_ms"`
	PerToken        float64 `json:"predicted_per_token_ms"`
	PerSecond       float64 `json:"predicted_per_second"`
}

func timingsOf(s sched.Stats) timings {
	t := timings{CacheN: s.Reused, PromptN: s.PromptTokens, PromptMS: ms(s.PromptTime), N: s.Tokens, MS: ms(s.Time)}
	if t.PromptN > 0 && t.PromptMS > 0 {
		t.PromptPerToken, t.PromptPerSecond = t.PromptMS/float64(t.PromptN), float64(t.PromptN)/t.PromptMS*1e3
	}
	if t.N > 0 && t.MS > 0 {
		t.PerToken, t.PerSecond = t.MS/float64(t.N), float64(t.N)/t.MS*1e3
	}
	return t
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

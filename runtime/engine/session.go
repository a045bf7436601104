package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/sample"
)

// Params of one generation.
type Params struct {
	N int // tokens to generate at most; negative for no limit
	sample.Params
	Stop      []string // texts that end the generation; they are not part of it
	IgnoreEOS bool     // go on after tokens that end a text
	Shift     bool     // when the context is full forget the older half instead of stopping
	Keep      int      // tokens at the beginning that a shift keeps
	Special   bool     // control tokens appear in the text by their names
	Grammar   Grammar  // restricts the text; nil for none
}

// Grammar restricts what may be generated. It is for one generation.
type Grammar interface {
	sample.Filter
	// Accept moves on by a token that Allowed said may come.
	Accept(id int32) error
}

// StopContext is the reason why a generation stopped that the context had no more room for.
const StopContext = "context"

// Stats says what a generation did.
type Stats struct {
	PromptTokens int // computed
	Reused       int // tokens of the prompt the session still held
	Tokens       int // generated
	PromptTime   time.Duration
	Time         time.Duration // of generating, without the prompt
	StopReason   string        // "eos", "stop", "length", "context" or "grammar"
}

// Session is one sequence: the tokens so far and their keys and values. The logits after the last one are kept.
type Session struct {
	e      *Engine
	cache  *model.Cache
	tokens []int32
	logits []float32 // after the last token; nil when not known
	batch  []model.Token
}

// NewSession starts an empty sequence.
func (e *Engine) NewSession() (*Session, error) {
	return &Session{e: e, cache: e.model.NewCache(e.cache)}, nil
}

// Reset forgets everything; memory of the cache is kept for what comes next.
func (s *Session) Reset() { s.tokens, s.logits = s.tokens[:0], nil }

// Tokens is what the session holds. It is only valid until the next call.
func (s *Session) Tokens() []int32 { return s.tokens }

// Generate continues prompt, which is the whole sequence from its beginning: what the session still holds of it is not
// computed again. To go on after what the session holds, put Tokens() in front. emit is called with every token and
// the text that is complete with it, which may be empty; its error ends the generation and is returned.
func (s *Session) Generate(ctx context.Context, prompt []int32, p Params, emit func(id int32, piece string) error) (Stats, error) {
	var st Stats
	if m := s.e.model; m.Encoder {
		return st, fmt.Errorf("%s: engine: %w: %s makes embeddings, not text; llamaboot embed prints them", s.e.name, model.ErrArch, m.Arch)
	}
	sampler, err := sample.New(p.Params)
	if err != nil {
		return st, err
	}
	begin := time.Now()
	if err := s.reuse(prompt, &st); err != nil {
		return st, err
	}
	if err := s.prefill(ctx, prompt[len(s.tokens):]); err != nil {
		return st, err
	}
	for _, id := range prompt {
		sampler.Accept(id)
	}
	st.PromptTime = time.Since(begin)
	begin = time.Now()
	err = s.generate(ctx, sampler, &p, &st, emit)
	st.Time = time.Since(begin)
	return st, err
}

// Logits computes the logits after the last token of prompt, the whole sequence from its beginning; what the session
// still holds of it is not computed again. They are valid until the next call.
func (s *Session) Logits(ctx context.Context, prompt []int32) ([]float32, error) {
	if err := s.reuse(prompt, new(Stats)); err != nil {
		return nil, err
	}
	err := s.prefill(ctx, prompt[len(s.tokens):])
	return s.logits, err
}

// reuse drops what the session holds beyond the longest common beginning with the prompt.
func (s *Session) reuse(prompt []int32, st *Stats) error {
	if len(prompt) == 0 {
		return fmt.Errorf("engine: %w", ErrEmpty)
	}
	if len(prompt) > s.e.model.Context {
		return fmt.Errorf("engine: %w: %d tokens, want at most %d; a larger context (-c) may help", ErrContextFull, len(prompt), s.e.model.Context)
	}
	n := 0
	for n < len(s.tokens) && n < len(prompt) && s.tokens[n] == prompt[n] {
		n++
	}
	if n == len(prompt) && (n < len(s.tokens) || s.logits == nil) {
		n-- // the logits after the last token are needed
	}
	if n < len(s.tokens) {
		s.tokens, s.logits = s.tokens[:n], nil
	}
	st.Reused, st.PromptTokens = n, len(prompt)-n
	return nil
}

// prefill computes ids after what the session holds, and keeps the logits after the last one.
func (s *Session) prefill(ctx context.Context, ids []int32) error {
	for len(ids) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(len(ids), model.MaxBatch)
		batch := slices.Grow(s.batch[:0], n)[:n]
		s.batch = batch
		for i, id := range ids[:n] {
			batch[i] = model.Token{ID: id, Pos: len(s.tokens) + i, Cache: s.cache, Logits: i == len(ids)-1}
		}
		l, err := s.e.model.ForwardContext(ctx, s.logits, batch)
		s.logits = nil // overwritten, or of an earlier token
		if err != nil {
			return err
		}
		s.tokens = append(s.tokens, ids[:n]...)
		if ids = ids[n:]; len(ids) == 0 {
			s.logits = l
		}
	}
	return nil
}

// generate chooses tokens until something ends it.
func (s *Session) generate(ctx context.Context, sampler *sample.Sampler, p *Params, st *Stats, emit func(int32, string) error) error {
	var filter sample.Filter
	if p.Grammar != nil {
		filter = p.Grammar
	}
	out := stopper{stops: p.Stop}
	decode := s.e.tok.Decoder(p.Special)
	for {
		if p.N >= 0 && st.Tokens >= p.N {
			return s.finish(st, "length", emit, out.flush(decode.Flush()))
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(s.tokens) >= s.e.model.Context {
			if !p.Shift {
				return s.finish(st, StopContext, emit, out.flush(decode.Flush()))
			}
			if err := s.shift(p.Keep); err != nil {
				return err
			}
		}
		id := sampler.Choose(s.logits, filter)
		if id < 0 && p.Grammar == nil {
			return fmt.Errorf("%s: %w", s.e.name, s.e.noNumbers(len(s.tokens)))
		}
		if id < 0 {
			return s.finish(st, "grammar", emit, out.flush(decode.Flush()))
		}
		end := s.e.tok.IsEOG(id) && (!p.IgnoreEOS || p.Grammar != nil) // a grammar only allows an end at its own
		if p.Grammar != nil {
			if err := p.Grammar.Accept(id); err != nil {
				return err
			}
		}
		if end {
			return s.finish(st, "eos", emit, out.flush(decode.Flush()))
		}
		sampler.Accept(id)
		st.Tokens++
		text, stopped := out.add(decode.Add(id))
		if err := emit(id, text); err != nil {
			return err
		}
		if stopped {
			st.StopReason = "stop"
			return nil
		}
		if err := s.prefill(ctx, []int32{id}); err != nil {
			return err
		}
	}
}

// finish emits text that was held back. Its id is -1 because it belongs to tokens already emitted.
func (s *Session) finish(st *Stats, reason string, emit func(int32, string) error, rest string) error {
	st.StopReason = reason
	if rest == "" {
		return nil
	}
	return emit(-1, rest)
}

// shift forgets half of what comes after the first keep tokens, so that a text can go on for ever.
func (s *Session) shift(keep int) error {
	keep = min(max(keep, 1), len(s.tokens)-2) // the beginning token holds the attention of most models together
	drop := (len(s.tokens) - keep + 1) / 2
	if err := s.e.model.Shift(s.cache, keep, drop, len(s.tokens)); err != nil {
		return err
	}
	s.tokens = append(s.tokens[:keep], s.tokens[keep+drop:]...)
	return nil
}

// stopper holds back text that may be the beginning of a stop text.
type stopper struct {
	stops []string
	held  string
}

// add takes new text and returns what may be emitted, and whether a stop text was reached.
func (o *stopper) add(text string) (out string, stopped bool) {
	o.held += text
	first := -1
	for _, s := range o.stops {
		if i := strings.Index(o.held, s); s != "" && i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	if first >= 0 {
		out, o.held = o.held[:first], ""
		return out, true
	}
	keep := 0
	for _, s := range o.stops {
		for n := min(len(s)-1, len(o.held)); n > keep; n-- {
			if strings.HasSuffix(o.held, s[:n]) {
				keep = n
			}
		}
	}
	n := len(o.held) - keep
	for n > 0 && n < len(o.held) && !utf8.RuneStart(o.held[n]) {
		n-- // a stop text may begin inside a character only by its bytes
	}
	out, o.held = o.held[:n], o.held[n:]
	return out, false
}

// flush returns everything at the end.
func (o *stopper) flush(text string) string {
	out := o.held + text
	o.held = ""
	return out
}

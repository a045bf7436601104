package engine

import (
	"context"
	"errors"
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
	LogProbs  bool     // steps carry the log probability of their token
	TopProbs  int      // and those of the likeliest tokens, as many as this
}

// Grammar restricts what may be generated. It is for one generation.
type Grammar interface {
	sample.Filter
	// Accept moves on by a token that Allowed said may come.
	Accept(id int32) error
}

// Stats says what a generation did.
type Stats struct {
	PromptTokens int // computed
	Reused       int // tokens of the prompt the session still held
	Tokens       int // generated
	PromptTime   time.Duration
	Time         time.Duration // of generating, without the prompt
	StopReason   string        // one of StopEOS and the others
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
	return &Session{e: e, cache: e.NewCache()}, nil
}

// NewCache makes the cache of an empty sequence, in the precision of Options.Cache.
func (e *Engine) NewCache() *model.Cache { return e.model.NewCache(e.cache) }

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
	w, err := s.e.NewWriter(prompt, p)
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
	st.PromptTime = time.Since(begin)
	begin = time.Now()
	err = s.generate(ctx, w, &p, &st, emit)
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
		return ErrEmpty
	}
	if len(prompt) > s.e.model.Context {
		return fmt.Errorf("%w: %d tokens, want at most %d; a larger context (-c) may help", ErrContextFull, len(prompt), s.e.model.Context)
	}
	n := 0
	for n < len(s.tokens) && n < len(prompt) && s.tokens[n] == prompt[n] {
		n++
	}
	if n == len(prompt) && (n < len(s.tokens) || s.logits == nil) {
		n-- // the logits after the last token are needed
	}
	n = s.cache.Reusable(n)
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
func (s *Session) generate(ctx context.Context, w *Writer, p *Params, st *Stats, emit func(int32, string) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var step Step
		full := len(s.tokens) >= s.e.model.Context
		switch {
		case w.Finished():
			step = w.End(StopLength)
		case full && !p.Shift:
			step = w.End(StopContext)
		default:
			if full {
				if err := s.shift(p.Keep); err != nil {
					return err
				}
			}
			var err error
			if step, err = w.Next(s.logits); err != nil {
				return s.explain(err)
			}
		}
		st.Tokens, st.StopReason = w.Tokens(), step.Reason
		if step.ID >= 0 || step.Text != "" {
			if err := emit(step.ID, step.Text); err != nil {
				return err
			}
		}
		if step.ID < 0 || step.Reason == StopText {
			return nil
		}
		if err := s.prefill(ctx, []int32{step.ID}); err != nil || step.Reason != "" {
			return err
		}
	}
}

// explain adds which weight is to blame to the error of logits that are no numbers.
func (s *Session) explain(err error) error {
	if errors.Is(err, ErrNaN) {
		return fmt.Errorf("%s: %w", s.e.name, s.e.NoNumbers(len(s.tokens)))
	}
	return err
}

// shift makes room in a full context.
func (s *Session) shift(keep int) (err error) {
	s.tokens, err = s.e.Shift(s.cache, s.tokens, keep)
	return err
}

// Shift forgets half of what comes after the first keep tokens of a sequence, so that a text can go on for ever. It
// returns the tokens that are left; cache holds those of tokens.
func (e *Engine) Shift(cache *model.Cache, tokens []int32, keep int) ([]int32, error) {
	keep = min(max(keep, 1), len(tokens)-2) // the beginning token holds the attention of most models together
	drop := (len(tokens) - keep + 1) / 2
	if err := e.model.Shift(cache, keep, drop, len(tokens)); err != nil {
		return tokens, err
	}
	return append(tokens[:keep], tokens[keep+drop:]...), nil
}

// stopper holds back text that may be the beginning of a stop text.
type stopper struct {
	stops []string
	held  string
}

// add takes new text and returns what may be emitted, and the stop text that was reached.
func (o *stopper) add(text string) (out, stopped string) {
	o.held += text
	first := -1
	for _, s := range o.stops {
		if i := strings.Index(o.held, s); s != "" && i >= 0 && (first < 0 || i < first) {
			first, stopped = i, s
		}
	}
	if first >= 0 {
		out, o.held = o.held[:first], ""
		return out, stopped
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
	return out, ""
}

// flush returns everything at the end.
func (o *stopper) flush(text string) string {
	out := o.held + text
	o.held = ""
	return out
}

package serve

import (
	"context"
	"errors"
	"sync"

	"github.com/llamaboot/llamaboot/runtime/engine"
)

// runAll generates several answers side by side; emit, which may be nil, is called with the number of the turn, and from
// several goroutines. The first error ends all of them.
func (m *served) runAll(ctx context.Context, turns []*turn, emit func(i int, p part) error) ([]*message, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	answers := make([]*message, len(turns))
	var wg sync.WaitGroup
	for i, t := range turns {
		wg.Go(func() {
			var each func(part) error
			if emit != nil {
				each = func(p part) error { return emit(i, p) }
			}
			a, err := m.run(ctx, t, each)
			if err != nil {
				cancel(err)
			}
			answers[i] = a
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			return nil, cause
		}
		return nil, err
	}
	return answers, nil
}

// logProbList is the log probabilities of an answer.
type logProbList struct {
	Content []tokenProb `json:"content"`
	Refusal []tokenProb `json:"refusal"`
}

type tokenProb struct {
	ID      int32       `json:"id"`
	Token   string      `json:"token"`
	LogProb float32     `json:"logprob"`
	Bytes   []int       `json:"bytes"`
	Top     []tokenProb `json:"top_logprobs"`
}

func (m *served) logProbs(steps []engine.Step) *logProbList {
	l := &logProbList{Content: []tokenProb{}}
	for _, s := range steps {
		p := m.tokenProb(s.ID, s.LogProb)
		for _, t := range s.Top {
			p.Top = append(p.Top, m.tokenProb(t.ID, t.LogProb))
		}
		l.Content = append(l.Content, p)
	}
	return l
}

// tokenProb describes a token; its bytes may be part of a character.
func (m *served) tokenProb(id int32, p float32) tokenProb {
	piece := m.Engine.Tokenizer().Piece(id, true)
	t := tokenProb{ID: id, Token: piece, LogProb: max(p, leastLogProb), Bytes: []int{}, Top: []tokenProb{}}
	for i := range len(piece) {
		t.Bytes = append(t.Bytes, int(piece[i]))
	}
	return t
}

// leastLogProb stands for minus infinity, which JSON does not have.
const leastLogProb = -9999

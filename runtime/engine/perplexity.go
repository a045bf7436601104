package engine

import (
	"context"
	"fmt"
	"math"

	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/token"
)

// Perplexity is how well the model predicts a text.
type Perplexity struct {
	Tokens int     // predicted tokens
	NLL    float64 // mean of -log p(token) over them
	Err    float64 // standard error of NLL
}

// PPL is exp(NLL).
func (p Perplexity) PPL() float64 { return math.Exp(p.NLL) }

// Perplexity measures the model on ids in chunks of n tokens, as llama.cpp's perplexity tool does: each chunk is a
// sequence of its own beginning with the beginning token where the model wants one, and only its second half counts,
// so that every counted token has a history. A text of less than two chunks, which llama.cpp refuses, is one sequence
// of which every token but the first counts. progress, when not nil, is called after every chunk.
func (e *Engine) Perplexity(ctx context.Context, ids []int32, n int, progress func(done, chunks int, p Perplexity)) (Perplexity, error) {
	if n < 4 || n > e.model.Context {
		return Perplexity{}, fmt.Errorf("perplexity: chunks of %d tokens, want 4 to %d", n, e.model.Context)
	}
	chunks, first := len(ids)/n, n/2
	if chunks < 2 {
		chunks, first = 1, 0
		n = min(len(ids), e.model.Context)
	}
	if n < 2 {
		return Perplexity{}, fmt.Errorf("perplexity: the text has %d tokens, want at least 2", len(ids))
	}
	var count, sum, squares float64
	result := func() Perplexity {
		mean := sum / count
		return Perplexity{int(count), mean, math.Sqrt(max(0, squares/count-mean*mean) / max(1, count-1))}
	}
	for c := range chunks {
		chunk := append([]int32(nil), ids[c*n:(c+1)*n]...)
		if e.tok.AddBOS && e.tok.BOS != token.None && chunks > 1 {
			chunk[0] = e.tok.BOS
		}
		cache := e.NewCache()
		for from := 0; from < n; from += model.MaxBatch {
			if err := ctx.Err(); err != nil {
				return Perplexity{}, err
			}
			to := min(from+model.MaxBatch, n)
			batch := make([]model.Token, to-from)
			for i := range batch {
				pos := from + i
				batch[i] = model.Token{ID: chunk[pos], Pos: pos, Cache: cache, Logits: pos >= first && pos+1 < n}
			}
			logits, err := e.model.ForwardContext(ctx, nil, batch)
			if err != nil {
				return Perplexity{}, err
			}
			for i := range batch {
				if !batch[i].Logits {
					continue
				}
				x := negLogProb(logits[:e.model.Vocab], chunk[from+i+1])
				if math.IsNaN(x) {
					return Perplexity{}, e.NoNumbers(from + i + 1)
				}
				logits = logits[e.model.Vocab:]
				count, sum, squares = count+1, sum+x, squares+x*x
			}
		}
		if progress != nil {
			progress(c+1, chunks, result())
		}
	}
	return result(), nil
}

// negLogProb is -log softmax(logits)[id].
func negLogProb(logits []float32, id int32) float64 {
	top := logits[0]
	for _, l := range logits {
		top = max(top, l)
	}
	sum := 0.0
	for _, l := range logits {
		sum += math.Exp(float64(l - top))
	}
	return math.Log(sum) - float64(logits[id]-top)
}

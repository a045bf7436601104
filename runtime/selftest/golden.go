package selftest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/runtime/engine"
)

// GoldenContext is the context, in tokens, that Record needs at most.
const GoldenContext = 64

const (
	goldenPrompt = "Once upon a time"
	goldenTokens = 16
	// clearLead is by how much the likeliest token must lead, in logits, for the record to go on: a closer decision could
	// fall otherwise on the machine of the next one who builds the same file.
	clearLead = 1e-3
	// slack is how far a recorded token may fall behind the likeliest: levels round differently, but not by this much.
	slack = 0.05
)

// Record lets the model generate and returns what it said up to the first tie; IDs is empty when that is the first
// decision. Tokens that end a text are tokens like others.
func Record(ctx context.Context, e *engine.Engine) (format.Golden, error) {
	var ids []int32
	err := follow(ctx, e, goldenPrompt, goldenTokens, func(logits []float32) (int32, bool) {
		best, lead := likeliest(logits)
		if !(lead > clearLead) {
			return 0, false
		}
		ids = append(ids, best)
		return best, true
	})
	return format.Golden{Prompt: goldenPrompt, IDs: join(ids)}, err
}

// CheckGolden lets the model say the recorded tokens again: each must be the likeliest, or as good as that, after those
// before it. It returns how many that were.
func CheckGolden(ctx context.Context, e *engine.Engine, g *format.Golden) (tokens int, err error) {
	var want []int32
	for field := range strings.FieldsSeq(g.IDs) {
		id, err := strconv.ParseInt(field, 10, 32)
		if err != nil || id < 0 || int(id) >= e.Info().Vocab || len(want) == e.Info().Context {
			return 0, fmt.Errorf("the recorded tokens %.60q are no list of at most %d ids below %d", g.IDs, e.Info().Context, e.Info().Vocab)
		}
		want = append(want, int32(id))
	}
	var wrong error
	err = follow(ctx, e, g.Prompt, len(want), func(logits []float32) (int32, bool) {
		best, _ := likeliest(logits)
		id := want[tokens]
		// Written so that NaN fails.
		if !(logits[id] >= logits[best]-slack) {
			wrong = fmt.Errorf("%w: after %q and %d recorded tokens the model wants %d, recorded was %d (logits %v and %v)", ErrWrong, g.Prompt, tokens, best, id, logits[best], logits[id])
			return 0, false
		}
		tokens++
		return id, true
	})
	return tokens, errors.Join(wrong, err)
}

// follow gives choose the logits after prompt, then after each token it returns, n times or until it says stop.
func follow(ctx context.Context, e *engine.Engine, prompt string, n int, choose func(logits []float32) (id int32, more bool)) error {
	ids := e.TokenizePrompt(prompt)
	if len(ids) == 0 || len(ids) >= e.Info().Context {
		return fmt.Errorf("the prompt %.40q has %d tokens, the context %d", prompt, len(ids), e.Info().Context)
	}
	s, err := e.NewSession()
	if err != nil {
		return err
	}
	for range min(n, e.Info().Context-len(ids)) {
		logits, err := s.Logits(ctx, ids)
		if err != nil {
			return err
		}
		id, more := choose(logits)
		if !more {
			return nil
		}
		ids = append(ids, id)
	}
	return nil
}

// likeliest returns the index of the largest logit and its lead over the second.
func likeliest(logits []float32) (best int32, lead float32) {
	for i, v := range logits {
		if v > logits[best] {
			best = int32(i)
		}
	}
	lead = float32(math.Inf(1))
	for i, v := range logits {
		if int32(i) != best {
			lead = min(lead, logits[best]-v)
		}
	}
	return best, lead
}

func join(ids []int32) string {
	var b strings.Builder
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(int(id)))
	}
	return b.String()
}

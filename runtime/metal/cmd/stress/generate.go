package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"sync"

	"github.com/llamaboot/llamaboot/runtime/engine"
)

// modelFiles are a model and what it is known to say: the format of
// testdata/demo.golden.json.
type modelFiles struct{ gguf, golden []byte }

// goldenCase is a prompt with the likeliest next tokens, computed in exact arithmetic,
// and by how much each leads: where the lead is small, rounding may choose another.
type goldenCase struct {
	Prompt []int32   `json:"prompt_tokens"`
	Greedy []int32   `json:"greedy"`
	Lead   []float64 `json:"greedy_top2_gap"`
}

const clearLead = 0.05

// generator returns a job that lets the model complete known prompts.
func generator(files func() (modelFiles, error)) (func() error, error) {
	m, err := files()
	if err != nil {
		return nil, err
	}
	var golden struct {
		Cases []goldenCase `json:"cases"`
	}
	if err := json.Unmarshal(m.golden, &golden); err != nil {
		return nil, fmt.Errorf("golden tokens: %w", err)
	}
	if len(golden.Cases) == 0 {
		return nil, fmt.Errorf("golden tokens: no cases")
	}
	e, err := engine.Open("stress", m.gguf, engine.Options{})
	if err != nil {
		return nil, err
	}
	var one sync.Mutex // the engine's workers serve one session at a time
	return func() error {
		one.Lock()
		defer one.Unlock()
		return complete(e, golden.Cases[rand.Intn(len(golden.Cases))])
	}, nil
}

// complete generates until the first unclear token and compares.
func complete(e *engine.Engine, c goldenCase) error {
	want := c.Greedy
	for i, lead := range c.Lead {
		if lead < clearLead && i < len(want) {
			want = want[:i]
		}
	}
	s, err := e.NewSession()
	if err != nil {
		return err
	}
	n := 0
	_, err = s.Generate(context.Background(), c.Prompt, engine.Params{N: len(want), IgnoreEOS: true}, func(id int32, _ string) error {
		if id >= 0 && n < len(want) {
			if id != want[n] {
				return fmt.Errorf("token %d is %d, want %d", n, id, want[n])
			}
			n++
		}
		return nil
	})
	if err == nil && n != len(want) {
		err = fmt.Errorf("%d tokens, want %d", n, len(want))
	}
	return err
}

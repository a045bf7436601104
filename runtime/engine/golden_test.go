package engine

import (
	"context"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
)

// keyNoise is how far keys and values in float16 may move a logit.
const keyNoise = 0.05

// TestGolden generates from the prompts llama.cpp generated from, as the program does, with keys and values in float16:
// the same ids as for the exact weights as far as the runner-up is further away than rounding moves logits, and from
// trained models all of them and the text.
func TestGolden(t *testing.T) {
	for _, file := range golden.Models(t) {
		b, err := os.ReadFile(file.File)
		if err != nil {
			t.Fatal(err)
		}
		g := file.Exact(t)
		threads := []int{0}
		if file.Trained() {
			threads = []int{1, 2, 4}
		}
		for _, n := range threads {
			e, err := Open(file.File, b, Options{Threads: n})
			if err != nil {
				t.Fatal(err)
			}
			prompt := e.Tokenize(g.Prompt, true, true)
			if !slices.Equal(prompt, g.PromptTokens) {
				t.Errorf("%s: prompt tokens %v, want %v", file.Name, prompt, g.PromptTokens)
			}
			ids, text, st := run(t, session(t, e), prompt, Params{N: len(g.Greedy), IgnoreEOS: true})
			if st.StopReason != "length" || st.Tokens != len(g.Greedy) || st.PromptTokens != len(prompt) {
				t.Errorf("%s: %+v", file.Name, st)
			}
			if file.Trained() && (!slices.Equal(ids, g.Greedy) || text != g.Text) {
				t.Errorf("%s, %d threads:\n got %v %q\nwant %v %q", file.Name, n, ids, text, g.Greedy, g.Text)
			}
			for i := range ids {
				if ids[i] == g.Greedy[i] {
					continue
				}
				if g.Gap[i] > keyNoise {
					t.Errorf("%s: greedy id %d is %d, want %d, which leads by %g", file.Name, i, ids[i], g.Greedy[i], g.Gap[i])
				}
				break
			}
			if file.Trained() || file.Name == "demo" {
				p, err := e.Perplexity(context.Background(), g.PPLTokens, 512, nil)
				if err != nil || math.Abs(p.NLL-g.NLL) > 0.01 || p.Tokens != len(g.PPLTokens)-1 {
					t.Errorf("%s: %+v, %v; want a negative log likelihood of %g", file.Name, p, err, g.NLL)
				}
			}
			e.Close()
		}
	}
}

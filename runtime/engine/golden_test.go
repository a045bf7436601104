package engine

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const dataDir = "../../../shared/data"

// TestGolden generates from the prompts llama.cpp generated from and wants the same ids and text.
func TestGolden(t *testing.T) {
	files, _ := filepath.Glob(dataDir + "/models/stories260K-*.gguf")
	if len(files) == 0 {
		t.Skip("no ../shared/data/models beside the module; the tests with tiny models cover the same code")
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".gguf")
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		j, err := os.ReadFile(dataDir + "/golden/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var g struct {
			Prompt string
			Tokens []int32 `json:"prompt_tokens"`
			Greedy []int32
			Text   string  `json:"greedy_text"`
			PPL    []int32 `json:"ppl_tokens"`
			NLL    float64 `json:"nll_mean"`
		}
		if err := json.Unmarshal(j, &g); err != nil {
			t.Fatal(err)
		}
		for _, threads := range []int{1, 2, 4} {
			e, err := Open(file, b, Options{Threads: threads})
			if err != nil {
				t.Fatal(err)
			}
			prompt := e.Tokenize(g.Prompt, true, true)
			if !slices.Equal(prompt, g.Tokens) {
				t.Errorf("%s: prompt tokens %v, want %v", name, prompt, g.Tokens)
			}
			ids, text, st := run(t, session(t, e), prompt, Params{N: len(g.Greedy)})
			if !slices.Equal(ids, g.Greedy) || text != g.Text {
				t.Errorf("%s, %d threads:\n got %v %q\nwant %v %q", name, threads, ids, text, g.Greedy, g.Text)
			}
			if st.StopReason != "length" || st.Tokens != len(g.Greedy) || st.PromptTokens != len(prompt) {
				t.Errorf("%s: %+v", name, st)
			}
			if p, err := e.Perplexity(context.Background(), g.PPL, 512, nil); err != nil || math.Abs(p.NLL-g.NLL) > 0.01 || p.Tokens != len(g.PPL)-1 {
				t.Errorf("%s: %+v, %v; want a negative log likelihood of %g", name, p, err, g.NLL)
			}
			e.Close()
		}
	}
}

// TestGoldenGreedy generates from every model as the program does, with keys and values in float16, and wants
// llama.cpp's ids for the exact weights as far as the runner-up is further away than that rounding moves logits.
func TestGoldenGreedy(t *testing.T) {
	files, _ := filepath.Glob(dataDir + "/models/t-*.gguf")
	if len(files) == 0 {
		t.Skip("no ../shared/data/models beside the module; the tests with tiny models cover the same code")
	}
	const noise = 0.05
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".gguf")
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		j, err := os.ReadFile(dataDir + "/golden/" + name + ".deq.json")
		if err != nil {
			t.Fatal(err)
		}
		var g struct {
			Prompt string
			Tokens []int32 `json:"prompt_tokens"`
			Greedy []int32
			Gap    []float64 `json:"greedy_top2_gap"`
		}
		if err := json.Unmarshal(j, &g); err != nil {
			t.Fatal(err)
		}
		e, err := Open(file, b, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if prompt := e.Tokenize(g.Prompt, true, true); !slices.Equal(prompt, g.Tokens) {
			t.Errorf("%s: prompt tokens %v, want %v", name, prompt, g.Tokens)
		}
		ids, _, _ := run(t, session(t, e), g.Tokens, Params{N: len(g.Greedy), IgnoreEOS: true})
		for i := range ids {
			if ids[i] == g.Greedy[i] {
				continue
			}
			if g.Gap[i] > noise {
				t.Errorf("%s: greedy id %d is %d, want %d, which leads by %g", name, i, ids[i], g.Greedy[i], g.Gap[i])
			}
			break
		}
		e.Close()
	}
}

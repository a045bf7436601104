// Package demo has only tests: the demo model's tools are in Python, README.md tells about them.
package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/engine"
)

// noise is how far two of the best logits may move against each other: keys and values kept in float16 were seen to
// move them by 0.02 in this model.
const noise = 0.05

// eos is the demo model's end of text.
const eos = 2

// golden is testdata/demo.golden.json, made by golden.py.
type golden struct {
	Cases []struct {
		Chat   []string // the user's and the assistant's texts in turn, when Prompt is a chat
		Prompt string
		Ids    []int32   `json:"prompt_tokens"`
		Greedy []int32   // ends with eos when there are fewer than 32
		Gap    []float64 `json:"greedy_top2_gap"`
	}
}

// TestTools runs the Python tests.
func TestTools(t *testing.T) {
	// Debian's own Python has Debian's PyTorch; another one earlier in PATH has not.
	python := "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		if python, err = exec.LookPath("python3"); err != nil {
			t.Skip("python3 is not installed")
		}
	}
	out, err := exec.Command(python, "test_demo.py").CombinedOutput()
	if err != nil {
		t.Fatalf("test_demo.py: %v\n%s", err, out)
	}
	if bytes.Contains(out, []byte("skipping")) {
		t.Logf("%s", out)
	}
}

// TestEngineAgrees generates with the Go engine what exact arithmetic generates from the committed model.
func TestEngineAgrees(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "demo.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "demo.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want golden
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if len(want.Cases) < 10 {
		t.Fatalf("%d golden cases, want at least 10", len(want.Cases))
	}
	e, err := engine.Open("demo.gguf", data, engine.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, c := range want.Cases {
		if c.Chat != nil {
			var messages []chat.Message
			for i, text := range c.Chat {
				messages = append(messages, chat.Message{Role: []string{"user", "assistant"}[i%2], Content: text})
			}
			prompt, err := e.ChatPrompt(messages, true)
			if err != nil || prompt != c.Prompt {
				t.Errorf("chat %q: prompt %q, %v, want %q", c.Chat, prompt, err, c.Prompt)
			}
		}
		if ids := e.TokenizePrompt(c.Prompt); !slices.Equal(ids, c.Ids) {
			t.Errorf("%q: token ids %v, want %v", c.Prompt, ids, c.Ids)
		}
		greedy := generate(t, e, c.Ids, len(c.Greedy))
		for i, id := range c.Greedy {
			if i == len(greedy) && id == eos || i < len(greedy) && greedy[i] == id {
				continue
			}
			if c.Gap[i] > noise {
				t.Errorf("%q: greedy ids %v differ at %d from %v, where the two best logits are %g apart", c.Prompt, greedy, i, c.Greedy, c.Gap[i])
			}
			break // what follows another token is another text
		}
	}
}

// generate returns up to n greedy ids after prompt.
func generate(t *testing.T, e *engine.Engine, prompt []int32, n int) (ids []int32) {
	t.Helper()
	s, err := e.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Generate(context.Background(), prompt, engine.Params{N: n}, func(id int32, _ string) error {
		if id >= 0 {
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

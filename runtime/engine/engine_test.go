package engine

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
	"github.com/llamaboot/llamaboot/runtime/sample"
)

func tiny(t testing.TB, arch string, o Options) *Engine {
	t.Helper()
	b, err := modeltest.Build(arch)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open("tiny.gguf", b, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// run generates and returns ids and text.
func run(t testing.TB, s *Session, prompt []int32, p Params) (ids []int32, text string, st Stats) {
	t.Helper()
	var b strings.Builder
	st, err := s.Generate(context.Background(), prompt, p, func(id int32, piece string) error {
		if id >= 0 {
			ids = append(ids, id)
		}
		b.WriteString(piece)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids, b.String(), st
}

func session(t testing.TB, e *Engine) *Session {
	t.Helper()
	s, err := e.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestConcurrent runs several sessions at once and wants from each what it gives alone.
func TestConcurrent(t *testing.T) {
	e := tiny(t, "qwen3", Options{Threads: 2})
	prompts := []string{"the cat", "an on the", "dog in", "er"}
	want := make([][]int32, len(prompts))
	for i, p := range prompts {
		want[i], _, _ = run(t, session(t, e), e.Tokenize(p, true, false), Params{N: 20, IgnoreEOS: true})
	}
	var wg sync.WaitGroup
	for i, p := range prompts {
		s := session(t, e)
		wg.Go(func() {
			var got []int32
			_, err := s.Generate(context.Background(), e.Tokenize(p, true, false), Params{N: 20, IgnoreEOS: true}, func(id int32, _ string) error {
				got = append(got, id)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if len(got) > 0 && got[len(got)-1] < 0 {
				got = got[:len(got)-1] // held-back text
			}
			if !slices.Equal(got, want[i]) {
				t.Errorf("%q: got %v, alone %v", p, got, want[i])
			}
		})
	}
	wg.Wait()
}

// TestPerplexity compares chunks with logits computed token by token.
func TestPerplexity(t *testing.T) {
	e := tiny(t, "llama", Options{Cache: model.CacheF32})
	ids := e.Tokenize("the cat in the dog on an the in er the cat", true, false)
	const n = 8
	chunks := len(ids) / n
	if chunks < 2 {
		t.Fatalf("only %d tokens", len(ids))
	}
	sum, count := 0.0, 0
	for c := range chunks {
		chunk := append([]int32{1}, ids[c*n+1:(c+1)*n]...)
		for i := n/2 + 1; i < n-1; i++ {
			l, err := e.Logits(context.Background(), chunk[:i])
			if err != nil {
				t.Fatal(err)
			}
			sum += negLogProb(l, chunk[i])
			count++
		}
		l, err := e.Logits(context.Background(), chunk[:n-1])
		if err != nil {
			t.Fatal(err)
		}
		sum += negLogProb(l, chunk[n-1])
		count++
	}
	p, err := e.Perplexity(context.Background(), ids, n, nil)
	if err != nil || p.Tokens != count || math.Abs(p.NLL-sum/float64(count)) > 1e-5 {
		t.Errorf("%+v, %v; want %d tokens, %g", p, err, count, sum/float64(count))
	}
}

// TestThreads wants bit-identical logits whatever the number of threads and however the prompt is cut.
func TestThreads(t *testing.T) {
	for _, arch := range model.Architectures() {
		if strings.Contains(arch, "bert") {
			continue // makes no logits; TestEmbed covers it
		}
		var want []float32
		for _, threads := range []int{1, 2, 3, 4} {
			e := tiny(t, arch, Options{Threads: threads})
			ids := e.Tokenize("the cat in the an on the dog", true, false)
			got, err := e.Logits(context.Background(), ids)
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = slices.Clone(got)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d threads change the logits", arch, threads)
			}
			s := session(t, e)
			for i := range ids {
				if err := s.prefill(context.Background(), ids[i:i+1]); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(s.logits, want) {
				t.Errorf("%s: one token at a time changes the logits", arch)
			}
		}
	}
}

func TestPrefixReuse(t *testing.T) {
	e := tiny(t, "llama", Options{})
	s := session(t, e)
	p := Params{N: 8, IgnoreEOS: true}
	prompt := e.Tokenize("the cat", true, false)
	first, _, st := run(t, s, prompt, p)
	if st.Reused != 0 {
		t.Errorf("reused %d of nothing", st.Reused)
	}
	// The same prompt again: all but the last token is there.
	again, _, st := run(t, s, prompt, p)
	if !slices.Equal(first, again) || st.Reused != len(prompt)-1 {
		t.Errorf("again: %v after %v, reused %d of %d", again, first, st.Reused, len(prompt))
	}
	// Going on after what is held, and what a fresh session makes of the same.
	longer := slices.Concat(prompt, first, e.Tokenize("dog", false, false))
	a, _, st := run(t, s, longer, p)
	b, _, _ := run(t, session(t, e), longer, p)
	if !slices.Equal(a, b) {
		t.Errorf("reuse changes the text: %v, fresh %v", a, b)
	}
	if st.Reused < len(prompt)+len(first)-1 {
		t.Errorf("reused only %d", st.Reused)
	}
	s.Reset()
	if c, _, st := run(t, s, prompt, p); !slices.Equal(c, first) || st.Reused != 0 {
		t.Errorf("after Reset: %v, reused %d", c, st.Reused)
	}
}

func TestContext(t *testing.T) {
	e := tiny(t, "llama", Options{Context: 32})
	prompt := e.Tokenize("the cat in the dog", true, false)
	_, _, st := run(t, session(t, e), prompt, Params{N: -1, IgnoreEOS: true})
	if st.StopReason != "context" || st.Tokens != 32-len(prompt) && st.Tokens != 33-len(prompt) {
		t.Errorf("full context: %+v with %d prompt tokens", st, len(prompt))
	}
	// With shifting it goes on, and a second chat of the same gives the same.
	a, _, st := run(t, session(t, e), prompt, Params{N: 200, IgnoreEOS: true, Shift: true})
	if st.Tokens != 200 || st.StopReason != "length" {
		t.Errorf("shifting: %+v", st)
	}
	if b, _, _ := run(t, session(t, e), prompt, Params{N: 200, IgnoreEOS: true, Shift: true}); !slices.Equal(a, b) {
		t.Error("shifting is not deterministic")
	}
	_, err := session(t, e).Generate(context.Background(), make([]int32, 33), Params{}, nil)
	if !errors.Is(err, ErrContextFull) {
		t.Errorf("prompt too long: %v", err)
	}
	if _, err := session(t, e).Generate(context.Background(), nil, Params{}, nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("empty prompt: %v", err)
	}
	if _, err := session(t, e).Generate(context.Background(), []int32{99999}, Params{}, nil); !errors.Is(err, model.ErrToken) {
		t.Errorf("bad id: %v", err)
	}
}

func TestStopAndCancel(t *testing.T) {
	e := tiny(t, "llama", Options{})
	prompt := e.Tokenize("the", true, false)
	_, text, _ := run(t, session(t, e), prompt, Params{N: 40, IgnoreEOS: true})
	if len(text) < 12 {
		t.Fatalf("only %q generated", text)
	}
	runes := []rune(text)
	stop := string(runes[4:7])
	want := text[:strings.Index(text, stop)]
	_, got, st := run(t, session(t, e), prompt, Params{N: 40, IgnoreEOS: true, Stop: []string{"never so", stop}})
	if got != want || st.StopReason != "stop" {
		t.Errorf("stop at %q: got %q (%s), want %q", stop, got, st.StopReason, want)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	_, err := session(t, e).Generate(ctx, prompt, Params{N: 40, IgnoreEOS: true}, func(int32, string) error {
		if n++; n == 3 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 3 {
		t.Errorf("cancel: %v after %d", err, n)
	}
	full := errors.New("disk full")
	if _, err := session(t, e).Generate(context.Background(), prompt, Params{N: 4, IgnoreEOS: true}, func(int32, string) error { return full }); !errors.Is(err, full) {
		t.Errorf("emit's error is lost: %v", err)
	}
	if _, err := session(t, e).Generate(context.Background(), prompt, Params{Params: sample.Params{Mirostat: 9}}, nil); !errors.Is(err, sample.ErrParams) {
		t.Errorf("bad parameters: %v", err)
	}
}

// cancelledLater is a context that ends after it was asked a number of times.
type cancelledLater struct {
	context.Context
	asks int
}

func (c *cancelledLater) Err() error {
	if c.asks--; c.asks < 0 {
		return context.Canceled
	}
	return nil
}

// TestCancelledPrompt: of a prompt that was cut off between two batches the logits are not known; a prompt that is what
// was computed needs them.
func TestCancelledPrompt(t *testing.T) {
	e := tiny(t, "llama", Options{Context: 2 * model.MaxBatch})
	long := make([]int32, model.MaxBatch+10)
	for i := range long {
		long[i] = int32(3 + i%256)
	}
	s := session(t, e)
	if _, err := s.Logits(context.Background(), long[:1]); err != nil { // its logits are overwritten by what follows
		t.Fatal(err)
	}
	if _, err := s.Logits(&cancelledLater{context.Background(), 1}, long); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want Canceled", err)
	}
	if n := len(s.Tokens()); n != 1+model.MaxBatch {
		t.Fatalf("%d tokens computed, want one and a batch of %d", n, model.MaxBatch)
	}
	short := long[:1+model.MaxBatch]
	got, err := s.Logits(context.Background(), short)
	if err != nil {
		t.Fatal(err)
	}
	want, err := e.Logits(context.Background(), short)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%d logits, want the %d of a new session (%v)", len(got), len(want), err)
	}
}

// cutOff is a context that has ended but is not asked until a pass looks at it.
type cutOff struct {
	cancelledLater
	done chan struct{}
}

func (c *cutOff) Done() <-chan struct{} { return c.done }

// TestCutOffPrompt: a cancelled session does not wait for the end of a batch, and forgets what that had computed.
func TestCutOffPrompt(t *testing.T) {
	e := tiny(t, "llama", Options{})
	prompt := e.Tokenize("the cat and the dog", true, false)
	s := session(t, e)
	ctx := &cutOff{cancelledLater{context.Background(), 1}, make(chan struct{})}
	close(ctx.done)
	if _, err := s.Logits(ctx, prompt); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want Canceled", err)
	}
	if n := len(s.Tokens()); n != 0 {
		t.Errorf("%d tokens of a batch that was cut off", n)
	}
	got, err := s.Logits(context.Background(), prompt)
	if err != nil {
		t.Fatal(err)
	}
	want, err := e.Logits(context.Background(), prompt)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("other logits than those of a new session (%v)", err)
	}
}

func TestStopper(t *testing.T) {
	o := stopper{stops: []string{"END", "é!"}}
	var got strings.Builder
	for _, piece := range []string{"a", "E", "N", "b é", " é", "!x"} {
		text, stopped := o.add(piece)
		got.WriteString(text)
		if (stopped != "") != (piece == "!x") {
			t.Errorf("%q: stopped by %q", piece, stopped)
		}
	}
	if got.String() != "aENb é " {
		t.Errorf("got %q", got.String())
	}
}

func TestChatPrompt(t *testing.T) {
	e := tiny(t, "llama", Options{})
	got, err := e.ChatPrompt([]chat.Message{{Role: "user", Content: "hi"}}, true)
	if err != nil || got != "<s>user:hi\nassistant:" {
		t.Errorf("got %q, %v", got, err)
	}
	ids := e.TokenizePrompt(got)
	if ids[0] != 1 || ids[1] == 1 {
		t.Errorf("%v should begin with one <s>", ids)
	}
	m := &modeltest.Model{Arch: "llama", Drop: map[string]bool{"tokenizer.chat_template": true}}
	b, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	e, err = Open("bare.gguf", b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.ChatPrompt(nil, true); !errors.Is(err, ErrNoTemplate) || !strings.Contains(err.Error(), "bare.gguf") {
		t.Errorf("no template: %v", err)
	}
}

func TestInfo(t *testing.T) {
	i := tiny(t, "qwen3", Options{Threads: 2, Context: 20}).Info()
	if i.Name != "tiny qwen3" || i.Arch != "qwen3" || i.Type != "F32" || i.Context != 20 || i.Threads != 2 || i.Vocab != len(modeltest.Vocab) ||
		i.Params == 0 || i.Size != 4*i.Params || i.Level == "" {
		t.Errorf("%+v", i)
	}
}

// TestRefuses wants errors that name the file and what is wrong.
func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		m    modeltest.Model
		want string
	}{
		"architecture": {modeltest.Model{Arch: "mamba9"}, `"mamba9"; supported are bert cohere2`},
		"tokenizer":    {modeltest.Model{Arch: "llama", Keys: map[string]any{"tokenizer.ggml.model": "t6"}}, `"t6"; supported are`},
		"tensor":       {modeltest.Model{Arch: "llama", Drop: map[string]bool{"blk.1.attn_k.weight": true}}, `"blk.1.attn_k.weight"`},
		"some experts": {modeltest.Model{Arch: "llama", Keys: map[string]any{"llama.expert_count": 4, "llama.expert_used_count": 2},
			More: map[string][]int{"blk.1.ffn_gate_inp.weight": {modeltest.Embd, 4}, "blk.1.ffn_up_exps.weight": {modeltest.Embd, modeltest.FF, 4}}}, `"blk.1.ffn_gate_exps.weight"`},
		"key":    {modeltest.Model{Arch: "llama", Drop: map[string]bool{"llama.block_count": true}}, `"llama.block_count"`},
		"heads":  {modeltest.Model{Arch: "llama", Keys: map[string]any{"llama.attention.head_count_kv": 3}}, "divisor of the 4 heads"},
		"layers": {modeltest.Model{Arch: "llama", Keys: map[string]any{"llama.block_count": 1 << 30}}, "want 1 to"},
		"shape":  {modeltest.Model{Arch: "llama", Keys: map[string]any{"llama.feed_forward_length": 60}}, "want [embd,ff] = [32 60]"},
		"rope":   {modeltest.Model{Arch: "llama", Keys: map[string]any{"llama.rope.freq_base": float32(0)}}, "rope.freq_base"},
	} {
		b, err := c.m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		_, err = Open("x.gguf", b, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "x.gguf: ") {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
}

// TestGrammar wants valid JSON from a model that has no idea of it.
func TestGrammar(t *testing.T) {
	e := tiny(t, "qwen3", Options{Context: 512})
	schema := []byte(`{"type":"object","properties":{"name":{"type":"string","maxLength":5},"age":{"type":"integer","minimum":1,"maximum":99},
		"tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":2}},"required":["name","age","tags"]}`)
	for seed := range uint64(8) {
		g, err := e.JSONSchema(schema)
		if err != nil {
			t.Fatal(err)
		}
		_, text, st := run(t, session(t, e), e.Tokenize("the", true, false), Params{N: 300, Grammar: g, Params: sample.Params{Temp: float32(seed) / 2, Seed: seed}})
		var v struct {
			Name *string
			Age  int
			Tags []string
		}
		if err := json.Unmarshal([]byte(text), &v); err != nil || v.Name == nil || v.Age < 1 || v.Age > 99 || len(v.Tags) > 2 {
			t.Errorf("seed %d: %q (%s): %v", seed, text, st.StopReason, err)
		}
	}
	g, err := e.GBNF(`root ::= "yes" | "no"`)
	if err != nil {
		t.Fatal(err)
	}
	if _, text, st := run(t, session(t, e), []int32{1}, Params{N: 20, Grammar: g, IgnoreEOS: true}); text != "yes" && text != "no" || st.StopReason != "grammar" && st.StopReason != "eos" {
		t.Errorf("got %q (%s)", text, st.StopReason)
	}
	if _, err := e.GBNF("root ::= x"); err == nil {
		t.Error("a grammar with a missing rule is accepted")
	}
}

package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/engine/sched"
	"github.com/llamaboot/llamaboot/runtime/sample"
)

// demo opens the demo model of the repository.
func demo(t testing.TB, template string) *engine.Engine {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "demo.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open("demo.gguf", b, engine.Options{Template: template})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

var testDefaults = engine.Params{N: -1, Params: sample.Params{Temp: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05, RepeatPenalty: 1}}

// start serves the demo model.
func start(t testing.TB, c Config, o sched.Options) (*Server, *httptest.Server) {
	t.Helper()
	e := demo(t, "")
	g := sched.New(e, o)
	t.Cleanup(g.Close)
	return serveModel(t, c, Model{ID: "demo", Engine: e, Generate: g, Defaults: testDefaults})
}

func serveModel(t testing.TB, c Config, m Model) (*Server, *httptest.Server) {
	t.Helper()
	s := New(c)
	s.Ready(m)
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, h
}

// script is a Generator that writes a text, whatever it is asked.
type script struct {
	*sched.Scheduler
	text string
	asks []sched.Request
}

func (s *script) Generate(ctx context.Context, r sched.Request, emit func(sched.Event) error) (sched.Stats, error) {
	s.asks = append(s.asks, r)
	st := sched.Stats{Stats: engine.Stats{PromptTokens: len(r.Prompt), StopReason: engine.StopEOS}}
	for i, c := range strings.SplitAfter(s.text, " ") {
		st.Tokens++
		if err := emit(sched.Event{Step: engine.Step{ID: int32(i), Text: c}, Prompt: len(r.Prompt)}); err != nil {
			return st, err
		}
	}
	return st, emit(sched.Event{Step: engine.Step{ID: -1, Reason: engine.StopEOS}})
}

// scripted serves a model that answers text to everything.
func scripted(t testing.TB, template, text string) (*script, *httptest.Server) {
	t.Helper()
	e := demo(t, template)
	g := sched.New(e, sched.Options{})
	t.Cleanup(g.Close)
	s := &script{Scheduler: g, text: text}
	_, h := serveModel(t, Config{}, Model{ID: "demo", Engine: e, Generate: s, Defaults: testDefaults})
	return s, h
}

// call sends a body and decodes the answer.
func call(t testing.TB, h *httptest.Server, method, path, body string) (status int, answer map[string]any, header http.Header) {
	t.Helper()
	req, err := http.NewRequest(method, h.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &answer); err != nil && !bytes.HasPrefix(b, []byte("[")) {
		t.Fatalf("%s %s: answer %q: %v", method, path, b, err)
	}
	return resp.StatusCode, answer, resp.Header
}

// events reads a stream: the data of every event.
func events(t testing.TB, h *httptest.Server, path, body string) []string {
	t.Helper()
	resp, err := http.Post(h.URL+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if ct := resp.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/event-stream") {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: got content type %q: %s", path, ct, b)
	}
	var list []string
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			list = append(list, data)
		}
	}
	return list
}

// at follows keys and indexes into JSON.
func at(v any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

const story = `{"messages": [{"role": "user", "content": "Tell me a story"}], "temperature": 0, "max_tokens": 12`

func TestChat(t *testing.T) {
	_, h := start(t, Config{Version: "1"}, sched.Options{})
	status, a, header := call(t, h, "POST", "/v1/chat/completions", story+`, "n": 2, "logprobs": true, "top_logprobs": 3, "unknown": {"x": []}}`)
	if status != 200 || a["object"] != "chat.completion" || a["model"] != "demo" || header.Get("X-Request-Id") == "" {
		t.Fatalf("got %d %v", status, a)
	}
	text, _ := at(a, "choices", 0, "message", "content").(string)
	if text == "" || at(a, "choices", 1, "message", "content") != text || at(a, "choices", 0, "finish_reason") != "length" {
		t.Errorf("got %v", a)
	}
	if n := len(at(a, "choices", 0, "logprobs", "content").([]any)); n != 12 {
		t.Errorf("log probabilities of %d tokens, want 12", n)
	}
	if top := at(a, "choices", 0, "logprobs", "content", 0, "top_logprobs").([]any); len(top) != 3 || at(top, 0, "token") != at(a, "choices", 0, "logprobs", "content", 0, "token") {
		t.Errorf("top log probabilities %v, want 3 with the chosen token first", top)
	}
	if at(a, "usage", "completion_tokens") != 24.0 || at(a, "usage", "total_tokens").(float64) != at(a, "usage", "prompt_tokens").(float64)+24 {
		t.Errorf("usage %v", a["usage"])
	}

	list := events(t, h, "/v1/chat/completions", story+`, "stream": true, "stream_options": {"include_usage": true}}`)
	if list[len(list)-1] != "[DONE]" {
		t.Fatalf("the stream ends with %q", list[len(list)-1])
	}
	got, finish := "", ""
	for i, e := range list[:len(list)-1] {
		var c map[string]any
		if err := json.Unmarshal([]byte(e), &c); err != nil {
			t.Fatal(err)
		}
		if role := at(c, "choices", 0, "delta", "role"); (role == "assistant") != (i == 0) {
			t.Errorf("event %d has role %v", i, role)
		}
		if s, ok := at(c, "choices", 0, "delta", "content").(string); ok {
			got += s
		}
		if f, ok := at(c, "choices", 0, "finish_reason").(string); ok {
			finish = f
		}
		if last := i == len(list)-2; last != (at(c, "usage", "completion_tokens") == 12.0) {
			t.Errorf("event %d: usage %v", i, c["usage"])
		}
	}
	if got != text || finish != "length" {
		t.Errorf("streamed %q, %q; whole %q", got, finish, text)
	}
}

func TestCompletions(t *testing.T) {
	_, h := start(t, Config{}, sched.Options{})
	status, a, _ := call(t, h, "POST", "/v1/completions", `{"prompt": ["Once upon", "The"], "temperature": 0, "max_tokens": 4, "logprobs": 2, "echo": true}`)
	if status != 200 || at(a, "choices", 1, "index") != 1.0 || !strings.HasPrefix(at(a, "choices", 0, "text").(string), "Once upon a time") {
		t.Errorf("got %d %v", status, a)
	}
	_, ids, _ := call(t, h, "POST", "/tokenize", `{"content": "Once upon", "add_special": true}`)
	tokens, _ := json.Marshal(ids["tokens"])
	if _, b, _ := call(t, h, "POST", "/v1/completions", `{"prompt": `+string(tokens)+`, "temperature": 0, "max_tokens": 4}`); "Once upon"+at(b, "choices", 0, "text").(string) != at(a, "choices", 0, "text") {
		t.Errorf("from ids %v, from text %v", b, a)
	}
	if _, back, _ := call(t, h, "POST", "/detokenize", `{"tokens": `+string(tokens)+`}`); !strings.Contains(back["content"].(string), "Once upon") {
		t.Errorf("detokenized %v", back)
	}
	status, n, _ := call(t, h, "POST", "/completion", `{"prompt": "Once upon", "n_predict": 50, "temperature": 0, "stop": ["time"], "n_probs": 2}`)
	if status != 200 || n["content"] != " a " || n["stop_type"] != "word" || n["stopping_word"] != "time" {
		t.Errorf("got %d %v", status, n)
	}
	text := ""
	for _, e := range events(t, h, "/completion", `{"prompt": "Once upon", "n_predict": 50, "temperature": 0, "stop": ["time"], "stream": true}`) {
		var c map[string]any
		if err := json.Unmarshal([]byte(e), &c); err != nil {
			t.Fatal(err)
		}
		text += c["content"].(string)
	}
	if text != " a " {
		t.Errorf("streamed %q", text)
	}
	text = ""
	for _, e := range events(t, h, "/v1/completions", `{"prompt": "Once upon", "max_tokens": 2, "temperature": 0, "stream": true}`) {
		var c map[string]any
		if json.Unmarshal([]byte(e), &c) == nil {
			text += at(c, "choices", 0, "text").(string)
		}
	}
	if text != " a time" {
		t.Errorf("streamed %q", text)
	}
}

func TestState(t *testing.T) {
	s, h := start(t, Config{}, sched.Options{Slots: 3})
	if status, a, _ := call(t, h, "GET", "/v1/models", ""); status != 200 || at(a, "data", 0, "id") != "demo" {
		t.Errorf("got %d %v", status, a)
	}
	if status, a, _ := call(t, h, "GET", "/v1/models/demo", ""); status != 200 || a["object"] != "model" {
		t.Errorf("got %d %v", status, a)
	}
	if status, a, _ := call(t, h, "GET", "/v1/models/a/b", ""); status != 404 || at(a, "error", "code") != "model_not_found" {
		t.Errorf("got %d %v", status, a)
	}
	if status, a, _ := call(t, h, "GET", "/props", ""); status != 200 || a["total_slots"] != 3.0 {
		t.Errorf("got %d %v", status, a)
	}
	if status, a, _ := call(t, h, "POST", "/apply-template", `{"messages": [{"role": "user", "content": "x"}]}`); status != 200 || !strings.Contains(a["prompt"].(string), "x") {
		t.Errorf("got %d %v", status, a)
	}
	resp, err := http.Get(h.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); !bytes.Contains(b, []byte("\nllamacpp:requests_processing 0\n")) {
		t.Errorf("metrics: %s", b)
	}
	s.Drain()
	if status, a, _ := call(t, h, "GET", "/health", ""); status != 503 || a["status"] != "draining" {
		t.Errorf("got %d %v", status, a)
	}
	if status, a, header := call(t, h, "POST", "/v1/chat/completions", story+"}"); status != 503 || header.Get("Retry-After") == "" || at(a, "error", "type") != unavailable {
		t.Errorf("got %d %v", status, a)
	}
	loading := httptest.NewServer(New(Config{}))
	defer loading.Close()
	if status, a, _ := call(t, loading, "GET", "/health", ""); status != 503 || a["status"] != "loading" {
		t.Errorf("got %d %v", status, a)
	}
	if status, a, header := call(t, loading, "POST", "/v1/chat/completions", story+"}"); status != 503 || header.Get("Retry-After") != "1" {
		t.Errorf("got %d %v", status, a)
	}
}

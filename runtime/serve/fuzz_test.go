package serve

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/engine/sched"
)

// fuzzPaths are the endpoints that read a body.
var fuzzPaths = []string{"/v1/chat/completions", "/v1/completions", "/completion", "/v1/responses", "/v1/messages", "/v1/messages/count_tokens",
	"/tokenize", "/detokenize", "/apply-template", "/v1/rerank", "/infill", "/v1/chat/completions/input_tokens"}

// FuzzRequest sends any body to any endpoint of a server whose model answers text. The answer is never the server's
// fault, JSON is JSON, and a stream is what a strict parser of server-sent events takes.
func FuzzRequest(f *testing.F) {
	e := demo(f, "")
	g := sched.New(e, sched.Options{})
	f.Cleanup(g.Close)
	for i, body := range []string{
		story + `, "stream": true, "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}`,
		`{"prompt": ["a", [1, 2, "b"]], "stream": true, "logprobs": 1}`,
		`{"prompt": [1, "x"], "n_probs": 1, "logit_bias": [[1, false], ["a", 2.5]]}`,
		`{"input": [{"type": "reasoning", "summary": []}, {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"}], "stream": true}`,
		`{"max_tokens": 5, "stream": true, "system": [{"type": "text", "text": "x"}], "messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x", "content": "y"}]}]}`,
		`{"max_tokens": 5, "tool_choice": {"type": "any"}, "tools": [{"name": "f", "input_schema": {"type": "object"}}], "messages": [{"role": "user", "content": "x"}]}`,
		`{"content": "x", "with_pieces": true}`, `{"tokens": [1, 2.0]}`,
		`{"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}, {"role": "tool", "content": null}]}`,
		`{"query": "x", "documents": ["y"]}`, `{"input_prefix": "x"}`, `{"response_format": {"type": "json_object"}, "messages": [{"role": "developer", "content": []}]}`,
	} {
		f.Add(i, body, "<think>a\nb</think>\r\nc \u2028 <tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>")
	}
	f.Fuzz(func(t *testing.T, path int, body, text string) {
		s := New(Config{PingEvery: -1})
		s.Ready(Model{ID: "demo", Engine: e, Generate: &script{Scheduler: g, text: strings.ToValidUTF8(text, "?")}, Defaults: testDefaults})
		r := httptest.NewRequest("POST", fuzzPaths[uint(path)%uint(len(fuzzPaths))], strings.NewReader(body))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != 501 {
			t.Fatalf("%s %q: status %d: %s", r.URL, body, w.Code, w.Body)
		}
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
			if !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s %q: no JSON: %q", r.URL, body, w.Body)
			}
			return
		}
		checkStream(t, w.Body.Bytes())
	})
}

// checkStream reads a stream as strictly as can be: lines end with LF, every event is one line of data, perhaps with a
// name before it, and an empty line.
func checkStream(t *testing.T, b []byte) {
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, len(b)+1)
	data, ended := "", true
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "event: ") && ended:
			ended = false
		case strings.HasPrefix(line, "data: ") && data == "":
			data, ended = line[len("data: "):], false
		case line == "" && data != "":
			if data != "[DONE]" && !json.Valid([]byte(data)) {
				t.Fatalf("an event is no JSON: %q", data)
			}
			data, ended = "", true
		default:
			t.Fatalf("the line %q is not expected in %q", line, b)
		}
	}
	if !ended {
		t.Fatalf("the stream ends within an event: %q", b)
	}
}

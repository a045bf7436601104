package serve

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine/sched"
)

// TestRefuses sends what cannot be obeyed: each gets a status and an error object, and the server goes on.
func TestRefuses(t *testing.T) {
	_, h := start(t, Config{MaxBody: 1 << 20}, sched.Options{})
	chat := func(fields string) string { return `{"messages": [{"role": "user", "content": "x"}], ` + fields + `}` }
	for _, c := range []struct {
		path, body string
		status     int
		param      string
	}{
		{"/v1/chat/completions", "", 400, ""},
		{"/v1/chat/completions", "{", 400, ""},
		{"/v1/chat/completions", "[]", 400, ""},
		{"/v1/chat/completions", "null", 400, "messages"},
		{"/v1/chat/completions", "{} {}", 400, ""},
		{"/v1/chat/completions", `{"messages": []}`, 400, "messages"},
		{"/v1/chat/completions", `{"messages": [{"role": "user", "content": "` + "\xff" + `"}]}`, 400, ""},
		{"/v1/chat/completions", `{"messages": ` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`, 400, ""},
		{"/v1/chat/completions", chat(`"x": ` + strings.Repeat(`{"a":`, 100000) + "1" + strings.Repeat("}", 100000)), 400, ""},
		{"/v1/chat/completions", chat(`"x": "` + strings.Repeat("x", 2<<20) + `"`), 413, ""},
		{"/v1/chat/completions", `{"messages": [{"role": "user", "content": "` + strings.Repeat("word ", 100000) + `"}]}`, 400, "messages"},
		{"/v1/chat/completions", `{"messages": [{"role": "king", "content": "x"}]}`, 400, "messages[0].role"},
		{"/v1/chat/completions", `{"messages": [{"role": "user", "content": 5}]}`, 400, "messages"},
		{"/v1/chat/completions", `{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}`, 400, "messages"},
		{"/v1/chat/completions", chat(`"temperature": "hot"`), 400, "temperature"},
		{"/v1/chat/completions", chat(`"temperature": 1e300`), 400, "temperature"},
		{"/v1/chat/completions", chat(`"max_tokens": 1.5`), 400, "max_tokens"},
		{"/v1/chat/completions", chat(`"max_tokens": {}`), 400, "max_tokens"},
		{"/v1/chat/completions", chat(`"n": 1000`), 400, "n"},
		{"/v1/chat/completions", chat(`"stop": 5`), 400, "stop"},
		{"/v1/chat/completions", chat(`"stop": ["` + strings.Repeat("x", 5000) + `"]`), 400, "stop"},
		{"/v1/chat/completions", chat(`"logit_bias": {"a": {}}`), 400, "logit_bias"},
		{"/v1/chat/completions", chat(`"logit_bias": {"99999999": 1}`), 400, "logit_bias"},
		{"/v1/chat/completions", chat(`"samplers": ["magic"]`), 400, ""},
		{"/v1/chat/completions", chat(`"grammar": "root ::= ("`), 400, "grammar"},
		{"/v1/chat/completions", chat(`"grammar": "root ::= root"`), 400, "grammar"},
		{"/v1/chat/completions", chat(`"response_format": {"type": "json_schema"}`), 400, "response_format"},
		{"/v1/chat/completions", chat(`"response_format": {"type": "xml"}`), 400, "response_format"},
		{"/v1/chat/completions", chat(`"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "nothing"}}}`), 400, "json_schema"},
		{"/v1/chat/completions", chat(`"tools": [{"type": "function"}]`), 400, "tools"},
		{"/v1/chat/completions", chat(`"tools": [{"type": "web_search"}]`), 400, "tools"},
		{"/v1/chat/completions", chat(`"tool_choice": "required"`), 400, "tool_choice"},
		{"/v1/chat/completions", chat(`"tool_choice": "sometimes"`), 400, "tool_choice"},
		{"/v1/completions", `{}`, 400, "prompt"},
		{"/v1/completions", `{"prompt": [1, "a", [2]]}`, 400, "prompt"},
		{"/v1/completions", `{"prompt": [99999999]}`, 400, "prompt"},
		{"/v1/completions", `{"prompt": {"a": 1}}`, 400, "prompt"},
		{"/completion", `{"prompt": ["a", "b"]}`, 400, "prompt"},
		{"/v1/embeddings", `{}`, 400, "input"},
		{"/v1/embeddings", `{"input": ""}`, 400, "input"},
		{"/v1/embeddings", `{"input": "x", "encoding_format": "hex"}`, 400, "encoding_format"},
		{"/v1/embeddings", `{"input": "x", "dimensions": 0}`, 400, "dimensions"},
		{"/v1/rerank", `{"query": "x"}`, 400, "documents"},
		{"/v1/messages", `{"messages": [{"role": "user", "content": "x"}]}`, 400, "max_tokens"},
		{"/v1/messages", `{"max_tokens": 1, "messages": [{"role": "system", "content": "x"}]}`, 400, "messages"},
		{"/v1/responses", `{"input": 5}`, 400, "input"},
		{"/v1/responses", `{"input": [{"type": "magic"}]}`, 400, "input"},
		{"/tokenize", `{"content": []}`, 400, "content"},
		{"/tokenize", `{}`, 400, "content"},
		{"/detokenize", `{"tokens": [-1]}`, 400, "tokens"},
		{"/infill", `{"input_prefix": "x"}`, 501, ""},
		{"/nothing", `{}`, 404, ""},
		{"/health", `{}`, 405, ""},
	} {
		status, a, _ := call(t, h, "POST", c.path, c.body)
		param, _ := at(a, "error", "param").(string)
		message, _ := at(a, "error", "message").(string)
		if status != c.status || param != c.param || message == "" || at(a, "error", "type") == "" {
			t.Errorf("%s %.100s: got %d, %v; want %d about %q", c.path, c.body, status, a, c.status, c.param)
		}
		if len(message) > 400 {
			t.Errorf("%s %.100s: a message of %d bytes", c.path, c.body, len(message))
		}
	}
	if status, a, _ := call(t, h, "POST", "/v1/chat/completions", story+"}"); status != 200 {
		t.Errorf("afterwards: %d %v", status, a)
	}
}

func TestKeys(t *testing.T) {
	_, h := start(t, Config{Keys: []string{"one", "two"}, Prefix: "/llm"}, sched.Options{})
	get := func(path string, header ...string) int {
		req, err := http.NewRequest("GET", h.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for _, c := range []struct {
		want   int
		path   string
		header []string
	}{
		{200, "/llm/health", nil},
		{401, "/llm/v1/models", nil},
		{401, "/llm/v1/models", []string{"Authorization", "Bearer three"}},
		{401, "/llm/v1/models", []string{"Authorization", "Bearer"}},
		{401, "/llm/metrics", nil},
		{200, "/llm/v1/models", []string{"Authorization", "Bearer two"}},
		{200, "/llm/v1/models", []string{"authorization", "bearer one"}},
		{200, "/llm/v1/models", []string{"X-Api-Key", "one"}},
		{401, "/v1/models", nil},
		{404, "/v1/models", []string{"X-Api-Key", "one"}},
	} {
		if got := get(c.path, c.header...); got != c.want {
			t.Errorf("%s %v: got %d, want %d", c.path, c.header, got, c.want)
		}
	}
}

func TestCORS(t *testing.T) {
	_, local := start(t, Config{}, sched.Options{})
	_, named := start(t, Config{Origins: []string{"https://a.example"}}, sched.Options{})
	_, all := start(t, Config{Origins: []string{"*"}, Keys: []string{"k"}}, sched.Options{})
	for _, c := range []struct {
		url, origin string
		allowed     bool
	}{
		{local.URL, "http://localhost:3000", true}, {local.URL, "http://127.0.0.1", true}, {local.URL, "http://[::1]:80", true},
		{local.URL, "https://a.example", false}, {local.URL, "http://localhost.evil.example", false}, {local.URL, "null", false},
		{named.URL, "https://a.example", true}, {named.URL, "http://localhost", false}, {all.URL, "https://b.example", true},
	} {
		req, _ := http.NewRequest("OPTIONS", c.url+"/v1/chat/completions", nil)
		req.Header.Set("Origin", c.origin)
		req.Header.Set("Access-Control-Request-Method", "POST")
		req.Header.Set("Access-Control-Request-Headers", "authorization,x-stainless-os")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		got := resp.Header.Get("Access-Control-Allow-Origin")
		if (got == c.origin) != c.allowed || resp.StatusCode != 204 || c.allowed && !strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "x-stainless-os") {
			t.Errorf("%s: got %d, %v", c.origin, resp.StatusCode, resp.Header)
		}
	}
}

// run serves on a real listener with the limits of Run.
func run(t *testing.T, c Config, o sched.Options) (s *Server, address string) {
	t.Helper()
	s, _ = start(t, c, o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan struct{}, 1), make(chan error, 1)
	go func() { done <- s.Run([]net.Listener{l}, nil, stop, time.Second) }()
	t.Cleanup(func() {
		stop <- struct{}{}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, l.Addr().String()
}

// TestSlowClients: clients that send slowly, send half or take nothing are given up, and others are served meanwhile.
func TestSlowClients(t *testing.T) {
	s, address := run(t, Config{Timeout: 300 * time.Millisecond, PingEvery: 20 * time.Millisecond}, sched.Options{Slots: 2})
	dial := func(text string) net.Conn {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		return c
	}
	head := "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
	for range 100 {
		dial("POST /v1/chat/comp") // half a head
		dial("")                   // nothing
	}
	half := dial(head + `{"messages": [`)
	// An answer without end that nobody reads: the buffers of the connection fill up.
	endless := strings.Replace(story, "12", "-1", 1) + `, "stream": true, "ignore_eos": true, "logprobs": true, "top_logprobs": 20}`
	deaf := dial(fmt.Sprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(endless), endless))
	if c, ok := deaf.(*net.TCPConn); ok {
		c.SetReadBuffer(4096)
	}
	begin := time.Now()
	resp, err := http.Post("http://"+address+"/v1/chat/completions", "application/json", strings.NewReader(story+"}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || time.Since(begin) > 5*time.Second {
		t.Errorf("beside slow clients: status %d after %v", resp.StatusCode, time.Since(begin))
	}
	answer, err := http.ReadResponse(bufio.NewReader(half), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); answer.StatusCode != http.StatusRequestTimeout {
		t.Errorf("half a request: got %d, want %d", answer.StatusCode, http.StatusRequestTimeout)
	}
	for begin := time.Now(); s.model.Load().Generate.Counters().Running > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("a client that reads nothing keeps its slot")
		}
	}
}

// TestGone: the slot of a client that goes away is free at once, in a stream and without one.
func TestGone(t *testing.T) {
	s, h := start(t, Config{}, sched.Options{Slots: 1})
	for _, stream := range []string{"true", "false"} {
		ctx, cancel := context.WithCancel(t.Context())
		body := strings.Replace(story, "12", "-1", 1) + `, "ignore_eos": true, "stream": ` + stream + `}`
		req, err := http.NewRequestWithContext(ctx, "POST", h.URL+"/v1/chat/completions", strings.NewReader(strings.Replace(body, `"temperature": 0`, `"temperature": 0, "t_max_predict_ms": 60000`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if resp, err := http.DefaultClient.Do(req); err == nil {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
		g := s.model.Load().Generate
		for begin := time.Now(); g.Counters().Running == 0 && g.Counters().Finished == 0 && time.Since(begin) < 5*time.Second; {
			time.Sleep(time.Millisecond)
		}
		cancel()
		wg.Wait()
		for begin := time.Now(); g.Counters().Running > 0; time.Sleep(time.Millisecond) {
			if time.Since(begin) > 5*time.Second {
				t.Fatalf("stream %s: the slot is still busy", stream)
			}
		}
	}
}

// TestOverload: requests beyond the queue are told to come back.
func TestOverload(t *testing.T) {
	_, h := start(t, Config{}, sched.Options{Slots: 1, Queue: 1})
	body := strings.Replace(story, "12", "400", 1) + `, "ignore_eos": true}`
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[int]int{}
	for range 20 {
		wg.Go(func() {
			resp, err := http.Post(h.URL+"/v1/chat/completions", "application/json", strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if resp.StatusCode == 503 && resp.Header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
			mu.Lock()
			got[resp.StatusCode]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if got[200] < 2 || got[503] == 0 || got[200]+got[503] != 20 {
		t.Errorf("statuses %v, want some 200 and the others 503", got)
	}
}

// TestDrain: a server that is stopped finishes what runs and takes nothing new.
func TestDrain(t *testing.T) {
	s, _ := start(t, Config{}, sched.Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	stop, done := make(chan struct{}, 1), make(chan error, 1)
	go func() { done <- s.Run([]net.Listener{l}, nil, stop, 30*time.Second) }()
	resp, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(strings.Replace(story, "12", "450", 1)+`, "stream": true, "ignore_eos": true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 10)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	stop <- struct{}{}
	for begin := time.Now(); !s.draining.Load() && time.Since(begin) < 5*time.Second; {
		time.Sleep(time.Millisecond)
	}
	if late, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(story+"}")); err == nil {
		late.Body.Close()
		if late.StatusCode != 503 {
			t.Errorf("a request while draining: got %d, want 503", late.StatusCode)
		}
	}
	rest, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.HasSuffix(bytes.TrimSpace(rest), []byte("[DONE]")) {
		t.Errorf("the running answer was cut off: %v, %q", err, rest[max(0, len(rest)-100):])
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(url + "/health"); err == nil {
		t.Error("it still answers")
	}
}

package serve

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/reply"
)

// chatRequest is the body of /v1/chat/completions.
type chatRequest struct {
	sampling
	conversation
	Stream        bool `json:"stream"`
	StreamOptions struct {
		Usage bool `json:"include_usage"`
	} `json:"stream_options"`
	MaxTokens           *integer `json:"max_tokens"`
	MaxCompletionTokens *integer `json:"max_completion_tokens"`
	NPredict            *integer `json:"n_predict"`
	N                   *integer `json:"n"`
	LogProbs            bool     `json:"logprobs"`
	TopLogProbs         *integer `json:"top_logprobs"`
	TimingsPerToken     bool     `json:"timings_per_token"`
	Progress            bool     `json:"return_progress"`
	Control             bool     `json:"reasoning_control"`
}

// limits of a chat request.
const (
	maxAnswers  = 16
	maxTopProbs = 20
)

// chatMessage is a message of an answer.
type chatMessage struct {
	Role      string     `json:"role"`
	Content   *string    `json:"content"`
	Refusal   *string    `json:"refusal"`
	Reasoning string     `json:"reasoning_content,omitempty"`
	ToolCalls []toolCall `json:"tool_calls,omitempty"`
}

type chatChoice struct {
	Index    int          `json:"index"`
	Message  chatMessage  `json:"message"`
	LogProbs *logProbList `json:"logprobs"`
	Finish   string       `json:"finish_reason"`
}

// chatObject is the head of answers and of chunks of streams.
type chatObject struct {
	ID          string `json:"id"`
	Object      string `json:"object"`
	Created     int64  `json:"created"`
	Model       string `json:"model"`
	Fingerprint string `json:"system_fingerprint"`
}

type chatAnswer struct {
	chatObject
	Choices []chatChoice `json:"choices"`
	Usage   usage        `json:"usage"`
	Timings timings      `json:"timings"`
}

// chunk is one event of a stream.
type chunk struct {
	chatObject
	Choices  []chunkChoice `json:"choices"`
	Usage    *usage        `json:"usage,omitempty"`
	Timings  *timings      `json:"timings,omitempty"`
	Progress *progress     `json:"prompt_progress,omitempty"`
}

type chunkChoice struct {
	Index    int          `json:"index"`
	Delta    chunkDelta   `json:"delta"`
	LogProbs *logProbList `json:"logprobs"`
	Finish   *string      `json:"finish_reason"`
}

type chunkDelta struct {
	Role      string      `json:"role,omitempty"`
	Content   *string     `json:"content,omitempty"`
	Reasoning string      `json:"reasoning_content,omitempty"`
	ToolCalls []callDelta `json:"tool_calls,omitempty"`
}

type callDelta struct {
	Index    int           `json:"index"`
	ID       string        `json:"id,omitempty"`
	Type     string        `json:"type"`
	Function functionDelta `json:"function"`
}

type functionDelta struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

// progress is llama.cpp's report on a prompt.
type progress struct {
	Total     int   `json:"total"`
	Cache     int   `json:"cache"`
	Processed int   `json:"processed"`
	MS        int64 `json:"time_ms"`
}

func (s *Server) newChatObject(m *served, object string) chatObject {
	return chatObject{ID: newID("chatcmpl"), Object: object, Created: time.Now().Unix(), Model: m.ID, Fingerprint: s.fingerprint()}
}

// fingerprint names the program whose answers these are.
func (s *Server) fingerprint() string { return "llamaboot-" + s.Version }

// turns makes the generations a request asks for: one for each choice, which differ in their seeds.
func (q *chatRequest) turns(m *served, client string) ([]*turn, error) {
	n := 1
	if q.N != nil {
		if *q.N < 1 || *q.N > maxAnswers {
			return nil, badRequest("n", "n: got %d, want 1 to %d", *q.N, maxAnswers)
		}
		n = int(*q.N)
	}
	limit := q.MaxCompletionTokens
	for _, other := range []*integer{q.MaxTokens, q.NPredict} {
		if limit == nil {
			limit = other
		}
	}
	var list []*turn
	for i := range n {
		t, err := q.conversation.turn(m, &q.sampling, limit)
		if err != nil {
			return nil, err
		}
		t.request.Client = client
		t.request.Seed += uint64(i)
		if q.LogProbs {
			t.request.LogProbs = true
			if q.TopLogProbs != nil {
				if *q.TopLogProbs < 0 || *q.TopLogProbs > maxTopProbs {
					return nil, badRequest("top_logprobs", "top_logprobs: got %d, want 0 to %d", *q.TopLogProbs, maxTopProbs)
				}
				t.request.TopProbs = int(*q.TopLogProbs)
			}
		}
		list = append(list, t)
	}
	return list, nil
}

func (s *Server) chatCompletions(m *served, w http.ResponseWriter, r *http.Request) error {
	var q chatRequest
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	turns, err := q.turns(m, client(r))
	if err != nil {
		return err
	}
	if q.Stream {
		return s.streamChat(m, w, r, &q, turns)
	}
	out := chatAnswer{chatObject: s.newChatObject(m, "chat.completion")}
	answers, err := m.runAll(r.Context(), turns, nil)
	if err != nil {
		return err
	}
	for i, a := range answers {
		msg := chatMessage{Role: "assistant", Reasoning: a.reasoning, ToolCalls: a.calls}
		if a.content != "" || len(a.calls) == 0 {
			msg.Content = &a.content
		}
		c := chatChoice{Index: i, Message: msg, Finish: a.finish}
		if q.LogProbs {
			c.LogProbs = m.logProbs(a.steps)
		}
		out.Choices = append(out.Choices, c)
		out.Usage.add(a.stats, i == 0)
	}
	out.Timings = timingsOf(answers[0].stats)
	return sendJSON(w, http.StatusOK, out)
}

// streamChat sends the answers as chunks. Before the first one is known to work no event is sent, so that an error still
// has its status.
func (s *Server) streamChat(m *served, w http.ResponseWriter, r *http.Request, q *chatRequest, turns []*turn) error {
	head := s.newChatObject(m, "chat.completion.chunk")
	if q.Control {
		defer s.controlled(head.ID, turns)()
	}
	var mu sync.Mutex // turns run side by side
	var events *stream
	begin := time.Now()
	send := func(c chunk) error {
		mu.Lock()
		defer mu.Unlock()
		if events == nil {
			events = s.newStream(w)
		}
		c.chatObject = head
		return events.send("", c)
	}
	defer func() {
		if events != nil {
			events.close()
		}
	}()
	started := make([]bool, len(turns))
	choice := func(i int, d chunkDelta) chunk { return chunk{Choices: []chunkChoice{{Index: i, Delta: d}}} }
	start := func(i int) error {
		if started[i] {
			return nil
		}
		started[i] = true
		return send(choice(i, chunkDelta{Role: "assistant", Content: new(string)}))
	}
	answers, err := m.runAll(r.Context(), turns, func(i int, p part) error {
		if err := start(i); err != nil {
			return err
		}
		if p.event.ID < 0 && p.event.Reason == "" {
			if !q.Progress {
				return nil
			}
			c := choice(i, chunkDelta{})
			c.Progress = &progress{Total: len(turns[i].request.Prompt), Processed: p.event.Prompt, MS: time.Since(begin).Milliseconds()}
			return send(c)
		}
		var probs *logProbList
		if q.LogProbs && p.event.ID >= 0 {
			probs = m.logProbs([]engine.Step{p.event.Step})
		}
		for k, d := range p.deltas {
			c := choice(i, deltaOf(d))
			if k == 0 {
				c.Choices[0].LogProbs, probs = probs, nil
			}
			if err := send(c); err != nil {
				return err
			}
		}
		if probs != nil {
			c := choice(i, chunkDelta{})
			c.Choices[0].LogProbs = probs
			return send(c)
		}
		return nil
	})
	if err != nil {
		if events == nil {
			return err
		}
		events.fail(err)
		return nil
	}
	var total usage
	for i, a := range answers {
		if err := start(i); err != nil {
			return err
		}
		c := choice(i, chunkDelta{})
		c.Choices[0].Finish = &a.finish
		if i == len(answers)-1 {
			t := timingsOf(answers[0].stats)
			c.Timings = &t
		}
		if err := send(c); err != nil {
			return err
		}
		total.add(a.stats, i == 0)
	}
	if q.StreamOptions.Usage {
		if err := send(chunk{Choices: []chunkChoice{}, Usage: &total}); err != nil {
			return err
		}
	}
	return events.raw("", []byte("[DONE]"))
}

// deltaOf is a piece of an answer as chunks have it.
func deltaOf(d reply.Delta) chunkDelta {
	switch d.Kind {
	case reply.Reasoning:
		return chunkDelta{Reasoning: d.Text}
	case reply.Call:
		return chunkDelta{ToolCalls: []callDelta{{Index: d.Index, ID: d.ID, Type: "function", Function: functionDelta{Name: d.Name}}}}
	case reply.Arguments:
		return chunkDelta{ToolCalls: []callDelta{{Index: d.Index, Type: "function", Function: functionDelta{Arguments: d.Text}}}}
	}
	return chunkDelta{Content: &d.Text}
}

// applyTemplate renders a conversation without answering it.
func (s *Server) applyTemplate(m *served, w http.ResponseWriter, r *http.Request) error {
	var q struct{ conversation }
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	tools, err := q.tools()
	if err != nil {
		return err
	}
	text, err := q.prompt(m, tools)
	if err != nil {
		return err
	}
	return sendJSON(w, http.StatusOK, map[string]json.RawMessage{"prompt": mustJSON(text)})
}

package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/reply"
)

// Anthropic's messages API, version 2023-06-01.

// messagesRequest is the body of /v1/messages.
type messagesRequest struct {
	sampling
	Messages []struct {
		Role    string `json:"role"`
		Content blocks `json:"content"`
	} `json:"messages"`
	System        blocks   `json:"system"`
	MaxTokens     *integer `json:"max_tokens"`
	StopSequences []string `json:"stop_sequences"`
	Stream        bool     `json:"stream"`
	Tools         []struct {
		Type        string          `json:"type"`
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Schema      json.RawMessage `json:"input_schema"`
	} `json:"tools"`
	ToolChoice *struct {
		Type string `json:"type"`
		Name string `json:"name"`
		One  bool   `json:"disable_parallel_tool_use"`
	} `json:"tool_choice"`
	Thinking *struct {
		Type   string   `json:"type"`
		Budget *integer `json:"budget_tokens"`
	} `json:"thinking"`
}

// block is a part of a message.
type block struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Thinking  string          `json:"thinking"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
	ToolUseID string          `json:"tool_use_id"`
	Content   blocks          `json:"content"` // of a tool's result
	IsError   bool            `json:"is_error"`
}

// blocks is a text, or parts.
type blocks []block

func (l *blocks) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		if !bytes.Equal(b, []byte("null")) {
			*l = blocks{{Type: "text", Text: text}}
		}
		return nil
	}
	var list []block
	if err := json.Unmarshal(b, &list); err != nil {
		return badRequest("content", "content: got %s, want a string or an array of blocks", clip(b))
	}
	*l = list
	return nil
}

// text joins the blocks that are texts.
func (l blocks) text() (string, error) {
	var list []string
	for _, b := range l {
		switch b.Type {
		case "text":
			list = append(list, b.Text)
		case "image", "document":
			return "", notSupported("messages", "content: this model reads no images and documents, only text")
		}
	}
	return strings.Join(list, "\n"), nil
}

// conversation is the request as the chat API has it.
func (q *messagesRequest) conversation() (*conversation, error) {
	c := &conversation{}
	system, err := q.System.text()
	if err != nil {
		return nil, err
	}
	if system != "" {
		c.Messages = append(c.Messages, inMessage{Role: "system", Content: content{system}})
	}
	for i, m := range q.Messages {
		if m.Role != "user" && m.Role != "assistant" {
			return nil, badRequest("messages", "messages[%d].role: got %q, want user or assistant", i, m.Role)
		}
		list, err := m.Content.messages(m.Role)
		if err != nil {
			return nil, err
		}
		c.Messages = append(c.Messages, list...)
	}
	for i, t := range q.Tools {
		if t.Type != "" && t.Type != "custom" {
			return nil, notSupported("tools", "tools[%d]: type %q is not known here, only tools with an input_schema", i, t.Type)
		}
		c.Tools = append(c.Tools, tool{Type: "function", Function: function{Name: t.Name, Description: t.Description, Parameters: t.Schema}})
	}
	if t := q.ToolChoice; t != nil {
		switch t.Type {
		case "auto", "none":
			c.ToolChoice.mode = t.Type
		case "any":
			c.ToolChoice.mode = "required"
		case "tool":
			c.ToolChoice = toolChoice{"required", []string{t.Name}}
		default:
			return nil, badRequest("tool_choice", "tool_choice: got type %q, want auto, any, tool or none", t.Type)
		}
		parallel := !t.One
		c.Parallel = &parallel
	}
	if q.Thinking != nil {
		on := q.Thinking.Type != "disabled"
		c.Thinking, c.Budget = &on, q.Thinking.Budget
	}
	return c, nil
}

// messages splits the blocks of one message: results of tools are messages of their own.
func (l blocks) messages(role string) (list []inMessage, err error) {
	text, err := l.text()
	if err != nil {
		return nil, err
	}
	own := inMessage{Role: role, Content: content{text}}
	for _, b := range l {
		switch b.Type {
		case "thinking":
			own.Reasoning += b.Thinking
		case "tool_use":
			var call inToolCall
			call.ID, call.Function.Name, call.Function.Arguments = b.ID, b.Name, b.Input
			own.ToolCalls = append(own.ToolCalls, call)
		case "tool_result":
			result, err := b.Content.text()
			if err != nil {
				return nil, err
			}
			if b.IsError {
				result = "error: " + result
			}
			list = append(list, inMessage{Role: "tool", ToolCallID: b.ToolUseID, Content: content{result}})
		}
	}
	if text != "" || len(own.ToolCalls) > 0 || len(list) == 0 {
		list = append(list, own)
	}
	return list, nil
}

// turn makes the generation that answers the request.
func (q *messagesRequest) turn(m *served) (*turn, error) {
	c, err := q.conversation()
	if err != nil {
		return nil, err
	}
	q.Stop = append(q.Stop, q.StopSequences...)
	return c.turn(m, &q.sampling, q.MaxTokens)
}

// outBlock is a block of an answer.
type outBlock map[string]any

func textBlock(text string) outBlock { return outBlock{"type": "text", "text": text} }
func thinkingBlock(text string) outBlock {
	return outBlock{"type": "thinking", "thinking": text, "signature": ""}
}
func toolBlock(id, name string, input json.RawMessage) outBlock {
	return outBlock{"type": "tool_use", "id": "toolu_" + id, "name": name, "input": input}
}

// messagesUsage counts tokens as Anthropic's API does: those that were cached apart.
type messagesUsage struct {
	Input    int `json:"input_tokens"`
	Output   int `json:"output_tokens"`
	Cached   int `json:"cache_read_input_tokens"`
	Creation int `json:"cache_creation_input_tokens"`
}

func (s *Server) messages(m *served, w http.ResponseWriter, r *http.Request) error {
	var q messagesRequest
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	if q.MaxTokens == nil || *q.MaxTokens < 1 {
		return badRequest("max_tokens", "max_tokens: want how many tokens the answer may have, at least 1")
	}
	t, err := q.turn(m)
	if err != nil {
		return err
	}
	t.request.Client = client(r)
	head := outBlock{"id": newID("msg"), "type": "message", "role": "assistant", "model": m.ID, "content": []outBlock{}, "stop_reason": nil, "stop_sequence": nil,
		"usage": messagesUsage{Input: len(t.request.Prompt)}}
	if q.Stream {
		return s.streamMessages(m, w, r, t, head)
	}
	a, err := m.run(r.Context(), t, nil)
	if err != nil {
		return err
	}
	content := []outBlock{}
	if a.reasoning != "" {
		content = append(content, thinkingBlock(a.reasoning))
	}
	if a.content != "" || len(a.calls) == 0 {
		content = append(content, textBlock(a.content))
	}
	for _, c := range a.calls {
		input := json.RawMessage(c.Function.Arguments)
		if !json.Valid(input) { // the model was cut off
			input = mustMarshal(map[string]string{"invalid": c.Function.Arguments})
		}
		content = append(content, toolBlock(c.ID, c.Function.Name, input))
	}
	head["content"] = content
	a.stopReason(head)
	head["usage"] = a.messagesUsage()
	return sendJSON(w, http.StatusOK, head)
}

func (a *message) messagesUsage() messagesUsage {
	return messagesUsage{Input: a.stats.PromptTokens, Output: a.stats.Tokens, Cached: a.stats.Reused}
}

// stopReason sets why an answer ended, in Anthropic's words.
func (a *message) stopReason(to outBlock) {
	to["stop_sequence"] = nil
	switch {
	case a.finish == "tool_calls":
		to["stop_reason"] = "tool_use"
	case a.finish == "length":
		to["stop_reason"] = "max_tokens"
	case a.stop != "":
		to["stop_reason"], to["stop_sequence"] = "stop_sequence", a.stop
	default:
		to["stop_reason"] = "end_turn"
	}
}

// streamMessages sends an answer as events: one block after the other, each begun, continued and ended.
func (s *Server) streamMessages(m *served, w http.ResponseWriter, r *http.Request, t *turn, head outBlock) error {
	var events *stream
	send := func(name string, v outBlock) error {
		if events == nil {
			events = s.newStream(w)
			events.anthropic = true
			if err := events.send("message_start", outBlock{"type": "message_start", "message": head}); err != nil {
				return err
			}
		}
		v["type"] = name
		return events.send(name, v)
	}
	defer func() {
		if events != nil {
			events.close()
		}
	}()
	index, open := -1, reply.Kind(-1)
	end := func() error {
		if open < 0 {
			return nil
		}
		open = -1
		return send("content_block_stop", outBlock{"index": index})
	}
	begin := func(k reply.Kind, b outBlock) error {
		if open == k && k != reply.Call {
			return nil
		}
		if err := end(); err != nil {
			return err
		}
		index, open = index+1, k
		return send("content_block_start", outBlock{"index": index, "content_block": b})
	}
	a, err := m.run(r.Context(), t, func(p part) error {
		for _, d := range p.deltas {
			var err error
			var delta outBlock
			switch d.Kind {
			case reply.Content:
				err, delta = begin(reply.Content, textBlock("")), outBlock{"type": "text_delta", "text": d.Text}
			case reply.Reasoning:
				err, delta = begin(reply.Reasoning, thinkingBlock("")), outBlock{"type": "thinking_delta", "thinking": d.Text}
			case reply.Call:
				if err := begin(reply.Call, toolBlock(d.ID, d.Name, json.RawMessage("{}"))); err != nil {
					return err
				}
				continue
			case reply.Arguments:
				delta = outBlock{"type": "input_json_delta", "partial_json": d.Text}
			}
			if err == nil {
				err = send("content_block_delta", outBlock{"index": index, "delta": delta})
			}
			if err != nil {
				return err
			}
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
	if index < 0 {
		if err := begin(reply.Content, textBlock("")); err != nil {
			return err
		}
	}
	if err := end(); err != nil {
		return err
	}
	delta := outBlock{}
	a.stopReason(delta)
	if err := send("message_delta", outBlock{"delta": delta, "usage": a.messagesUsage()}); err != nil {
		return err
	}
	return send("message_stop", outBlock{})
}

// countMessages counts the tokens of a request that is not answered.
func (s *Server) countMessages(m *served, w http.ResponseWriter, r *http.Request) error {
	var q messagesRequest
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	t, err := q.turn(m)
	if err != nil {
		return err
	}
	return sendJSON(w, http.StatusOK, map[string]int{"input_tokens": len(t.request.Prompt)})
}

// countChat is countMessages for chat completions.
func (s *Server) countChat(m *served, w http.ResponseWriter, r *http.Request) error {
	var q chatRequest
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	t, err := q.conversation.turn(m, &q.sampling, nil)
	if err != nil {
		return err
	}
	return sendJSON(w, http.StatusOK, map[string]any{"object": "response.input_tokens", "input_tokens": len(t.request.Prompt)})
}

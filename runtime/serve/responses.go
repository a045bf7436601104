package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// OpenAI's responses API, without storage: every request brings its whole conversation.

// responsesRequest is the body of /v1/responses.
type responsesRequest struct {
	sampling
	Input        responseItems `json:"input"`
	Instructions string        `json:"instructions"`
	Tools        []struct {
		Type        string          `json:"type"`
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
		Strict      *bool           `json:"strict"`
	} `json:"tools"`
	ToolChoice      toolChoice                 `json:"tool_choice"`
	Parallel        *bool                      `json:"parallel_tool_calls"`
	MaxOutputTokens *integer                   `json:"max_output_tokens"`
	Kwargs          map[string]json.RawMessage `json:"chat_template_kwargs"`
	Stream          bool                       `json:"stream"`
	Previous        string                     `json:"previous_response_id"`
	Metadata        json.RawMessage            `json:"metadata"`
	Reasoning       struct {
		Effort json.RawMessage `json:"effort"`
	} `json:"reasoning"`
	Text struct {
		Format struct {
			Type   string          `json:"type"`
			Schema json.RawMessage `json:"schema"`
		} `json:"format"`
	} `json:"text"`
}

// responseItem is an element of the input.
type responseItem struct {
	Type      string          `json:"type"`
	Role      string          `json:"role"`
	Content   json.RawMessage `json:"content"`
	CallID    string          `json:"call_id"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
	Output    json.RawMessage `json:"output"`
	Summary   []struct {
		Text string `json:"text"`
	} `json:"summary"`
}

// responseItems is a text, or items.
type responseItems []responseItem

func (l *responseItems) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		if !bytes.Equal(b, []byte("null")) {
			*l = responseItems{{Role: "user", Content: b}}
		}
		return nil
	}
	var list []responseItem
	if err := json.Unmarshal(b, &list); err != nil {
		return badRequest("input", "input: got %s, want a string or an array of items", clip(b))
	}
	*l = list
	return nil
}

// conversation is the request as the chat API has it.
func (q *responsesRequest) conversation() (*conversation, error) {
	if q.Previous != "" {
		return nil, notSupported("previous_response_id", "previous_response_id: this server keeps no responses; send the whole conversation as input")
	}
	c := &conversation{ToolChoice: q.ToolChoice, Parallel: q.Parallel, Kwargs: q.Kwargs, Effort: q.Reasoning.Effort}
	if q.Instructions != "" {
		c.Messages = append(c.Messages, inMessage{Role: "system", Content: content{q.Instructions}})
	}
	thought := ""
	for i, item := range q.Input {
		msg, err := item.message(i)
		if err != nil {
			return nil, err
		}
		n := len(c.Messages)
		switch {
		case item.Type == "reasoning":
			thought += msg.Reasoning
			continue
		case len(msg.ToolCalls) > 0 && n > 0 && c.Messages[n-1].Role == "assistant": // calls of one answer are one message
			c.Messages[n-1].ToolCalls = append(c.Messages[n-1].ToolCalls, msg.ToolCalls...)
			continue
		case msg.Role == "assistant":
			msg.Reasoning, thought = thought, ""
		}
		c.Messages = append(c.Messages, msg)
	}
	for i, t := range q.Tools {
		if t.Type != "function" {
			return nil, notSupported("tools", "tools[%d]: type %q is not known here, only function", i, t.Type)
		}
		c.Tools = append(c.Tools, tool{Type: t.Type, Function: function{Name: t.Name, Description: t.Description, Parameters: t.Parameters, Strict: t.Strict}})
	}
	c.ResponseFormat.Type, c.ResponseFormat.Schema = q.Text.Format.Type, q.Text.Format.Schema
	return c, nil
}

// message is an item as a message of the chat API.
func (item *responseItem) message(i int) (msg inMessage, err error) {
	text := func(raw json.RawMessage) (c content, err error) {
		if len(raw) > 0 {
			err = c.UnmarshalJSON(raw)
		}
		return c, err
	}
	switch item.Type {
	case "", "message":
		msg.Role = item.Role
		msg.Content, err = text(item.Content)
	case "function_call":
		var call inToolCall
		call.ID, call.Function.Name, call.Function.Arguments = item.CallID, item.Name, item.Arguments
		msg = inMessage{Role: "assistant", ToolCalls: []inToolCall{call}}
	case "function_call_output":
		msg = inMessage{Role: "tool", ToolCallID: item.CallID}
		msg.Content, err = text(item.Output)
	case "reasoning":
		for _, s := range item.Summary {
			msg.Reasoning += s.Text
		}
		var parts []struct {
			Text string `json:"text"`
		}
		if json.Unmarshal(item.Content, &parts) == nil {
			for _, p := range parts {
				msg.Reasoning += p.Text
			}
		}
	default:
		err = notSupported("input", "input[%d]: items of type %q are not known here", i, item.Type)
	}
	return msg, err
}

func (q *responsesRequest) turn(m *served) (*turn, error) {
	c, err := q.conversation()
	if err != nil {
		return nil, err
	}
	return c.turn(m, &q.sampling, q.MaxOutputTokens)
}

// object is the response as it is before the answer.
func (q *responsesRequest) object(m *served) outBlock {
	orNull := func(b json.RawMessage) any {
		if len(b) == 0 {
			return nil
		}
		return b
	}
	metadata := orNull(q.Metadata)
	if metadata == nil {
		metadata = struct{}{}
	}
	tools := any(q.Tools)
	if q.Tools == nil {
		tools = []int{}
	}
	choice := any("auto")
	switch {
	case len(q.ToolChoice.names) == 1:
		choice = outBlock{"type": "function", "name": q.ToolChoice.names[0]}
	case q.ToolChoice.mode != "":
		choice = q.ToolChoice.mode
	}
	format := q.Text.Format.Type
	if format == "" {
		format = "text"
	}
	return outBlock{"id": newID("resp"), "object": "response", "created_at": time.Now().Unix(), "status": "in_progress", "model": m.ID, "error": nil,
		"incomplete_details": nil, "instructions": nullable(q.Instructions), "max_output_tokens": q.MaxOutputTokens, "output": []outBlock{}, "output_text": "",
		"parallel_tool_calls": q.Parallel == nil || *q.Parallel, "previous_response_id": nil, "reasoning": outBlock{"effort": orNull(q.Reasoning.Effort), "summary": nil},
		"store": false, "temperature": q.Temperature, "text": outBlock{"format": outBlock{"type": format}}, "tool_choice": choice, "tools": tools,
		"top_p": q.TopP, "truncation": "disabled", "usage": nil, "metadata": metadata}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// finishResponse completes the response.
func (a *message) finishResponse(head outBlock, output []outBlock) {
	head["status"] = "completed"
	if a.finish == "length" {
		head["status"], head["incomplete_details"] = "incomplete", outBlock{"reason": "max_output_tokens"}
	}
	head["output"], head["output_text"] = output, a.content
	in := a.stats.PromptTokens + a.stats.Reused
	head["usage"] = outBlock{"input_tokens": in, "input_tokens_details": outBlock{"cached_tokens": a.stats.Reused},
		"output_tokens": a.stats.Tokens, "output_tokens_details": outBlock{"reasoning_tokens": a.reasoningTokens}, "total_tokens": in + a.stats.Tokens}
}

func (s *Server) responses(m *served, w http.ResponseWriter, r *http.Request) error {
	var q responsesRequest
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	t, err := q.turn(m)
	if err != nil {
		return err
	}
	t.request.Client = client(r)
	head := q.object(m)
	if q.Stream {
		return s.streamResponse(m, w, r, t, head)
	}
	var list responseOutput
	a, err := m.run(r.Context(), t, func(p part) error { return list.add(p.deltas) })
	if err != nil {
		return err
	}
	if err := list.end(a); err != nil {
		return err
	}
	a.finishResponse(head, list.items)
	return sendJSON(w, http.StatusOK, head)
}

// streamResponse sends the events of a response.
func (s *Server) streamResponse(m *served, w http.ResponseWriter, r *http.Request, t *turn, head outBlock) error {
	var events *stream
	number := 0
	send := func(name string, v outBlock) error {
		v["type"], v["sequence_number"] = name, number
		number++
		return events.send(name, v)
	}
	list := responseOutput{}
	list.send = func(name string, v outBlock) error {
		if events == nil {
			events = s.newStream(w)
			for _, name := range []string{"response.created", "response.in_progress"} {
				if err := send(name, outBlock{"response": head}); err != nil {
					return err
				}
			}
		}
		return send(name, v)
	}
	defer func() {
		if events != nil {
			events.close()
		}
	}()
	a, err := m.run(r.Context(), t, func(p part) error { return list.add(p.deltas) })
	if err != nil {
		if events == nil {
			return err
		}
		e := explain(err)
		head["status"], head["error"] = "failed", outBlock{"code": e.Type, "message": e.Message}
		return send("response.failed", outBlock{"response": head})
	}
	if err := list.end(a); err != nil {
		return err
	}
	a.finishResponse(head, list.items)
	return send("response."+head["status"].(string), outBlock{"response": head})
}

// countResponses counts the tokens of a request that is not answered.
func (s *Server) countResponses(m *served, w http.ResponseWriter, r *http.Request) error {
	var q responsesRequest
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	t, err := q.turn(m)
	if err != nil {
		return err
	}
	return sendJSON(w, http.StatusOK, map[string]any{"object": "response.input_tokens", "input_tokens": len(t.request.Prompt)})
}

package serve

import (
	"strings"

	"github.com/llamaboot/llamaboot/runtime/reply"
)

// responseOutput makes the items of a response from deltas, and the events about them.
type responseOutput struct {
	items []outBlock
	send  func(name string, v outBlock) error // nil: nobody listens

	kind reply.Kind
	open bool // the last item goes on
	text strings.Builder
}

func (l *responseOutput) event(name string, v outBlock) error {
	if l.send == nil {
		return nil
	}
	if _, about := v["item"]; !about {
		v["item_id"] = l.last()["id"]
	}
	v["output_index"] = len(l.items) - 1
	return l.send(name, v)
}

func (l *responseOutput) last() outBlock { return l.items[len(l.items)-1] }

// add takes what the model wrote.
func (l *responseOutput) add(deltas []reply.Delta) error {
	for _, d := range deltas {
		if err := l.one(d); err != nil {
			return err
		}
	}
	return nil
}

func (l *responseOutput) one(d reply.Delta) error {
	if d.Kind != reply.Arguments && (!l.open || l.kind != d.Kind || d.Kind == reply.Call) {
		if err := l.begin(d); err != nil {
			return err
		}
	}
	l.text.WriteString(d.Text)
	switch d.Kind {
	case reply.Content:
		return l.event("response.output_text.delta", outBlock{"content_index": 0, "delta": d.Text, "logprobs": []int{}})
	case reply.Reasoning:
		return l.event("response.reasoning_text.delta", outBlock{"content_index": 0, "delta": d.Text})
	case reply.Arguments:
		return l.event("response.function_call_arguments.delta", outBlock{"delta": d.Text})
	}
	return nil
}

// begin ends the item before and begins one of the kind of d.
func (l *responseOutput) begin(d reply.Delta) error {
	if err := l.close("completed"); err != nil {
		return err
	}
	var item outBlock
	switch d.Kind {
	case reply.Content:
		item = outBlock{"id": newID("msg"), "type": "message", "role": "assistant", "status": "in_progress", "content": []outBlock{}}
	case reply.Reasoning:
		item = outBlock{"id": newID("rs"), "type": "reasoning", "summary": []outBlock{}, "content": []outBlock{}}
	default:
		item = outBlock{"id": newID("fc"), "type": "function_call", "status": "in_progress", "call_id": "call_" + d.ID, "name": d.Name, "arguments": ""}
	}
	l.items = append(l.items, item)
	l.kind, l.open = d.Kind, true
	l.text.Reset()
	if err := l.event("response.output_item.added", outBlock{"item": item}); err != nil {
		return err
	}
	if d.Kind == reply.Content {
		return l.event("response.content_part.added", outBlock{"content_index": 0, "part": outputText("")})
	}
	return nil
}

func outputText(text string) outBlock {
	return outBlock{"type": "output_text", "text": text, "annotations": []int{}, "logprobs": []int{}}
}

// close ends the last item.
func (l *responseOutput) close(status string) error {
	if !l.open {
		return nil
	}
	l.open = false
	item, text := l.last(), l.text.String()
	var err error
	switch l.kind {
	case reply.Content:
		item["status"], item["content"] = status, []outBlock{outputText(text)}
		if err = l.event("response.output_text.done", outBlock{"content_index": 0, "text": text, "logprobs": []int{}}); err == nil {
			err = l.event("response.content_part.done", outBlock{"content_index": 0, "part": outputText(text)})
		}
	case reply.Reasoning:
		item["content"] = []outBlock{{"type": "reasoning_text", "text": text}}
		err = l.event("response.reasoning_text.done", outBlock{"content_index": 0, "text": text})
	default:
		item["status"], item["arguments"] = status, text
		err = l.event("response.function_call_arguments.done", outBlock{"name": item["name"], "arguments": text})
	}
	if err != nil {
		return err
	}
	return l.event("response.output_item.done", outBlock{"item": item})
}

// end ends the output; one without anything has an empty message.
func (l *responseOutput) end(a *message) error {
	if len(l.items) == 0 {
		if err := l.begin(reply.Delta{Kind: reply.Content}); err != nil {
			return err
		}
	}
	status := "completed"
	if a.finish == "length" {
		status = "incomplete"
	}
	return l.close(status)
}

package reply

import (
	"encoding/json"
	"strings"
)

// Calls in tags. Values stand as they are between the tags, with a line break on either side.

// value takes the line breaks off a value.
func value(s string) string { return strings.TrimSuffix(strings.TrimPrefix(s, "\n"), "\n") }

// functionTags reads <function=NAME><parameter=KEY>VALUE</parameter>...</function>, once or several times (Qwen3-Coder,
// Qwen3.5, Seed-OSS, Nemotron 3).
func functionTags(p *Parser, text string) (calls []rawCall, ok bool) {
	for text != "" {
		rest, found := strings.CutPrefix(text, "<function=")
		if !found {
			return nil, false
		}
		body, after, found := strings.Cut(rest, "</function>")
		if !found && !p.ended {
			return nil, false
		}
		one, ok := functionTag(p, body)
		if !ok {
			return nil, false
		}
		calls = append(calls, one...)
		text = strings.TrimLeft(after, whiteSpace)
	}
	return calls, true
}

// functionTag reads NAME>{...} or NAME><parameter=KEY>VALUE</parameter>...
func functionTag(p *Parser, text string) (calls []rawCall, ok bool) {
	name, body, found := strings.Cut(text, ">")
	if !found || name == "" || strings.ContainsAny(name, whiteSpace+"<") {
		return nil, false
	}
	body = strings.TrimSpace(body)
	if strings.HasPrefix(body, "{") {
		return []rawCall{{name, body}}, json.Valid([]byte(body))
	}
	var args arguments
	for body != "" {
		rest, found := strings.CutPrefix(body, "<parameter=")
		if !found {
			return nil, false
		}
		key, rest, found := strings.Cut(rest, ">")
		if !found {
			return nil, false
		}
		v, after, found := strings.Cut(rest, "</parameter>")
		if !found && !p.ended {
			return nil, false
		}
		args.add(key, p.typed(name, key, value(v)))
		body = strings.TrimLeft(after, whiteSpace)
	}
	return []rawCall{{name, args.String()}}, true
}

// invokeTags reads <invoke name="NAME"><parameter name="KEY">VALUE</parameter>...</invoke> (MiniMax M2).
func invokeTags(p *Parser, text string) (calls []rawCall, ok bool) {
	for text != "" {
		rest, found := strings.CutPrefix(text, `<invoke name="`)
		name, rest, found2 := strings.Cut(rest, `">`)
		if !found || !found2 {
			return nil, false
		}
		body, after, _ := strings.Cut(rest, "</invoke>")
		var args arguments
		for body = strings.TrimSpace(body); body != ""; {
			rest, found := strings.CutPrefix(body, `<parameter name="`)
			key, rest, found2 := strings.Cut(rest, `">`)
			if !found || !found2 {
				return nil, false
			}
			v, behind, _ := strings.Cut(rest, "</parameter>")
			args.add(key, p.typed(name, key, v))
			body = strings.TrimLeft(behind, whiteSpace)
		}
		calls = append(calls, rawCall{name, args.String()})
		text = strings.TrimLeft(after, whiteSpace)
	}
	return calls, true
}

// argTags reads NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value>... (GLM 4.5).
func argTags(p *Parser, text string) (calls []rawCall, ok bool) {
	i := strings.Index(text, "<arg_key>")
	if i < 0 {
		i = len(text)
	}
	name, text := strings.TrimSpace(text[:i]), text[i:]
	if _, known := p.tools[name]; !known {
		return nil, false
	}
	var args arguments
	for text != "" {
		rest, found := strings.CutPrefix(text, "<arg_key>")
		key, rest, found2 := strings.Cut(rest, "</arg_key>")
		rest, found3 := strings.CutPrefix(strings.TrimLeft(rest, whiteSpace), "<arg_value>")
		if !found || !found2 || !found3 {
			return nil, false
		}
		v, after, _ := strings.Cut(rest, "</arg_value>")
		args.add(key, p.typed(name, key, v))
		text = strings.TrimLeft(after, whiteSpace)
	}
	return []rawCall{{name, args.String()}}, true
}

// deepseekCalls reads calls between their begin and end marks: function<sep>NAME and a block of JSON (V3, R1), or
// NAME<sep>JSON (V3.1).
func deepseekCalls(_ *Parser, text string) (calls []rawCall, ok bool) {
	const begin, end, sep = "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁sep｜>"
	for text != "" {
		text = strings.TrimPrefix(text, begin)
		body, after, _ := strings.Cut(text, end)
		name, args, found := strings.Cut(body, sep)
		if !found {
			return nil, false
		}
		if name == "function" {
			if name, args, found = strings.Cut(args, "\n"); !found {
				return nil, false
			}
			args = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(args), "```json"), "```")
		}
		args = strings.TrimSpace(args)
		if !json.Valid([]byte(args)) {
			return nil, false
		}
		calls = append(calls, rawCall{strings.TrimSpace(name), args})
		text = strings.TrimLeft(after, whiteSpace)
	}
	return calls, true
}

// kimiCalls reads functions.NAME:INDEX<argument begin>JSON between begin and end marks (Kimi K2).
func kimiCalls(_ *Parser, text string) (calls []rawCall, ok bool) {
	for text != "" {
		text = strings.TrimPrefix(text, "<|tool_call_begin|>")
		body, after, _ := strings.Cut(text, "<|tool_call_end|>")
		id, args, found := strings.Cut(body, "<|tool_call_argument_begin|>")
		if args = strings.TrimSpace(args); !found || !json.Valid([]byte(args)) {
			return nil, false
		}
		name := strings.TrimPrefix(strings.TrimSpace(id), "functions.")
		name, _, _ = strings.Cut(name, ":")
		calls = append(calls, rawCall{name, args})
		text = strings.TrimLeft(after, whiteSpace)
	}
	return calls, true
}

package reply

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// answer is what the deltas of an answer make together.
type answer struct {
	content, reasoning string
	calls              []string // NAME ARGUMENTS
}

// parse feeds text in pieces of n bytes, by runes where they are longer.
func parse(t testing.TB, o Options, text string, n int) answer {
	t.Helper()
	var a answer
	p := New(o)
	names := map[int]string{}
	args := map[int]string{}
	take := func(list []Delta) {
		for _, d := range list {
			switch d.Kind {
			case Content:
				a.content += d.Text
			case Reasoning:
				a.reasoning += d.Text
			case Call:
				if d.Index != len(names) || d.ID == "" || d.Name == "" {
					t.Errorf("call %+v after %d others", d, len(names))
				}
				names[d.Index] = d.Name
			case Arguments:
				if names[d.Index] == "" {
					t.Errorf("arguments %+v before their call", d)
				}
				args[d.Index] += d.Text
			}
		}
	}
	for len(text) > 0 {
		k := min(n, len(text))
		take(p.Add(text[:k], false))
		text = text[k:]
	}
	take(p.End())
	if p.Calls() != len(names) {
		t.Errorf("%d calls counted, %d came", p.Calls(), len(names))
	}
	for i := range len(names) {
		a.calls = append(a.calls, names[i]+" "+compact(args[i]))
	}
	return a
}

func compact(s string) string {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return "invalid " + s
	}
	b, _ := json.Marshal(v)
	return string(b)
}

var testTools = []Tool{
	{Name: "add", Text: func(string) bool { return false }},
	{Name: "say", Text: func(k string) bool { return k == "text" }},
}

func TestParts(t *testing.T) {
	const add = `add {"a":1,"b":[2,{"c":"}"}]}`
	const say = `say {"text":"12 \"quoted\""}`
	addJSON := `{"name": "add", "arguments": {"a": 1, "b": [2, {"c": "}"}]}}`
	sayJSON := `{"name": "say", "arguments": {"text": "12 \"quoted\""}}`
	for _, c := range []struct {
		name, text string
		o          Options
		want       answer
	}{
		{"plain", "Hello {world}\n", Options{}, answer{content: "Hello {world}\n"}},
		{"plain with tools", "Hello <b> {world}\n", Options{Tools: testTools}, answer{content: "Hello <b> {world}\n"}},
		{"think", "<think>\nhm, well\n</think>\n\nYes <think>", Options{}, answer{content: "Yes <think>", reasoning: "hm, well"}},
		{"think opened by the prompt", "hm\n</think>\n\nYes", Options{Thinking: "</think>"}, answer{content: "Yes", reasoning: "hm"}},
		{"think cut off", "<think>hm </thi", Options{}, answer{reasoning: "hm </thi"}},
		{"think kept", "<think>hm</think>Yes", Options{Plain: true}, answer{content: "<think>hm</think>Yes"}},
		{"hermes", "<think>hm</think>Let me see.\n<tool_call>\n" + addJSON + "\n</tool_call>\n<tool_call>\n" + sayJSON + "\n</tool_call>",
			Options{Tools: testTools}, answer{content: "Let me see.", reasoning: "hm", calls: []string{add, say}}},
		{"hermes cut off", "<tool_call>\n" + addJSON, Options{Tools: testTools}, answer{calls: []string{add}}},
		{"hermes without tools", "<tool_call>" + addJSON, Options{}, answer{content: "<tool_call>" + addJSON}},
		{"hermes wrong", "<tool_call>nothing</tool_call> at all", Options{Tools: testTools}, answer{content: "<tool_call>nothing</tool_call> at all"}},
		{"hermes no name", `<tool_call>{"a": 1}</tool_call>`, Options{Tools: testTools}, answer{content: `<tool_call>{"a": 1}</tool_call>`}},
		{"arguments as text", `<tool_call>{"name": "say", "arguments": "{\"text\": \"x\"}"}</tool_call>`, Options{Tools: testTools}, answer{calls: []string{`say {"text":"x"}`}}},
		{"arguments first", `<tool_call>{"arguments": {"text": "x"}, "id": 7, "name": "say"}</tool_call>`, Options{Tools: testTools}, answer{calls: []string{`say {"text":"x"}`}}},
		{"no arguments", `<tool_call>{"name": "say"}</tool_call>`, Options{Tools: testTools}, answer{calls: []string{`say {}`}}},
		{"llama3", `{"name": "add", "parameters": {"a": 1, "b": [2, {"c": "}"}]}}; ` + strings.Replace(sayJSON, "arguments", "parameters", 1),
			Options{Tools: testTools}, answer{calls: []string{add, say}}},
		{"llama3 tag", `<|python_tag|>` + addJSON, Options{Tools: testTools}, answer{calls: []string{add}}},
		{"llama3 function", `<function=say>{"text": "12 \"quoted\""}</function>`, Options{Tools: testTools}, answer{calls: []string{say}}},
		{"json answer", `{"name": "nobody", "age": 3}`, Options{Tools: testTools}, answer{content: `{"name": "nobody", "age": 3}`}},
		{"json answer, other key", `{"answer": {"name": "add"}}`, Options{Tools: testTools}, answer{content: `{"answer": {"name": "add"}}`}},
		{"openai", `[{"type": "function", "function": ` + addJSON + `}]`, Options{Tools: testTools}, answer{calls: []string{add}}},
		{"mistral", "[TOOL_CALLS] [" + addJSON + ", " + sayJSON + "]", Options{Tools: testTools}, answer{calls: []string{add, say}}},
		{"mistral args", `ok[TOOL_CALLS]add[ARGS]{"a": 1, "b": [2, {"c": "}"}]}[TOOL_CALLS]say[CALL_ID]123[ARGS]{"text": "12 \"quoted\""}`,
			Options{Tools: testTools}, answer{content: "ok", calls: []string{add, say}}},
		{"magistral", "[THINK]hm[/THINK]Yes", Options{Tools: testTools}, answer{content: "Yes", reasoning: "hm"}},
		{"granite", "<|tool_call|>[" + addJSON + "]", Options{Tools: testTools}, answer{calls: []string{add}}},
		{"command-r7b", "<|START_THINKING|>hm<|END_THINKING|><|START_ACTION|>[\n{\"tool_call_id\": \"0\", \"tool_name\": \"add\", \"parameters\": {\"a\": 1, \"b\": [2, {\"c\": \"}\"}]}}\n]<|END_ACTION|>",
			Options{Tools: testTools}, answer{reasoning: "hm", calls: []string{add}}},
		{"command-r7b answer", "<|START_RESPONSE|>Yes<|END_RESPONSE|>", Options{Tools: testTools}, answer{content: "Yes"}},
		{"command-r+", "Action: ```json\n[{\"tool_name\": \"add\", \"parameters\": {\"a\": 1, \"b\": [2, {\"c\": \"}\"}]}}]```", Options{Tools: testTools}, answer{calls: []string{add}}},
		{"deepseek", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n```json\n{\"a\": 1, \"b\": [2, {\"c\": \"}\"}]}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>say\n```json\n{\"text\": \"12 \\\"quoted\\\"\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
			Options{Tools: testTools}, answer{calls: []string{add, say}}},
		{"deepseek 3.1", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>say<｜tool▁sep｜>{\"text\": \"12 \\\"quoted\\\"\"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
			Options{Tools: testTools}, answer{calls: []string{say}}},
		{"qwen3-coder", "<tool_call>\n<function=say>\n<parameter=text>\n12 \"quoted\"\n</parameter>\n</function>\n</tool_call>", Options{Tools: testTools}, answer{calls: []string{say}}},
		{"qwen3-coder number", "<tool_call>\n<function=add>\n<parameter=a>\n12\n</parameter>\n<parameter=b>\nx\ny\n</parameter>\n</function>\n</tool_call>",
			Options{Tools: testTools}, answer{calls: []string{`add {"a":12,"b":"x\ny"}`}}},
		{"string that is a number", "<tool_call>\n<function=say>\n<parameter=text>\n12\n</parameter>\n</function>\n</tool_call>", Options{Tools: testTools}, answer{calls: []string{`say {"text":"12"}`}}},
		{"glm", "<tool_call>say\n<arg_key>text</arg_key>\n<arg_value>12 \"quoted\"</arg_value>\n</tool_call>", Options{Tools: testTools}, answer{calls: []string{say}}},
		{"minimax", "<minimax:tool_call>\n<invoke name=\"say\">\n<parameter name=\"text\">12 \"quoted\"</parameter>\n</invoke>\n</minimax:tool_call>", Options{Tools: testTools}, answer{calls: []string{say}}},
		{"kimi", `<|tool_calls_section_begin|><|tool_call_begin|>functions.say:0<|tool_call_argument_begin|>{"text": "12 \"quoted\""}<|tool_call_end|><|tool_calls_section_end|>`,
			Options{Tools: testTools}, answer{calls: []string{say}}},
		{"lfm2", `<|tool_call_start|>[add(a=1, b=[2, {'c': "}"}]), say(text='12 "quoted"')]<|tool_call_end|>done`, Options{Tools: testTools}, answer{content: "done", calls: []string{add, say}}},
		{"gemma4", `<|tool_call>call:add{a:1,b:[2,{c:<|"|>}<|"|>}]}<tool_call|>`, Options{Tools: testTools}, answer{calls: []string{add}}},
		{"apertus", `<|tools_prefix|>[{"say": {"text": "12 \"quoted\""}}]<|tools_suffix|>`, Options{Tools: testTools}, answer{calls: []string{say}}},
		{"gpt-oss", "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes", Options{Harmony: true}, answer{content: "Yes", reasoning: "hm"}},
		{"gpt-oss call", `<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.say <|constrain|>json<|message|>{"text": "12 \"quoted\""}<|call|>`,
			Options{Harmony: true, Tools: testTools}, answer{reasoning: "hm", calls: []string{say}}},
		{"gpt-oss call, other order", ` to=functions.say<|channel|>commentary json<|message|>{"text": "12 \"quoted\""}`, Options{Harmony: true, Tools: testTools}, answer{calls: []string{say}}},
		{"gpt-oss without channels", "just text", Options{Harmony: true}, answer{content: "just text"}},
		{"prefix", `"name": "say", "arguments": {"text": "x"}}`, Options{Tools: testTools, Prefix: "<tool_call>\n{"}, answer{calls: []string{`say {"text":"x"}`}}},
	} {
		for _, n := range []int{1, 2, 3, 7, 1 << 20} {
			if got := parse(t, c.o, c.text, n); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s in pieces of %d:\n got %q\nwant %q", c.name, n, got, c.want)
			}
		}
	}
}

// TestStreams wants arguments before the call is complete.
func TestStreams(t *testing.T) {
	p := New(Options{Tools: testTools})
	got := p.Add(`<tool_call>{"name": "say", "arguments": {"text": "once upon`, false)
	if len(got) != 2 || got[0].Kind != Call || got[1].Kind != Arguments || got[1].Text != `{"text": "once upon` {
		t.Errorf("got %+v", got)
	}
	if got := p.Add("<|unknown|>", true); len(got) != 0 {
		t.Errorf("a control token that is no mark gave %+v", got)
	}
}

// FuzzParser wants the same parts whatever the pieces, and nothing lost of what is no call.
func FuzzParser(f *testing.F) {
	for _, s := range []string{`<tool_call>{"name": "add", "arguments": {}}</tool_call>`, "<think>a</think>b", `[TOOL_CALLS]add[ARGS]{}`,
		`<|tool_call>call:add{a:<|"|>x<|"|>}<tool_call|>`, "<|channel|>analysis<|message|>x<|end|>", `<|tool_call_start|>[add(a=1)]<|tool_call_end|>`} {
		f.Add(s, 1, false)
		f.Add(s, 3, true)
	}
	f.Fuzz(func(t *testing.T, s string, n int, harmony bool) {
		o := Options{Tools: testTools, Harmony: harmony}
		whole := parse(t, o, s, len(s)+1)
		if got := parse(t, o, s, max(1, n&63)); fmt.Sprint(got) != fmt.Sprint(whole) {
			t.Errorf("%q: in pieces of %d %q, whole %q", s, n, got, whole)
		}
		if plain := parse(t, Options{Plain: true}, s, max(1, n&63)); plain.content != s {
			t.Errorf("%q: without tools and reasoning %q", s, plain.content)
		}
	})
}

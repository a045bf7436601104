package chat

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

func render(t *testing.T, source, input string) (string, error) {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(input), &raw); err != nil {
		t.Fatal(err)
	}
	if raw["messages"] == nil {
		raw["messages"] = json.RawMessage("[]")
	}
	return renderCase(source, raw)
}

// TestWhiteSpace has the cases of Jinja's documentation and the ones libraries get wrong; the results are Python's.
func TestWhiteSpace(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"a\n", "a"}, {"a\n\n", "a\n"}, {"a\r\nb", "a\nb"},
		{"  {% if true %}\n  x\n  {% endif %}\ny", "  x\ny"},
		{"{% if true %}{{ 'a' }}\n\nb{% endif %}", "a\n\nb"},
		{"{% for x in [1, 2] %}\n\n{{ x }}{% endfor %}", "\n1\n2"},
		{"a  {%- if true -%}  b  {%- endif -%}  c", "abc"},
		{"a {{- ' b ' -}} c", "a b c"},
		{"  {# comment #}\nx", "x"}, {"x {#- comment -#} y", "xy"},
		{"  {%+ if true +%}\nx{% endif %}", "  \nx"},
		{"{% raw %}{{ not }} {% a %}{% endraw %}!", "{{ not }} {% a %}!"},
		{"{{ '%}' }}{{ \"}}\" }}{{ {'a': {'b': 1}}['a']['b'] }}", "%}}}1"},
		{`{{ 'it\'s' }}{{ "\\" }}\n'{`, `it's\\n'{`},
		{"x {% set a = 1 %} y", "x  y"}, {"\n  {% set a = 1 %}\n  {{ a }}", "\n  1"},
	} {
		got, err := render(t, c.source, `{}`)
		if err != nil || got != c.want {
			t.Errorf("%q: got %q, %v; want %q", c.source, got, err, c.want)
		}
	}
}

func TestFilters(t *testing.T) {
	const in = `{"v": {"b": 1, "a": [1.0, 2.5e20, true, null, "é\"\n</x>\u2028"], "e": {}, "l": []}, "s": "a-b-c"}`
	for _, c := range []struct{ source, want string }{
		{"{{ v|tojson }}", `{"b": 1, "a": [1.0, 2.5e+20, true, null, "é\"\n</x>` + "\u2028" + `"], "e": {}, "l": []}`},
		{"{{ v | tojson(indent=2) }}", "{\n  \"b\": 1,\n  \"a\": [\n    1.0,\n    2.5e+20,\n    true,\n    null,\n    \"é\\\"\\n</x>\u2028\"\n  ],\n  \"e\": {},\n  \"l\": []\n}"},
		{"{{ ['é', '😀'] | tojson(ensure_ascii=true) }}", `["\u00e9", "\ud83d\ude00"]`},
		{"{{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}", `{"a": 2, "b": 1}`},
		{"{{ s | replace('-', '+') }}{{ ['x', 1, true] | join(', ') }}", "a+b+cx, 1, True"},
		{"{{ [{'n': 1}, {'n': 2}] | join('/', attribute='n') }}", "1/2"},
		{"{{ 'abc' | first }}{{ [1, 2] | last }}{{ [] | first is defined }}", "a2False"},
		{`{{ 'é\x41\u00e9\U0001F600\n\t\q\'' }}{{ "\"'" }}`, "éAé😀\n\t\\q'\"'"},
	} {
		got, err := render(t, c.source, in)
		if err != nil || got != c.want {
			t.Errorf("%s:\n got %q, %v\nwant %q", c.source, got, err, c.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"unknown tag": {"{% frobnicate %}", ""}, "open tag": {"{% if x", "not closed"}, "open block": {"{% if x %}", "if without endif"},
		"open loop": {"{% for m in [] %}", "for without endfor"}, "open block in a loop": {"{% for m in [] %}{% filter upper %}{% endfor %}", "endfor without for"},
		"open raw": {"{% raw %}x", "not closed"}, "exception": {"{{ raise_exception('only users') }}", "only users"},
		"our names": {"{{ llamaboot_step() }}", "reserved"}, "string": {"{{ 'abc }}", "not closed"},
		"range": {"{{ range('a') }}", "integers"},
	} {
		if _, err := render(t, c.source, `{}`); !errors.Is(err, ErrTemplate) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

func TestPrompt(t *testing.T) {
	tpl, err := Parse("{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}{{ eos_token }}")
	if err != nil {
		t.Fatal(err)
	}
	got, err := tpl.Prompt([]Message{{Role: "user", Content: "a<b"}}, "[", "]", true)
	if want := "[<user>a<b<assistant>]"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// TestSystem merges system messages only where a template does not take them.
func TestSystem(t *testing.T) {
	messages := []Message{{Role: "system", Content: "be kind"}, {Role: "user", Content: "hi"}, {Role: "system", Content: "now"}, {Role: "assistant", Content: "yes"}}
	for source, want := range map[string]string{
		"{% for m in messages %}[{{ m.role }}:{{ m.content }}]{% endfor %}":                                                    "[system:be kind][user:hi][system:now][assistant:yes]",
		"{% for m in messages %}{% if m.role != 'system' %}[{{ m.role }}:{{ m.content }}]{% endif %}{% endfor %}":              "[user:be kind\nhi][user:now][assistant:yes]",
		"{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}{{ m.content }}|{% endfor %}": "be kind\nhi|now|yes|",
	} {
		tpl, err := Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tpl.Prompt(messages, "", "", false); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", source, got, err, want)
		}
	}
}

// TestOtherTemplates has templates from llama.cpp's own tests.
func TestOtherTemplates(t *testing.T) {
	b, err := os.ReadFile(dataDir + "/chat-template-tests.json")
	if err != nil {
		t.Skip("no ../shared/data/chat beside the module; the other tests cover rendering with templates of their own")
	}
	var cases []struct {
		Name, Template string
		Supported      bool   `json:"supported_with_jinja"`
		BOS            string `json:"bos_token"`
		EOS            string `json:"eos_token"`
		Add            bool   `json:"add_generation_prompt"`
		Messages       json.RawMessage
		Want           string `json:"expected_jinja"`
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if !c.Supported {
			continue
		}
		tpl, err := Parse(c.Template)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		got, err := tpl.Chat(Input{Messages: c.Messages, BOS: c.BOS, EOS: c.EOS, AddGenerationPrompt: c.Add})
		if err != nil || got != c.Want {
			t.Errorf("%s: %v\n got %q\nwant %q", c.Name, err, got, c.Want)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("{% for m in messages %}{{ m.role ~ m['content'] | trim }}{% endfor %}")
	f.Add("{%- set x = namespace(a=1) -%}{% if x.a is defined and not false %}{{ [1,2][::-1] | tojson(indent=1) }}{% else %}{% endif %}")
	f.Add("{% macro f(a, b=2) %}{{ a if b else '' }}{% endmacro %}{{ f(1) }}{% raw %}{{{% endraw %}")
	for _, c := range pythonCases(f) {
		f.Add(c.Source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		tpl, err := Parse(source)
		if err != nil {
			if !errors.Is(err, ErrTemplate) && !errors.Is(err, ErrLimit) {
				t.Fatalf("%v is no template error", err)
			}
			return
		}
		tpl.Prompt([]Message{{Role: "user", Content: "x"}}, "<s>", "</s>", true)
	})
}

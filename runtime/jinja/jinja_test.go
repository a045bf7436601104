package jinja

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// render renders with variables in JSON.
func render(t testing.TB, source, vars string) (string, error) {
	t.Helper()
	v, err := FromJSON([]byte(vars))
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]Value{}
	d := v.(*Dict)
	for i, k := range d.keys {
		m[k.(string)] = d.vals[i]
	}
	tpl, err := Parse(source)
	if err != nil {
		return "", err
	}
	return tpl.Render(m)
}

func readJSON(t testing.TB, name string, v any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

type pythonCase struct{ Source, Want string }

func pythonCases(t testing.TB) (cases []pythonCase) {
	readJSON(t, "python.json", &cases)
	if len(cases) < 30 {
		t.Fatalf("%d cases", len(cases))
	}
	return cases
}

// TestPython compares expressions and statements with what Python's Jinja makes of them, in the sandbox transformers
// renders chat templates in (testdata/README.md).
func TestPython(t *testing.T) {
	for _, c := range pythonCases(t) {
		if got, err := render(t, c.Source, `{}`); err != nil || got != c.Want {
			t.Errorf("%s\n got %q, %v\nwant %q", c.Source, got, err, c.Want)
		}
	}
}

// TestCases has one operation a template, and what Python refuses must be refused.
func TestCases(t *testing.T) {
	var file struct {
		Context json.RawMessage
		Cases   []struct {
			Template string
			Output   *string
			Error    string
		}
	}
	readJSON(t, "cases.json", &file)
	if len(file.Cases) < 280 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		got, err := render(t, c.Template, string(file.Context))
		switch {
		case c.Output == nil && err == nil:
			t.Errorf("%s\n got %q, want an error like %s", c.Template, got, c.Error)
		case c.Output == nil && errors.Is(err, ErrLimit):
			t.Errorf("%s\n got %v, want an error like %s", c.Template, err, c.Error)
		case c.Output != nil && (err != nil || got != *c.Output):
			t.Errorf("%s\n got %q, %v\nwant %q", c.Template, got, err, *c.Output)
		}
	}
}

// TestErrors wants line, column and what was expected.
func TestErrors(t *testing.T) {
	for source, want := range map[string]string{
		"a\n{% if x %}":                   "line 2, column 11: got the end of the template, expected {% elif %} or {% else %} or {% endif %}",
		"{{ 1 + }}":                       "line 1, column 8: got }}, expected an expression",
		"é{{ x | nosuch }}":               `line 1, column 9: no filter named "nosuch"`,
		"{% foo %}":                       `line 1, column 4: unknown tag "foo"`,
		"\n\n{{ messages[0].role.x.y }}":  `line 3, column 20: `,
		"{{ 'a' + 1 }}":                   "line 1, column 8: + does not work on str and int",
		"{{ (1 }}":                        "line 1, column 7: unexpected",
		"{% for x in y %}{% endif %}":     "line 1, column 20: got the tag",
		"{{ 'abc":                         "line 1, column 4: a string is not closed",
		"{% raw %}":                       "line 1, column 1: {% raw %} is not closed",
		"{{ raise_exception('no way') }}": "no way",
	} {
		_, err := render(t, source, `{"messages": [{}]}`)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", source, err, want)
		}
	}
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

// TestRefuses wants errors of the right kind for what cannot be parsed or rendered.
func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		source string
		kind   error
		want   string
	}{
		"unknown tag": {"{% frobnicate %}", ErrSyntax, "unknown tag"}, "open tag": {"{% if x", ErrSyntax, "not closed"},
		"open block": {"{% if x %}", ErrSyntax, "endif"}, "open loop": {"{% for m in [] %}", ErrSyntax, "endfor"},
		"open block in a loop": {"{% for m in [] %}{% filter upper %}{% endfor %}", ErrSyntax, "endfilter"},
		"open raw":             {"{% raw %}x", ErrSyntax, "not closed"}, "exception": {"{{ raise_exception('only users') }}", ErrRender, "only users"},
		"string": {"{{ 'abc }}", ErrSyntax, "not closed"}, "range": {"{{ range('a') }}", ErrRender, "integers"},
		"filter": {"{{ 1 | nosuch }}", ErrSyntax, "nosuch"}, "filter reached": {"{% if true %}{{ 1 | nosuch }}{% endif %}", ErrRender, "nosuch"},
		"break": {"{% break %}", ErrSyntax, "outside"}, "include": {"{% include 'x' %}", ErrSyntax, "other templates"},
		"change": {"{{ [1].append(2) }}", ErrRender, "would change"}, "constant": {"{% set true = 1 %}", ErrSyntax, "cannot assign"},
	} {
		if _, err := render(t, c.source, `{}`); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %v with %q", name, err, c.kind, c.want)
		}
	}
	if got, err := render(t, "{% if false %}{{ 1 | nosuch }}{% endif %}{{ 1 | nosuch if false else 2 }}", `{}`); err != nil || got != "2" {
		t.Errorf("a filter that is never reached: %q, %v", got, err)
	}
}

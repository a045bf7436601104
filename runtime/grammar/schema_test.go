package grammar

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSchema(t *testing.T) {
	for _, c := range []struct {
		schema  string
		yes, no []string
	}{
		{`{}`, []string{`null`, `{"a": [1, {"b": "c"}]}`, `-1.5e+10`}, []string{``, `{`, `01`, `"a`, `[1,]`}},
		{`true`, []string{`1`}, []string{`x`}},
		{`{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a"]}`,
			[]string{`{"a":1}`, `{"a": -20, "b":"x"}`, `{ "a":1,"b":"é\u00e9\n" }`}, []string{`{}`, `{"b":"x"}`, `{"a":"1"}`, `{"b":"x","a":1}`, `{"a":1,}`, `{"a":1,"c":2}`}},
		{`{"properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3}}}`,
			[]string{`{}`, `{"a":1}`, `{"c":3}`, `{"a":1,"c":3}`, `{"b":2,"c":3}`}, []string{`{,"a":1}`, `{"a":1"b":2}`}},
		{`{"properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3}},"required":["b"]}`,
			[]string{`{"b":2}`, `{"a":1,"b":2}`, `{"a":1,"b":2,"c":3}`, `{"b":2,"c":3}`}, []string{`{}`, `{"a":1}`, `{"a":1,"c":3}`}},
		{`{"type":"object","additionalProperties":{"type":"boolean"}}`, []string{`{}`, `{"x":true,"y":false}`}, []string{`{"x":1}`}},
		{`{"type":"object","additionalProperties":false}`, []string{`{}`}, []string{`{"x":1}`}},
		{`{"type":"array","items":{"type":"null"},"minItems":1,"maxItems":3}`, []string{`[null]`, `[null,null, null]`}, []string{`[]`, `[null,null,null,null]`}},
		{`{"type":"array","items":{"type":"null"},"maxItems":0}`, []string{`[]`}, []string{`[null]`}},
		{`{"type":"array","items":{"type":"null"},"minItems":2}`, []string{`[null,null]`, `[null,null,null]`}, []string{`[null]`}},
		{`{"prefixItems":[{"const":1},{"const":"x"}]}`, []string{`[1,"x"]`}, []string{`[1]`, `["x",1]`}},
		{`{"prefixItems":[{"const":1}],"items":{"const":2},"maxItems":2}`, []string{`[1]`, `[1,2]`}, []string{`[1,2,2]`, `[]`}},
		{`{"enum":["a\"b", 1, null, {"k":[1]}]}`, []string{`"a\"b"`, `1`, `null`, `{"k":[1]}`}, []string{`2`}},
		{`{"anyOf":[{"type":"null"},{"type":"integer"}]}`, []string{`null`, `5`}, []string{`"x"`}},
		{`{"type":["null","boolean"]}`, []string{`null`, `true`}, []string{`1`}},
		{`{"allOf":[{"$ref":"#/$defs/a"},{"properties":{"y":{"const":2}},"required":["y"]}],"$defs":{"a":{"properties":{"x":{"const":1}},"required":["x"]}}}`,
			[]string{`{"x":1,"y":2}`}, []string{`{"x":1}`, `{"y":2}`}},
		{`{"$ref":"#/$defs/tree","$defs":{"tree":{"properties":{"v":{"type":"integer"},"l":{"$ref":"#/$defs/tree"}},"required":["v"]}}}`,
			[]string{`{"v":1}`, `{"v":1,"l":{"v":2,"l":{"v":3}}}`}, []string{`{"l":{"v":1}}`}},
		{`{"type":"string","minLength":2,"maxLength":3}`, []string{`"ab"`, `"a\nb"`, `"猫猫"`}, []string{`"a"`, `"abcd"`}},
		{`{"type":"string","format":"date"}`, []string{`"2026-11-21"`}, []string{`"2026-13-01"`, `"x"`}},
		{`{"type":"string","format":"uuid"}`, []string{`"00000000-0000-4000-8000-00000000abCD"`}, []string{`"0"`}},
		{`{"type":"integer","minimum":5,"maximum":123}`, []string{`5`, `9`, `10`, `99`, `100`, `119`, `123`}, []string{`4`, `124`, `200`, `05`, `-5`}},
		{`{"type":"integer","exclusiveMinimum":-13,"maximum":7}`, []string{`-12`, `-9`, `-1`, `0`, `7`}, []string{`-13`, `8`, `-0`, `-20`}},
		{`{"type":"integer","minimum":0}`, []string{`0`, `1234567890`}, []string{`-1`}},
	} {
		gbnf, err := FromSchema([]byte(c.schema))
		if err != nil {
			t.Errorf("%s: %v", c.schema, err)
			continue
		}
		for _, s := range c.yes {
			if !match(t, gbnf, s) {
				t.Errorf("%s: %s does not match\n%s", c.schema, s, gbnf)
			}
		}
		for _, s := range c.no {
			if match(t, gbnf, s) {
				t.Errorf("%s: %s matches\n%s", c.schema, s, gbnf)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	for schema, want := range map[string]string{
		`{`: "EOF", `{"$defs":{"a":{"$ref":"#/$defs/a"}},"allOf":[{"$ref":"#/$defs/a"}]}`: "in a row", `1`: "want an object", `false`: "allows nothing", `{"type":"date"}`: "unknown type",
		`{"pattern":"a"}`: `"pattern" is not supported`, `{"type":"string","minLength":3,"maxLength":2}`: "more than",
		`{"$ref":"http://x"}`: "within", `{"$ref":"#/nowhere"}`: "no \"nowhere\"", `{"$ref":"#"}`: "refers to itself", `{"enum":[]}`: "not empty",
		`{"type":"number","minimum":1}`: "only supported for integers", `{"type":"integer","minimum":2,"maximum":1}`: "no integer",
		`{"properties":{"a":{"uniqueItems":true}}}`: "root/a", `{"required":["a"],"additionalProperties":false}`: "required but not allowed",
		`{"maxLength":100000}`: "want 0 to", `{"a":1} 2`: "after the document", strings.Repeat(`{"items":`, 100) + "1" + strings.Repeat("}", 100): "deep",
	} {
		if _, err := FromSchema([]byte(schema)); !errors.Is(err, ErrSchema) || !strings.Contains(strings.Replace(err.Error(), "references into the document", "within", 1), want) {
			t.Errorf("%.60s: %v; want %q", schema, err, want)
		}
	}
}

// randomSchema makes schemas from the supported keywords.
func randomSchema(r *rand.Rand, depth int) map[string]any {
	n := 9
	if depth <= 0 {
		n = 6
	}
	switch r.IntN(n) {
	case 0:
		return map[string]any{"type": []any{"null", "boolean"}[r.IntN(2)]}
	case 1:
		lo := r.IntN(2000) - 1000
		return map[string]any{"type": "integer", "minimum": lo, "maximum": lo + r.IntN(1500)}
	case 2:
		lo := r.IntN(4)
		return map[string]any{"type": "string", "minLength": lo, "maxLength": lo + r.IntN(5)}
	case 3:
		return map[string]any{"enum": []any{"x", 1, nil, "é\"\n"}[:1+r.IntN(4)]}
	case 4:
		return map[string]any{"type": "number"}
	case 5:
		return map[string]any{"type": []any{"string", "integer"}}
	case 6:
		lo := r.IntN(3)
		return map[string]any{"type": "array", "items": randomSchema(r, depth-1), "minItems": lo, "maxItems": lo + r.IntN(3)}
	case 7:
		return map[string]any{"anyOf": []any{randomSchema(r, depth-1), randomSchema(r, depth-1)}}
	}
	props, required := map[string]any{}, []any{}
	for i := range r.IntN(5) {
		name := fmt.Sprintf("k%d", i)
		props[name] = randomSchema(r, depth-1)
		if r.IntN(2) == 0 {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "properties": props, "required": required, "additionalProperties": false}
}

// valid is a validator for the keywords of randomSchema, independent of the grammar.
func valid(s map[string]any, v any) bool {
	if l, ok := s["enum"].([]any); ok {
		for _, x := range l {
			if a, _ := json.Marshal(x); string(a) == string(must(json.Marshal(v))) {
				return true
			}
		}
		return false
	}
	if l, ok := s["anyOf"].([]any); ok {
		for _, x := range l {
			if valid(x.(map[string]any), v) {
				return true
			}
		}
		return false
	}
	if l, ok := s["type"].([]any); ok {
		for _, x := range l {
			if valid(map[string]any{"type": x}, v) {
				return true
			}
		}
		return false
	}
	within := func(n int, lo, hi string) bool {
		l, ok1 := s[lo].(int)
		h, ok2 := s[hi].(int)
		return (!ok1 || n >= l) && (!ok2 || n <= h)
	}
	switch x := v.(type) {
	case nil:
		return s["type"] == "null"
	case bool:
		return s["type"] == "boolean"
	case float64:
		return s["type"] == "number" || s["type"] == "integer" && x == float64(int(x)) && within(int(x), "minimum", "maximum")
	case string:
		return s["type"] == "string" && within(utf8.RuneCountInString(x), "minLength", "maxLength")
	case []any:
		ok := s["type"] == "array" && within(len(x), "minItems", "maxItems")
		for _, e := range x {
			ok = ok && valid(s["items"].(map[string]any), e)
		}
		return ok
	case map[string]any:
		props, ok := s["properties"].(map[string]any)
		for k, e := range x {
			sub, known := props[k].(map[string]any)
			ok = ok && known && valid(sub, e)
		}
		if ok {
			for _, k := range s["required"].([]any) {
				_, has := x[k.(string)]
				ok = ok && has
			}
		}
		return ok
	}
	return false
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// randomText walks the grammar at random until it may end.
func randomText(g *Grammar, r *rand.Rand) (string, bool) {
	m, s, err := newMachine(g)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	for n := range 3000 {
		if s.done && (len(s.stacks) == 0 || r.IntN(3) == 0) {
			return b.String(), true
		}
		var c rune
		if n > 200 { // come to an end
			for _, c = range "\"}]e019" {
				if m.step(s, c) != nil {
					break
				}
			}
		}
		for m.step(s, c) == nil {
			it := &g.items[s.stacks[r.IntN(len(s.stacks))].at]
			if it.negat {
				c = []rune{'a', 'é', '猫', '😀', '/', ' '}[r.IntN(6)]
			} else {
				x := it.set[r.IntN(len(it.set))]
				c = x.lo + rune(r.IntN(int(x.hi-x.lo)+1))
			}
		}
		b.WriteRune(c)
		s = m.step(s, c)
	}
	return "", false
}

// TestSchemaProperty: what a schema's grammar makes always parses and validates.
func TestSchemaProperty(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	ended := 0
	for range 400 {
		s := randomSchema(r, 3)
		text := must(json.Marshal(s))
		gbnf, err := FromSchema(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		g, err := Parse(gbnf, "root")
		if err != nil {
			t.Fatalf("%s: %v\n%s", text, err, gbnf)
		}
		for range 5 {
			doc, ok := randomText(g, r)
			if !ok {
				continue
			}
			ended++
			var v any
			if err := json.Unmarshal([]byte(doc), &v); err != nil {
				t.Fatalf("%s\n%s made %s: %v", text, gbnf, doc, err)
			}
			if !valid(s, v) {
				t.Fatalf("%s\n%s made %s, which is not valid", text, gbnf, doc)
			}
		}
	}
	if ended < 1500 {
		t.Errorf("only %d of 2000 texts came to an end", ended)
	}
}

func FuzzSchema(f *testing.F) {
	f.Add([]byte(`{"type":"object","properties":{"a":{"type":"array","items":{"$ref":"#"}}},"required":["a"]}`))
	f.Add([]byte(`{"allOf":[{"$ref":"#/allOf/0"}]}`))
	f.Add([]byte(`{"anyOf":[{"type":["integer","null"],"minimum":-5}],"enum":[]}`))
	f.Fuzz(func(t *testing.T, schema []byte) {
		gbnf, err := FromSchema(schema)
		if err != nil {
			return
		}
		if _, err := Parse(gbnf, "root"); err != nil && !errors.Is(err, ErrLimit) && !strings.Contains(err.Error(), "left recursion") {
			t.Fatalf("%s: %v\n%s", schema, err, gbnf)
		}
	})
}

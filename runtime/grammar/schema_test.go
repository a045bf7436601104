package grammar

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
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
		{`{"type":"string","pattern":"^[a-c]{2}\\d+$"}`, []string{`"ab1"`, `"cc123"`}, []string{`"a1"`, `"ab"`, `"ad1"`, `ab1`}},
		{`{"pattern":"b"}`, []string{`"b"`, `"abc"`, `"\"b"`}, []string{`"ac"`, `""`}},
		{`{"pattern":"^(a|bc)*(?:x|y)?$"}`, []string{`""`, `"abcay"`, `"x"`}, []string{`"ba"`, `"xy"`}},
		{`{"pattern":"^foo$|^bar"}`, []string{`"foo"`, `"bar"`, `"barx"`}, []string{`"foox"`, `"xbar"`}},
		{`{"pattern":"^[^a\"]\\.\\s.$"}`, []string{`"b. x"`, `"\\.\n猫"`, `"é.\t\""`}, []string{`"a. x"`, `"b.xx"`, `"\". x"`}},
		{`{"pattern":"^\\u00e9[\\x41-\\u{42}\\-\\]]$"}`, []string{`"éA"`, `"é-"`, `"é]"`}, []string{`"éC"`, `"eA"`}},
		{`{"pattern":"^\\(\\d{3}\\) \\w+?$"}`, []string{`"(123) a_1"`}, []string{`"(12) a"`}},
		{`{"pattern":"^[a-z]+$","minLength":2,"maxLength":3}`, []string{`"ab"`, `"abc"`}, []string{`"a"`, `"abcd"`}},
		{`{"pattern":"^x[a-z]*y$","maxLength":4}`, []string{`"xy"`, `"xaby"`}, []string{`"xabcy"`}},
		{`{"pattern":"^a*$","maxLength":0}`, []string{`""`}, []string{`"a"`}},
		{`{"type":"integer","multipleOf":7}`, []string{`0`, `7`, `-14`, `700000000007`}, []string{`1`, `8`, `-1`, `07`, `-0`}},
		{`{"type":"integer","multipleOf":10,"minimum":-20,"exclusiveMaximum":30}`, []string{`-20`, `0`, `20`}, []string{`-30`, `30`, `5`}},
		{`{"multipleOf":0.01}`, []string{`1`, `-1.5`, `0.01`}, []string{`1.005`, `1e2`}},
		{`{"type":"number","minimum":0,"maximum":1}`, []string{`0`, `0.0`, `0.25`, `1`, `1.0`}, []string{`-0.1`, `1.01`, `2`, `-1`}},
		{`{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1}`, []string{`0.001`, `0.999`}, []string{`0`, `0.0`, `1`, `1.0`}},
		{`{"type":"number","minimum":-12.5,"maximum":-3.25}`, []string{`-12.5`, `-12.50`, `-12.49`, `-4`, `-3.25`, `-3.3`}, []string{`-12.51`, `-13`, `-3.24`, `-3`, `3.3`}},
		{`{"type":"number","minimum":99.05}`, []string{`99.05`, `99.1`, `100`, `12345.678`}, []string{`99`, `99.04`, `99.0499`, `-100`}},
		{`{"type":"number","minimum":1.25,"maximum":1.3}`, []string{`1.25`, `1.275`, `1.3`, `1.30`}, []string{`1.2`, `1.24`, `1.301`, `1`, `2`}},
		{`{"minimum":5,"exclusiveMinimum":true}`, []string{`5.1`, `6`}, []string{`5`, `5.0`}},
		{`{"maxItems":1,"prefixItems":[{"const":1},{"const":2}]}`, []string{`[1]`}, []string{`[1,2]`}},
		{`{"items":[{"const":1}],"additionalItems":{"const":2}}`, []string{`[1]`, `[1,2,2]`}, []string{`[2]`}},
		{`{"format":"date"}`, []string{`"2026-01-31"`, `"2026-11-30"`}, []string{`"2026-02-30"`, `"2026-11-31"`}},
		{`{"allOf":[{"properties":{"a":{"minimum":1}}},{"properties":{"a":{"type":"integer","maximum":2}}}],"required":["a"]}`, []string{`{"a":1}`, `{"a":2}`}, []string{`{"a":0}`, `{"a":3}`, `{"a":1.5}`}},
		{`{"allOf":[{"properties":{"a":{"const":1}},"additionalProperties":false},{"properties":{"b":{"const":2}}}]}`, []string{`{"a":1}`, `{}`}, []string{`{"b":2}`}},
		{`{"properties":{"a":{"const":1},"b":{"const":2}},"anyOf":[{"required":["a"]},{"required":["b"]}]}`, []string{`{"a":1}`, `{"b":2}`, `{"a":1,"b":2}`}, []string{`{}`}},
		{`{"type":"object","$ref":"#/$defs/x","required":["a"],"$defs":{"x":{"properties":{"a":{"const":1}}}}}`, []string{`{"a":1}`}, []string{`{}`}},
		{`{"const":2,"enum":[1,2]}`, []string{`2`}, []string{`1`}},
		{`{"type":"string","enum":["a",1,"b"]}`, []string{`"a"`, `"b"`}, []string{`1`}},
		{`{"enum":[1,2,3],"allOf":[{"enum":[2,3,4]}]}`, []string{`2`, `3`}, []string{`1`, `4`}},
		{`{"patternProperties":{"^x":{"type":"null"}},"properties":{"x1":{"type":["null","boolean"]},"y":{"const":1}},"required":["x1"]}`, []string{`{"x1":null}`, `{"x1":null,"y":1}`}, []string{`{"x1":true}`}},
		{`{"patternProperties":{"^x\\d$":{"type":"null"}}}`, []string{`{}`, `{"x1":null,"x2":null}`}, []string{`{"y":null}`, `{"x1":1}`}},
		{`{"propertyNames":{"enum":["a","b"]},"additionalProperties":{"const":1}}`, []string{`{}`, `{"a":1,"b":1}`}, []string{`{"c":1}`, `{"a":2}`}},
		{`{"properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3}},"minProperties":1,"maxProperties":2}`, []string{`{"a":1}`, `{"a":1,"b":2}`}, []string{`{}`, `{"b":2}`}},
		{`{"properties":{"a":{"const":1},"b":{"const":2}},"dependentRequired":{"a":["b"]}}`, []string{`{"a":1,"b":2}`, `{"b":2}`}, []string{`{"a":1}`}},
		{`{"$ref":"#/definitions/a%20b","definitions":{"a b":{"const":1}}}`, []string{`1`}, []string{`2`}},
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
		`{"not":{}}`: `"not" is not supported`, `{"pattern":"(?=a)"}`: "look-around", `{"pattern":"a\\b"}`: "is not supported", `{"pattern":"(a+)\\1"}`: "is not supported",
		`{"pattern":"^a*b*$","maxLength":3}`: "put the length into the pattern", `{"pattern":"^a$","minLength":2}`: "together with", `{"pattern":"a**"}`: "nothing to repeat",
		`{"pattern":"^a$","format":"uuid"}`: "together with format", `{"format":"uuid","maxLength":3}`: "36 to 36", `{"format":"time","maxLength":10}`: "forbids", `{"allOf":[{"type":"string"},{"type":"integer"}]}`: "allows nothing",
		`{"type":"integer","multipleOf":1000}`: "at most 100", `{"type":"number","multipleOf":0.3}`: "power of ten", `{"multipleOf":0}`: "more than 0", `{"type":"integer","multipleOf":7,"minimum":1,"maximum":6}`: "no multiple",
		`{"type":"number","minimum":2,"maximum":1}`: "no number", `{"enum":[1,2],"type":"string"}`: "no value of enum", `{"minProperties":3,"properties":{"a":{}}}`: "do not fit", `{"allOf":[{"pattern":"a"},{"pattern":"b"}]}`: "twice",
		`{"type":"string","minLength":3,"maxLength":2}`: "more than",
		`{"$ref":"http://x"}`:                           "within", `{"$ref":"#/nowhere"}`: "no \"nowhere\"", `{"$ref":"#"}`: "refers to itself", `{"enum":[]}`: "not empty",
		`{"type":"integer","minimum":2,"maximum":1}`: "no integer",
		`{"allOf":[{"type":[[]]},{"type":[[1]]}]}`:   "want names", `{"type":["null","null","null","null","null","null","null","null"]}`: "at most 7",
		`{"properties":{"a":{"uniqueItems":true}}}`: "root/a", `{"required":["a"],"additionalProperties":false}`: `member "a" is required`,
		`{"minLength":100000}`: "want 0 to", `{"a":1} 2`: "after the document", strings.Repeat(`{"items":`, 100) + "1" + strings.Repeat("}", 100): "deep",
	} {
		if _, err := FromSchema([]byte(schema)); !errors.Is(err, ErrSchema) || !strings.Contains(strings.Replace(err.Error(), "references into the document", "within", 1), want) {
			t.Errorf("%.60s: %v; want %q", schema, err, want)
		}
	}
}

// TestSchemaBombs wants an answer for hostile schemas in little time.
func TestSchemaBombs(t *testing.T) {
	var many, refs, required, patterns strings.Builder
	for i := range 60000 {
		fmt.Fprintf(&many, `"k%d":{},`, i)
		fmt.Fprintf(&required, `"k%d",`, i)
	}
	for i := range 1000 {
		fmt.Fprintf(&patterns, `"%d%s":{},`, i, strings.Repeat("[a-z]x?", 100))
	}
	for i := range 60 {
		fmt.Fprintf(&refs, `"a%d":{"allOf":[{"$ref":"#/$defs/a%d"},{"$ref":"#/$defs/a%d"}]},`, i, i+1, i+1)
	}
	list := func(item string, n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	for name, schema := range map[string]string{
		"members":      `{"properties":{` + many.String() + `"x":{}}}`,
		"merged":       `{"allOf":` + list(`{"properties":{`+many.String()[:5000]+`"x":{}}}`, 100) + `}`,
		"required":     `{"required":[` + required.String() + `"x"]}`,
		"doubled refs": `{"$ref":"#/$defs/a0","title":"x","required":["a"],"$defs":{` + refs.String() + `"a60":{}}}`,
		"any of any":   `{"anyOf":` + list(`{"anyOf":[{"maxLength":3},{"maxLength":4}],"minLength":1}`, 3000) + `,"allOf":[{"anyOf":` + list(`{"minLength":2}`, 3000) + `}]}`,
		"enums":        `{"enum":` + list(`"aaaaaaaa"`, 40000) + `,"allOf":[{"enum":` + list(`"b"`, 40000) + `}]}`,
		"lengths":      `{"items":{"items":{"items":{"maxLength":2000},"maxItems":2000},"maxItems":2000}}`,
		"pattern":      `{"pattern":"` + strings.Repeat("(a{2000}", 40) + strings.Repeat("){2000}", 40) + `"}`,
		"pattern deep": `{"pattern":"` + strings.Repeat("(", 100000) + `"}`,
		"class":        `{"pattern":"[` + strings.Repeat("ab", 200000) + `]"}`,
		"size":         `"` + strings.Repeat("x", maxText) + `"`,
		"patterns":     `{"properties":{` + many.String()[:10000] + `"x":{}},"patternProperties":{` + patterns.String() + `"x":{}}}`,
		"enum pattern": `{"pattern":"` + strings.Repeat("[a-z]x?", 1000) + `","enum":` + list(`"a"`, 100000) + `}`,
		"types":        `{"multipleOf":7,"minimum":0,"maximum":6000,"type":` + list(`"integer"`, 50000) + `}`,
		"multiples":    `{"anyOf":` + list(`{"type":"integer","multipleOf":7,"minimum":0,"maximum":6000}`, 9000) + `}`,
		"long pattern": `{"pattern":"` + strings.Repeat(`\\D`, 200000) + `"}`,
	} {
		start := time.Now()
		gbnf, err := FromSchema([]byte(schema))
		if err == nil {
			_, err = Parse(gbnf, "root")
		}
		if took := time.Since(start); took > 10*time.Second { // alone less than two
			t.Errorf("%s: took %v (%.100v)", name, took, err)
		}
	}
}

func FuzzSchema(f *testing.F) {
	f.Add([]byte(`{"type":"object","properties":{"a":{"type":"array","items":{"$ref":"#"}}},"required":["a"]}`))
	f.Add([]byte(`{"allOf":[{"$ref":"#/allOf/0"}]}`))
	f.Add([]byte(`{"anyOf":[{"type":["integer","null"],"minimum":-5}],"enum":[]}`))
	for _, s := range []string{
		`{"pattern":"^(a|[b-d]{2,}\\d?)+\\.x*$","minLength":2,"maxLength":9}`, `{"type":"number","exclusiveMinimum":-1.25,"maximum":33.3,"multipleOf":0.01}`,
		`{"type":"integer","minimum":-70,"maximum":1234,"multipleOf":7}`, `{"allOf":[{"properties":{"a":{"minimum":1}},"additionalProperties":false},{"$ref":"#/$defs/x"}],"$defs":{"x":{"required":["a"],"anyOf":[{"type":"object"},{"maxProperties":2}]}}}`,
		`{"type":"object","patternProperties":{"^x\\w$":{"enum":[1,"a",null]}},"propertyNames":{"maxLength":4},"minProperties":1}`, `{"items":[{"const":1},{"format":"date-time"}],"additionalItems":false,"maxItems":1}`,
		`{"type":["string","null"],"format":"uuid","dependentRequired":{"a":["b"]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, schema []byte) {
		start := time.Now()
		defer func() {
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		}()
		gbnf, err := FromSchema(schema)
		if err != nil {
			return
		}
		if _, err := Parse(gbnf, "root"); err != nil && !errors.Is(err, ErrLimit) && !strings.Contains(err.Error(), "left recursion") {
			t.Fatalf("%s: %v\n%s", schema, err, gbnf)
		}
	})
}

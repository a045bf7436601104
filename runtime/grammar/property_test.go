package grammar

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// doc is a JSON object in the tests.
type doc = map[string]any

var randomPatterns = []string{"^[a-c]{1,3}$", "b", "^(x|yz)+\\d?$", "^[^a\"\\\\]*$", "^\\w+@\\w+\\.de$", "^a|b$", "^.$", "^\\S\\d$", "^(?:ab){2,3}[é-ü]$"}

// randomSchema makes schemas from the supported keywords.
func randomSchema(r *rand.Rand, depth int) doc {
	kind := r.IntN(17)
	if depth == 0 {
		kind = r.IntN(8)
	}
	switch kind {
	case 0:
		return doc{"type": []any{"null", "boolean"}[r.IntN(2)]}
	case 1:
		lo := r.IntN(2000) - 1000
		return doc{"type": "integer", "minimum": lo, "maximum": lo + r.IntN(1500)}
	case 2:
		lo := r.IntN(4)
		return doc{"type": "string", "minLength": lo, "maxLength": lo + r.IntN(5)}
	case 3:
		return doc{"enum": []any{"x", 1, nil, "é\"\n"}[:1+r.IntN(4)]}
	case 4:
		s := doc{"type": "number"}
		lo := float64(r.IntN(4000)-2000) / []float64{1, 2, 8, 100, 1000}[r.IntN(5)]
		if r.IntN(2) == 0 {
			s[[]string{"minimum", "exclusiveMinimum"}[r.IntN(2)]] = lo
		}
		if r.IntN(2) == 0 {
			s[[]string{"maximum", "exclusiveMaximum"}[r.IntN(2)]] = lo + float64(1+r.IntN(900))/[]float64{1, 4, 100}[r.IntN(3)]
		}
		return s
	case 5:
		return doc{"type": []any{"string", "integer"}}
	case 6:
		return doc{"type": "string", "pattern": randomPatterns[r.IntN(len(randomPatterns))]}
	case 7:
		if r.IntN(3) == 0 {
			return doc{"type": "string", "format": []string{"date", "time", "date-time", "uuid"}[r.IntN(4)]}
		}
		lo := r.IntN(400) - 200
		s := doc{"type": "integer", "multipleOf": 2 + r.IntN(98)}
		if r.IntN(2) == 0 {
			s["minimum"] = lo
		}
		if r.IntN(2) == 0 {
			s["exclusiveMaximum"] = lo + 100 + r.IntN(5000)
		}
		return s
	case 8:
		lo := r.IntN(3)
		return doc{"type": "array", "items": randomSchema(r, depth-1), "minItems": lo, "maxItems": lo + r.IntN(3)}
	case 9:
		return doc{"type": "array", "prefixItems": []any{randomSchema(r, depth-1), randomSchema(r, depth-1)}, "items": randomSchema(r, depth-1), "maxItems": r.IntN(4)}
	case 10:
		return doc{"anyOf": []any{randomSchema(r, depth-1), randomSchema(r, depth-1)}}
	case 11:
		return doc{"allOf": []any{randomObject(r, depth), randomObject(r, depth)}}
	case 12:
		s := randomObject(r, depth)
		s["anyOf"] = []any{doc{"required": []any{"k0"}}, doc{"required": []any{"k1"}, "maxProperties": 3}}
		return s
	case 13:
		return doc{"type": "object", "patternProperties": doc{"^[ab]{1,3}$": randomSchema(r, depth-1)}, "maxProperties": 1 + r.IntN(3)}
	case 14:
		return doc{"type": "object", "propertyNames": doc{"pattern": "^x[0-9]$"}, "additionalProperties": randomSchema(r, depth-1)}
	}
	return randomObject(r, depth)
}

func randomObject(r *rand.Rand, depth int) doc {
	props, required := doc{}, []any{}
	for i := range r.IntN(5) {
		name := fmt.Sprintf("k%d", i)
		props[name] = randomSchema(r, depth-1)
		if r.IntN(2) == 0 {
			required = append(required, name)
		}
	}
	s := doc{"type": "object", "properties": props, "required": required}
	switch r.IntN(5) {
	case 0:
		s["additionalProperties"] = false
	case 1:
		s["patternProperties"] = doc{"^k[01]$": randomSchema(r, 0)}
	case 2:
		s["minProperties"] = r.IntN(2)
	}
	return s
}

// valid is a validator for the keywords of randomSchema, independent of the grammar. The numbers of s and v are
// float64, as encoding/json makes them.
func valid(s doc, v any) bool {
	limit := func(n float64, low, high string) bool {
		lo, ok1 := s[low].(float64)
		hi, ok2 := s[high].(float64)
		return (!ok1 || n >= lo) && (!ok2 || n <= hi)
	}
	every := func(key string) (all, any bool) {
		list, ok := s[key].([]interface{})
		all = true
		for _, x := range list {
			one := valid(x.(doc), v)
			all, any = all && one, any || one
		}
		return all, any || !ok
	}
	if all, _ := every("allOf"); !all {
		return false
	}
	if _, any := every("anyOf"); !any {
		return false
	}
	if l, ok := s["enum"].([]any); ok && !slices.ContainsFunc(l, func(x any) bool { return string(must(json.Marshal(x))) == string(must(json.Marshal(v))) }) {
		return false
	}
	if t, ok := s["type"]; ok {
		list, ok := t.([]any)
		if !ok {
			list = []any{t}
		}
		if !slices.ContainsFunc(list, func(t any) bool { return isType(v, t.(string)) }) {
			return false
		}
	}
	switch x := v.(type) {
	case float64:
		if lo, ok := s["exclusiveMinimum"].(float64); ok && x <= lo {
			return false
		}
		if hi, ok := s["exclusiveMaximum"].(float64); ok && x >= hi {
			return false
		}
		if m, ok := s["multipleOf"].(float64); ok && math.Abs(x) < 1<<53 && math.Mod(x, m) != 0 {
			return false
		}
		return limit(x, "minimum", "maximum")
	case string:
		if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(x) {
			return false
		}
		return limit(float64(utf8.RuneCountInString(x)), "minLength", "maxLength") && validFormat(s["format"], x)
	case []any:
		prefix, _ := s["prefixItems"].([]any)
		for i, e := range x {
			sub, ok := s["items"].(doc)
			if i < len(prefix) {
				sub, ok = prefix[i].(doc), true
			}
			if ok && !valid(sub, e) {
				return false
			}
		}
		return limit(float64(len(x)), "minItems", "maxItems")
	case doc:
		return limit(float64(len(x)), "minProperties", "maxProperties") && validMembers(s, x)
	}
	return true
}

func validFormat(format any, x string) bool {
	layout := map[any]string{"date": "2006-01-02", "time": "15:04:05Z07:00", "date-time": "2006-01-02T15:04:05Z07:00"}[format]
	if layout != "" {
		_, err := time.Parse(layout, x)
		return err == nil
	}
	return format != "uuid" || regexp.MustCompile("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$").MatchString(x)
}

func isType(v any, t string) bool {
	switch x := v.(type) {
	case nil:
		return t == "null"
	case bool:
		return t == "boolean"
	case float64:
		return t == "number" || t == "integer" && x == math.Trunc(x)
	case string:
		return t == "string"
	case []any:
		return t == "array"
	}
	return t == "object"
}

func validMembers(s, x doc) bool {
	props, _ := s["properties"].(doc)
	patterns, _ := s["patternProperties"].(doc)
	required, _ := s["required"].([]any)
	for _, k := range required {
		if _, has := x[k.(string)]; !has {
			return false
		}
	}
	for k, e := range x {
		sub, known := props[k].(doc)
		if known && !valid(sub, e) {
			return false
		}
		for p, sub := range patterns {
			if regexp.MustCompile(p).MatchString(k) {
				if known = true; !valid(sub.(doc), e) {
					return false
				}
			}
		}
		if more, ok := s["additionalProperties"].(doc); ok && !known && !valid(more, e) {
			return false
		}
		if s["additionalProperties"] == false && !known {
			return false
		}
		if names, ok := s["propertyNames"].(doc); ok && !valid(names, k) {
			return false
		}
	}
	return true
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

// TestSchemaProperty: what a schema's grammar makes always parses and validates. LLAMABOOT_SCHEMAS names a file to write
// the schemas and documents to, one pair on a line, for other validators.
func TestSchemaProperty(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var pairs strings.Builder
	made, ended, nothing := 0, 0, 0
	for range 600 {
		text := must(json.Marshal(randomSchema(r, 3)))
		gbnf, err := FromSchema(text)
		if err != nil {
			if strings.Contains(err.Error(), "do not fit") || strings.Contains(err.Error(), "allows nothing") || strings.Contains(err.Error(), "twice") || strings.Contains(err.Error(), "together with") || strings.Contains(err.Error(), "forbids") {
				nothing++ // two random schemas together often allow nothing
				continue
			}
			t.Fatalf("%s: %v", text, err)
		}
		g, err := Parse(gbnf, "root")
		if err != nil {
			t.Fatalf("%s: %v\n%s", text, err, gbnf)
		}
		var s doc
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			made++
			document, ok := randomText(g, r)
			if !ok {
				continue
			}
			ended++
			var v any
			if err := json.Unmarshal([]byte(document), &v); err != nil {
				t.Fatalf("%s\n%s made %s: %v", text, gbnf, document, err)
			}
			if !valid(s, v) {
				t.Fatalf("%s\n%s made %s, which is not valid", text, gbnf, document)
			}
			fmt.Fprintf(&pairs, "%s\t%s\n", text, must(json.Marshal(v)))
		}
	}
	t.Logf("%d texts of %d ended; %d schemas allowed nothing", ended, made, nothing)
	if ended < made*7/10 || nothing > 150 {
		t.Errorf("only %d of %d texts came to an end, %d schemas allowed nothing", ended, made, nothing)
	}
	if name := os.Getenv("LLAMABOOT_SCHEMAS"); name != "" {
		if err := os.WriteFile(name, []byte(pairs.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

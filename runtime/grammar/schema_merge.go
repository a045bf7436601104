package grammar

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"unicode/utf8"
)

// merge makes one schema of several that all have to hold: their references are followed, what is in their allOf is
// taken in.
func (c *converter) merge(parts []any, path string) (*object, error) {
	flat, err := c.flatten(nil, parts, path, 0)
	if err != nil {
		return nil, err
	}
	out := &object{}
	for _, p := range flat {
		for i, k := range p.keys {
			if slices.Contains(annotations, k) || slices.Contains([]string{"allOf", "$ref", "additionalProperties", "properties"}, k) {
				continue
			}
			old, had := out.get(k)
			v := p.values[i]
			if had {
				if v, err = c.both(k, old, v, path); err != nil {
					return nil, err
				}
			}
			out.set(k, v)
		}
	}
	return out, c.mergeMembers(out, flat, path)
}

// flatten lists schemas without references and allOf.
func (c *converter) flatten(out []*object, parts []any, path string, depth int) ([]*object, error) {
	if depth > maxSchemaDepth {
		return nil, c.fail(path, "more than %d references in a row", maxSchemaDepth)
	}
	for _, x := range parts {
		if x == true {
			continue
		}
		if x == false {
			return nil, c.nothing(path, "false")
		}
		s, ok := x.(*object)
		if !ok {
			return nil, c.fail(path, "allOf: want schemas, got %.60v", x)
		}
		if c.work++; c.work > maxSchemas {
			return nil, c.fail(path, "more than %d schemas, counting those referred to and combined", maxSchemas)
		}
		var inner []any
		if ref, ok := s.get("$ref"); ok {
			t, err := c.target(ref, path)
			if err != nil {
				return nil, err
			}
			inner = append(inner, t)
		}
		if v, ok := s.get("allOf"); ok {
			list, ok := v.([]any)
			if !ok {
				return nil, c.fail(path, "allOf: want a list")
			}
			inner = append(inner, list...)
		}
		out = append(out, s)
		var err error
		if out, err = c.flatten(out, inner, path, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// schemas makes a schema of all in the list.
func schemas(list ...any) any {
	o := &object{}
	o.set("allOf", list)
	return o
}

// both is the value of a keyword that two schemas have.
func (c *converter) both(keyword string, a, b any, path string) (any, error) {
	x, y := encode(a), encode(b)
	if c.work += (len(x) + len(y)) / 1000; x == y { // comparing costs as much as many schemas
		return a, nil
	}
	switch keyword {
	case "type":
		return c.bothTypes(a, b, path)
	case "required":
		l, ok1 := a.([]any)
		m, ok2 := b.([]any)
		if ok1 && ok2 {
			return slices.Concat(l, m), nil
		}
	case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties":
		x, ok1 := a.(json.Number)
		y, ok2 := b.(json.Number)
		f, err1 := x.Float64()
		g, err2 := y.Float64()
		if ok1 && ok2 && err1 == nil && err2 == nil {
			least := keyword[:3] == "min" || keyword == "exclusiveMinimum"
			if least == (f >= g) {
				return a, nil
			}
			return b, nil
		}
	case "const":
		return nil, c.nothing(path, "two values of const")
	case "enum":
		return c.bothEnums(a, b, path)
	case "items", "propertyNames", "additionalItems":
		return schemas(a, b), nil
	case "anyOf", "oneOf":
		l, ok1 := a.([]any)
		m, ok2 := b.([]any)
		if ok1 && ok2 && len(l)*len(m) <= maxSchemas {
			var all []any
			for _, x := range l {
				for _, y := range m {
					all = append(all, schemas(x, y))
				}
			}
			return all, nil
		}
	case "patternProperties", "dependentRequired":
		x, ok1 := a.(*object)
		y, ok2 := b.(*object)
		if ok1 && ok2 {
			out := x.clone()
			for i, k := range y.keys {
				v := y.values[i]
				if old, had := out.get(k); had && keyword == "patternProperties" {
					v = schemas(old, v)
				} else if had {
					both, err := c.both("required", old, v, path)
					if err != nil {
						return nil, err
					}
					v = both
				}
				out.set(k, v)
			}
			return out, nil
		}
	}
	return nil, c.fail(path, "keyword %q is there twice, which is not supported", keyword)
}

// typeList is a value of type as a list.
func typeList(t any) []any {
	if l, ok := t.([]any); ok {
		return l
	}
	return []any{t}
}

// bothTypes are the types of two lists; an integer is a number too.
func (c *converter) bothTypes(a, b any, path string) (any, error) {
	out := []any{}
	for _, x := range typeList(a) {
		for _, y := range typeList(b) {
			if _, isName := x.(string); !isName { // lists cannot be compared
				return nil, c.fail(path, "type %s: want names", encode(a))
			}
			switch {
			case x == y, x == "integer" && y == "number":
				out = append(out, x)
			case x == "number" && y == "integer":
				out = append(out, y)
			}
		}
	}
	if len(out) == 0 {
		return nil, c.nothing(path, "types %s and %s", encode(a), encode(b))
	}
	return out, nil
}

func (c *converter) bothEnums(a, b any, path string) (any, error) {
	l, _ := a.([]any)
	m, _ := b.([]any)
	there := map[string]bool{}
	for _, y := range m {
		there[encode(y)] = true
	}
	var out []any
	for _, x := range l {
		if there[encode(x)] {
			out = append(out, x)
		}
	}
	if out == nil {
		return nil, c.nothing(path, "enum and enum")
	}
	return out, nil
}

// mergeMembers merges properties and additionalProperties: what one schema leaves to its additionalProperties another
// may describe.
func (c *converter) mergeMembers(out *object, parts []*object, path string) error {
	props := &object{}
	var names []string
	var more []any
	for _, p := range parts {
		v, ok := p.get("properties")
		o, isObject := v.(*object)
		if ok && !isObject {
			return c.fail(path, "properties: want an object")
		}
		if ok {
			names = append(names, o.keys...)
		}
	}
	if c.work += len(names) * len(parts) / 10; c.work > maxSchemas {
		return c.fail(path, "%d schemas with %d members are too many to combine", len(parts), len(names))
	}
	for _, p := range parts {
		v, _ := p.get("properties")
		own, _ := v.(*object)
		if own == nil {
			own = &object{}
		}
		rest, closed := p.get("additionalProperties")
		if closed {
			more = append(more, rest)
		}
		for _, n := range names {
			sub, ok := own.get(n)
			if !ok {
				matched, err := c.matchesAny(p, n, path)
				if err != nil {
					return err
				}
				if sub = rest; !closed || matched {
					continue
				}
			}
			if old, had := props.get(n); had && encode(old) != encode(sub) {
				sub = schemas(old, sub)
			}
			props.set(n, sub)
		}
	}
	if len(names) > 0 {
		out.set("properties", props)
	}
	switch {
	case slices.Contains(more, any(false)):
		out.set("additionalProperties", false)
	case len(more) == 1:
		out.set("additionalProperties", more[0])
	case len(more) > 1:
		out.set("additionalProperties", schemas(more...))
	}
	return nil
}

// admits says whether a value of enum or const has the right type and size for the rest of its schema, whose pattern is
// nil where it counts for nothing. What is inside lists and objects is taken to be right.
func (s *object) admits(v any, pattern *regexp.Regexp) bool {
	if t, ok := s.get("type"); ok && !slices.ContainsFunc(typeList(t), func(t any) bool { return hasType(v, t) }) {
		return false
	}
	within := func(n float64, low, high string, open bool) bool {
		for _, k := range []string{low, high} {
			x, _ := s.get(k)
			num, ok := x.(json.Number)
			b, err := num.Float64()
			if ok && err == nil && (k == low && n < b || k == high && n > b || open && n == b) {
				return false
			}
		}
		return true
	}
	switch x := v.(type) {
	case json.Number:
		f, err := x.Float64()
		if m, ok := s.get("multipleOf"); ok {
			n, _ := m.(json.Number)
			d, err := n.Float64()
			q := f / d
			if err != nil || math.Abs(q-math.Round(q)) > 1e-9*math.Max(1, math.Abs(q)) {
				return false
			}
		}
		return err == nil && within(f, "minimum", "maximum", false) && within(f, "exclusiveMinimum", "exclusiveMaximum", true)
	case string:
		if pattern != nil && !pattern.MatchString(x) {
			return false
		}
		return within(float64(utf8.RuneCountInString(x)), "minLength", "maxLength", false)
	case []any:
		return within(float64(len(x)), "minItems", "maxItems", false)
	case *object:
		return within(float64(len(x.keys)), "minProperties", "maxProperties", false)
	}
	return true
}

// hasType says whether a value has a type of JSON Schema.
func hasType(v, t any) bool {
	switch x := v.(type) {
	case nil:
		return t == "null"
	case bool:
		return t == "boolean"
	case string:
		return t == "string"
	case []any:
		return t == "array"
	case *object:
		return t == "object"
	case json.Number:
		f, err := x.Float64()
		return t == "number" || t == "integer" && err == nil && f == math.Trunc(f)
	}
	return false
}

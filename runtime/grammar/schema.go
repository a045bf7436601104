package grammar

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrSchema is wrapped by errors about JSON schemas, among them keywords that cannot be turned into a grammar.
var ErrSchema = errors.New("JSON schema")

// FromSchema makes a grammar, in GBNF with root as first symbol, whose texts are JSON documents that are valid under
// the schema (JSON Schema 2020-12). It may allow fewer documents than the schema: members come in the order of the
// schema, undeclared members only where nothing is declared, white space is at most one blank.
//
// Supported: type, properties, required, additionalProperties, items, prefixItems, minItems, maxItems, enum, const,
// anyOf, oneOf (as anyOf), allOf of objects, $ref within the document, minLength, maxLength, format (date, time,
// date-time, uuid), minimum, maximum and their exclusive forms for integers. Other keywords that restrict are refused.
func FromSchema(schema []byte) (string, error) {
	root, err := parseJSON(schema)
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrSchema, err)
	}
	c := &converter{root: root, rules: map[string]string{}, refs: map[string]string{}}
	body, err := c.value(root, "root")
	if err != nil {
		return "", err
	}
	if c.rules["root"] == "" {
		c.define("root", body)
	}
	var b strings.Builder
	for _, name := range c.order {
		fmt.Fprintf(&b, "%s ::= %s\n", name, c.rules[name])
	}
	return b.String(), nil
}

// AnyJSON is the schema of everything.
const AnyJSON = `{}`

// primitive rules, added when they are used.
var primitives = map[string]string{
	"ws":      `" "?`,
	"boolean": `"true" | "false"`,
	"null":    `"null"`,
	"integer": `"-"? ("0" | [1-9] [0-9]{0,15})`,
	"number":  `integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,2})?`,
	// Escaped surrogates are left out: alone they are no character.
	"char":      `[^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" ([0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}))`,
	"string":    `"\"" char* "\""`,
	"value":     `object | array | string | number | boolean | null`,
	"object":    `"{" ws (string ":" ws value ("," ws string ":" ws value)*)? ws "}"`,
	"array":     `"[" ws (value ("," ws value)*)? ws "]"`,
	"date":      `[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | "1" [0-9] | "2" [0-8])`,
	"time":      `([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{3})? ("Z" | [+-] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])`,
	"date-time": `date "T" time`,
	"uuid":      `[0-9a-fA-F]{8} "-" [0-9a-fA-F]{4} "-" [0-9a-fA-F]{4} "-" [0-9a-fA-F]{4} "-" [0-9a-fA-F]{12}`,
}

// uses lists the primitives a primitive refers to.
var uses = map[string][]string{"number": {"integer"}, "string": {"char"}, "value": {"object", "array", "string", "number", "boolean", "null"},
	"object": {"ws", "string", "value"}, "array": {"ws", "value"}, "date-time": {"date", "time"}}

type converter struct {
	root  any
	rules map[string]string
	order []string
	refs  map[string]string // rule of a $ref
	depth int
}

func (c *converter) define(name, body string) {
	if _, ok := c.rules[name]; !ok {
		c.order = append(c.order, name)
	}
	c.rules[name] = body
}

// use makes sure a primitive rule is defined and returns its name.
func (c *converter) use(name string) string {
	if _, ok := c.rules[name]; !ok {
		c.define(name, primitives[name])
		for _, u := range uses[name] {
			c.use(u)
		}
	}
	return name
}

func (c *converter) fail(path, format string, args ...any) error {
	return fmt.Errorf("%w: at %s: %s", ErrSchema, path, fmt.Sprintf(format, args...))
}

// maxSchemaDepth bounds the nesting of a schema.
const maxSchemaDepth = 64

// refused are keywords that restrict what is valid and that a grammar cannot express, or not yet.
var refused = []string{"pattern", "multipleOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas",
	"propertyNames", "patternProperties", "minProperties", "maxProperties", "uniqueItems", "contains", "unevaluatedProperties",
	"unevaluatedItems", "$dynamicRef"}

// value returns the right side of a rule for a schema; path names it in errors and rules.
func (c *converter) value(schema any, path string) (string, error) {
	if c.depth++; c.depth > maxSchemaDepth {
		return "", c.fail(path, "nested more than %d deep", maxSchemaDepth)
	}
	defer func() { c.depth-- }()
	if b, ok := schema.(bool); ok {
		if !b {
			return "", c.fail(path, "false allows nothing")
		}
		return c.use("value"), nil
	}
	s, ok := schema.(*object)
	if !ok {
		return "", c.fail(path, "want an object or a bool, got %v", schema)
	}
	for _, k := range refused {
		if v, ok := s.get(k); ok && v != false {
			return "", c.fail(path, "keyword %q is not supported", k)
		}
	}
	if ref, ok := s.get("$ref"); ok {
		return c.reference(ref, path)
	}
	if v, ok := s.get("const"); ok {
		return literal(v), nil
	}
	if v, ok := s.get("enum"); ok {
		return c.enum(v, path)
	}
	for _, k := range []string{"anyOf", "oneOf"} {
		if v, ok := s.get(k); ok {
			return c.anyOf(v, path)
		}
	}
	if v, ok := s.get("allOf"); ok {
		merged, err := c.allOf(s, v, path)
		if err != nil {
			return "", err
		}
		return c.value(merged, path)
	}
	return c.typed(s, path)
}

// typed handles schemas by their type, or by the keywords that imply one.
func (c *converter) typed(s *object, path string) (string, error) {
	t, ok := s.get("type")
	if !ok {
		switch {
		case s.has("properties", "required", "additionalProperties"):
			t = "object"
		case s.has("items", "prefixItems", "minItems", "maxItems"):
			t = "array"
		case s.has("minLength", "maxLength", "format"):
			t = "string"
		case s.has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
			t = "number"
		default:
			return c.use("value"), nil
		}
	}
	if list, ok := t.([]any); ok {
		var alts []string
		for _, x := range list {
			one := s.with("type", x)
			body, err := c.typed(one, path)
			if err != nil {
				return "", err
			}
			alts = append(alts, "("+body+")")
		}
		if len(alts) == 0 {
			return "", c.fail(path, "an empty list of types allows nothing")
		}
		return strings.Join(alts, " | "), nil
	}
	switch t {
	case "object":
		return c.object(s, path)
	case "array":
		return c.array(s, path)
	case "string":
		return c.str(s, path)
	case "integer":
		return c.integer(s, path)
	case "number":
		for _, k := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} {
			if s.has(k) {
				return "", c.fail(path, "keyword %q is only supported for integers", k)
			}
		}
		return c.use("number"), nil
	case "boolean", "null":
		return c.use(t.(string)), nil
	}
	return "", c.fail(path, "unknown type %v", t)
}

// reference follows "#", "#/$defs/NAME" and other pointers into the document. A rule is made for each, so that
// schemas may be recursive.
func (c *converter) reference(ref any, path string) (string, error) {
	r, ok := ref.(string)
	if !ok || !strings.HasPrefix(r, "#") {
		return "", c.fail(path, "$ref %v: only references into the document are supported", ref)
	}
	if name, ok := c.refs[r]; ok {
		return name, nil
	}
	at := c.root
	for _, part := range strings.Split(strings.Trim(r[1:], "/"), "/") {
		if part == "" {
			continue
		}
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch x := at.(type) {
		case *object:
			if at, ok = x.get(part); !ok {
				return "", c.fail(path, "$ref %s: there is no %q", r, part)
			}
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(x) {
				return "", c.fail(path, "$ref %s: there is no %q", r, part)
			}
			at = x[i]
		default:
			return "", c.fail(path, "$ref %s: there is no %q", r, part)
		}
	}
	name := fmt.Sprintf("ref%d", len(c.refs))
	c.refs[r] = name
	c.define(name, "")
	body, err := c.value(at, r)
	if err != nil {
		return "", err
	}
	if body == name {
		return "", c.fail(path, "$ref %s refers to itself", r)
	}
	c.rules[name] = body
	return name, nil
}

func (c *converter) enum(v any, path string) (string, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return "", c.fail(path, "enum: want a list that is not empty")
	}
	var alts []string
	for _, x := range list {
		alts = append(alts, literal(x))
	}
	return strings.Join(alts, " | "), nil
}

func (c *converter) anyOf(v any, path string) (string, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return "", c.fail(path, "anyOf: want a list that is not empty")
	}
	var alts []string
	for i, x := range list {
		body, err := c.value(x, fmt.Sprintf("%s/anyOf/%d", path, i))
		if err != nil {
			return "", err
		}
		alts = append(alts, "("+body+")")
	}
	return strings.Join(alts, " | "), nil
}

// allOf merges the members and required lists of object schemas.
func (c *converter) allOf(s *object, v any, path string) (*object, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, c.fail(path, "allOf: want a list")
	}
	merged, props := &object{}, &object{}
	var required []any
	for _, x := range append([]any{s.without("allOf")}, list...) {
		part, ok := x.(*object)
		for hops := 0; ok && part.has("$ref") && len(part.keys) == 1; hops++ {
			ref, _ := part.get("$ref")
			target, err := c.target(ref, path)
			if err != nil {
				return nil, err
			}
			if part, ok = target.(*object); hops > maxSchemaDepth {
				return nil, c.fail(path, "allOf: more than %d references in a row", maxSchemaDepth)
			}
		}
		if !ok {
			return nil, c.fail(path, "allOf: want objects")
		}
		for j, k := range part.keys {
			switch val := part.values[j]; k {
			case "properties":
				p, _ := val.(*object)
				if p == nil {
					return nil, c.fail(path, "properties: want an object")
				}
				for n, name := range p.keys {
					if _, dup := props.get(name); dup {
						return nil, c.fail(path, "allOf: member %q is described twice, which is not supported", name)
					}
					props.set(name, p.values[n])
				}
			case "required":
				l, _ := val.([]any)
				required = append(required, l...)
			case "type", "title", "description", "$schema", "$defs", "definitions", "$id", "additionalProperties", "examples", "default":
				merged.set(k, val)
			default:
				return nil, c.fail(path, "allOf: keyword %q is not supported in it", k)
			}
		}
	}
	merged.set("type", "object")
	merged.set("properties", props)
	merged.set("required", required)
	return merged, nil
}

// target is what a reference points to, for allOf.
func (c *converter) target(ref any, path string) (any, error) {
	r, _ := ref.(string)
	at := c.root
	for _, part := range strings.Split(strings.Trim(strings.TrimPrefix(r, "#"), "/"), "/") {
		o, ok := at.(*object)
		if !ok {
			return nil, c.fail(path, "$ref %v: there is no %q", ref, part)
		}
		if at, ok = o.get(part); !ok {
			return nil, c.fail(path, "$ref %v: there is no %q", ref, part)
		}
	}
	return at, nil
}

// literal is a GBNF literal of a JSON value.
func literal(v any) string { return quote(encode(v)) }

// quote writes text as a GBNF literal.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7F:
			fmt.Fprintf(&b, `\x%02X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// encode writes a JSON value with its members in order.
func encode(v any) string {
	switch x := v.(type) {
	case *object:
		var parts []string
		for i, k := range x.keys {
			parts = append(parts, encode(k)+":"+encode(x.values[i]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		var parts []string
		for _, e := range x {
			parts = append(parts, encode(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case json.Number:
		return x.String()
	}
	b, err := json.Marshal(v)
	if err != nil { // strings, bools and nil can always be written
		return "null"
	}
	return string(b)
}

// object is a JSON object with its members in order.
type object struct {
	keys   []string
	values []any
}

func (o *object) get(key string) (any, bool) {
	i := slices.Index(o.keys, key)
	if i < 0 {
		return nil, false
	}
	return o.values[i], true
}

func (o *object) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(o.keys, k) })
}

func (o *object) set(key string, v any) {
	if i := slices.Index(o.keys, key); i >= 0 {
		o.values[i] = v
		return
	}
	o.keys, o.values = append(o.keys, key), append(o.values, v)
}

// with is a copy with one member changed.
func (o *object) with(key string, v any) *object {
	c := &object{slices.Clone(o.keys), slices.Clone(o.values)}
	c.set(key, v)
	return c
}

// without is a copy with one member less.
func (o *object) without(key string) *object {
	c := &object{}
	for i, k := range o.keys {
		if k != key {
			c.set(k, o.values[i])
		}
	}
	return c
}

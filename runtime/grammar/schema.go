package grammar

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ErrSchema is wrapped by errors about JSON schemas, among them keywords that cannot be turned into a grammar.
var ErrSchema = errors.New("JSON schema")

// errNothing marks a schema that allows no document at all; it is wrapped beside ErrSchema.
var errNothing = errors.New("allows nothing")

// FromSchema makes a grammar, in GBNF with root as first symbol, whose texts are JSON documents that are valid under
// the schema (JSON Schema 2020-12, and what earlier drafts write differently). It may allow fewer documents than the
// schema: members come in the order of the schema, undeclared members only where nothing is declared, white space is at
// most one blank, numbers with bounds have no exponents.
//
// Supported: type, enum, const, anyOf, oneOf (as anyOf), allOf, $ref within the document; properties, required,
// additionalProperties, patternProperties, propertyNames, minProperties, maxProperties, dependentRequired; items,
// prefixItems, minItems, maxItems; minLength, maxLength, pattern (pattern.go says which), format (date, time, date-time,
// uuid); minimum, maximum, their exclusive forms, multipleOf (integers and powers of ten). Keywords a grammar cannot
// express are refused.
func FromSchema(schema []byte) (string, error) {
	if len(schema) > maxText {
		return "", fmt.Errorf("%w: %d bytes, want at most %d", ErrSchema, len(schema), maxText)
	}
	root, err := parseJSON(schema)
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrSchema, err)
	}
	return newConverter(root, 0).document(root, "root")
}

// document makes the whole grammar of a schema.
func (c *converter) document(schema any, path string) (string, error) {
	body, err := c.value(schema, path)
	if err != nil {
		return "", err
	}
	if c.rules["root"] == "" {
		c.define("root", body)
	}
	var b strings.Builder
	for _, name := range c.order {
		fmt.Fprintf(&b, "%s ::= %s\n", name, c.rules[name])
		if b.Len() > maxText {
			return "", c.fail(path, "its grammar has more than %d bytes", maxText)
		}
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
	"char":   `[^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" ([0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}))`,
	"string": `"\"" char* "\""`,
	"value":  `object | array | string | number | boolean | null`,
	"object": `"{" ws (string ":" ws value ("," ws string ":" ws value)*)? ws "}"`,
	"array":  `"[" ws (value ("," ws value)*)? ws "]"`,
	// The 29th of February is left out: not every year has it.
	"date": `[0-9]{4} "-" (("0" [13578] | "1" [02]) "-" ("0" [1-9] | [12] [0-9] | "3" [01]) | ("0" [469] | "11") "-" ("0" [1-9] | [12] [0-9] | "30") | ` +
		`"02-" ("0" [1-9] | "1" [0-9] | "2" [0-8]))`,
	"time":      `([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{3})? ("Z" | [+-] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])`,
	"date-time": `date "T" time`,
	"uuid":      `[0-9a-fA-F]{8} "-" [0-9a-fA-F]{4} "-" [0-9a-fA-F]{4} "-" [0-9a-fA-F]{4} "-" [0-9a-fA-F]{12}`,
}

// uses lists the primitives a primitive refers to.
var uses = map[string][]string{"number": {"integer"}, "string": {"char"}, "value": {"object", "array", "string", "number", "boolean", "null"},
	"object": {"ws", "string", "value"}, "array": {"ws", "value"}, "date-time": {"date", "time"}}

type converter struct {
	root    any
	rules   map[string]string
	order   []string
	refs    map[string]string // rule of a $ref
	regexps map[string]*regexp.Regexp
	depth   int
	work    int // schemas seen
	written int // bytes of rules, and of what schemas became
}

func newConverter(root any, work int) *converter {
	return &converter{root: root, rules: map[string]string{}, refs: map[string]string{}, regexps: map[string]*regexp.Regexp{}, work: work}
}

func (c *converter) define(name, body string) {
	if _, ok := c.rules[name]; !ok {
		c.order = append(c.order, name)
	}
	c.rules[name] = body
	c.written += len(body)
}

// regexp compiles a pattern, each only once.
func (c *converter) regexp(text string) (*regexp.Regexp, error) {
	if re, ok := c.regexps[text]; ok {
		return re, nil
	}
	re, err := regexp.Compile(text)
	if err == nil {
		c.regexps[text] = re
	}
	return re, err
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

// Limits of a schema: its nesting, and how many there are.
const (
	maxSchemaDepth = 64
	maxSchemas     = 10000 // of a document
	maxMembers     = 2000  // described or required in an object
	maxTypes       = 7     // there are no more
	maxPattern     = 8 << 10
	maxWritten     = 8 * maxText // bytes; the grammar itself must be smaller
)

// refused are keywords that restrict what is valid and that a grammar cannot express.
var refused = []string{"not", "if", "dependentSchemas", "uniqueItems", "contains", "unevaluatedItems", "$dynamicRef", "$recursiveRef"}

// annotations are keywords that restrict nothing by themselves.
var annotations = []string{"title", "description", "$schema", "$id", "id", "$anchor", "$defs", "definitions", "$comment", "examples", "example", "default", "deprecated",
	"readOnly", "writeOnly", "then", "else", "contentEncoding", "contentMediaType", "contentSchema", "$vocabulary", "nullable", "strict"}

// alone says whether a keyword is the only one that restricts.
func (s *object) alone(keyword string) bool {
	return !slices.ContainsFunc(s.keys, func(k string) bool { return k != keyword && !slices.Contains(annotations, k) })
}

// nothing is the error for a schema that allows no document.
func (c *converter) nothing(path, format string, args ...any) error {
	return fmt.Errorf("%w: at %s: %s: %w", ErrSchema, path, fmt.Sprintf(format, args...), errNothing)
}

// value returns the right side of a rule for a schema; path names it in errors and rules.
func (c *converter) value(schema any, path string) (string, error) {
	body, err := c.convert(schema, path)
	if c.written += len(body); err == nil && c.written > maxWritten {
		return "", c.fail(path, "its grammar is too large")
	}
	return body, err
}

func (c *converter) convert(schema any, path string) (string, error) {
	if c.depth++; c.depth > maxSchemaDepth {
		return "", c.fail(path, "nested more than %d deep", maxSchemaDepth)
	}
	defer func() { c.depth-- }()
	if c.work++; c.work > maxSchemas {
		return "", c.fail(path, "more than %d schemas, counting those referred to and combined", maxSchemas)
	}
	if b, ok := schema.(bool); ok {
		if !b {
			return "", c.nothing(path, "false")
		}
		return c.use("value"), nil
	}
	s, ok := schema.(*object)
	if !ok {
		return "", c.fail(path, "want an object or a bool, got %.60v", schema)
	}
	for _, k := range refused {
		if v, ok := s.get(k); ok && v != false {
			return "", c.fail(path, "keyword %q is not supported", k)
		}
	}
	ref, hasRef := s.get("$ref")
	switch {
	case hasRef && s.alone("$ref"):
		return c.reference(ref, path)
	case hasRef || s.has("allOf"):
		merged, err := c.merge([]any{s}, path)
		if err != nil {
			return "", err
		}
		return c.value(merged, path)
	}
	for _, k := range []string{"anyOf", "oneOf"} {
		if v, ok := s.get(k); ok {
			return c.anyOf(s, k, v, path)
		}
	}
	if v, ok := s.get("const"); ok {
		var one any = []any{v}
		if list, ok := s.get("enum"); ok {
			var err error
			if one, err = c.bothEnums(one, list, path); err != nil {
				return "", err
			}
		}
		return c.enum(s, one, path)
	}
	if v, ok := s.get("enum"); ok {
		return c.enum(s, v, path)
	}
	return c.typed(s, path)
}

// typed handles schemas by their type, or by the keywords that imply one.
func (c *converter) typed(s *object, path string) (string, error) {
	t, ok := s.get("type")
	if !ok {
		switch {
		case s.has("properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties", "maxProperties", "dependentRequired"):
			t = "object"
		case s.has("items", "prefixItems", "minItems", "maxItems"):
			t = "array"
		case s.has("minLength", "maxLength", "format", "pattern"):
			t = "string"
		case s.has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"):
			t = "number"
		default:
			return c.use("value"), nil
		}
	}
	if list, ok := t.([]any); ok {
		if len(list) > maxTypes {
			return "", c.fail(path, "type: a list of %d, want at most %d", len(list), maxTypes)
		}
		var alts []string
		for _, x := range list {
			one := s.with("type", x)
			body, err := c.typed(one, path)
			if errors.Is(err, errNothing) {
				continue
			}
			if err != nil {
				return "", err
			}
			alts = append(alts, "("+body+")")
		}
		if len(alts) == 0 {
			return "", c.nothing(path, "type %v", encode(t))
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
		return c.number(s, path)
	case "boolean", "null":
		return c.use(t.(string)), nil
	}
	return "", c.fail(path, "unknown type %.60v: want object, array, string, number, integer, boolean or null", t)
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
	at, err := c.target(r, path)
	if err != nil {
		return "", err
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

// target is what a reference points to (RFC 6901).
func (c *converter) target(ref any, path string) (any, error) {
	r, ok := ref.(string)
	if !ok || !strings.HasPrefix(r, "#") {
		return nil, c.fail(path, "$ref %.60v: only references into the document are supported", ref)
	}
	at := c.root
	for _, part := range strings.Split(strings.Trim(r[1:], "/"), "/") {
		if part == "" {
			continue
		}
		if plain, err := url.PathUnescape(part); err == nil {
			part = plain
		}
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		found := false
		switch x := at.(type) {
		case *object:
			at, found = x.get(part)
		case []any:
			if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(x) {
				at, found = x[i], true
			}
		}
		if !found {
			return nil, c.fail(path, "$ref %s: there is no %q", r, part)
		}
	}
	return at, nil
}

// enum lists the values that the rest of the schema admits.
func (c *converter) enum(s *object, v any, path string) (string, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return "", c.fail(path, "enum: want a list that is not empty")
	}
	// A pattern that Go does not know admits everything.
	p, _ := s.get("pattern")
	text, _ := p.(string)
	pattern, err := c.regexp(text)
	if err != nil {
		pattern = nil
	}
	var alts []string
	for _, x := range list {
		if s.admits(x, pattern) {
			alts = append(alts, literal(x))
		}
	}
	if alts == nil {
		return "", c.nothing(path, "no value of enum has the right type and size")
	}
	return strings.Join(alts, " | "), nil
}

// anyOf lists the alternatives, each together with the keywords beside them.
func (c *converter) anyOf(s *object, keyword string, v any, path string) (string, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return "", c.fail(path, "%s: want a list that is not empty", keyword)
	}
	var alts []string
	for i, x := range list {
		at := fmt.Sprintf("%s/%s/%d", path, keyword, i)
		var body string
		var err error
		if !s.alone(keyword) {
			x, err = c.merge([]any{s.without(keyword), x}, at)
		}
		if err == nil {
			body, err = c.value(x, at)
		}
		if errors.Is(err, errNothing) {
			continue // this alternative never holds
		}
		if err != nil {
			return "", err
		}
		alts = append(alts, "("+body+")")
	}
	if alts == nil {
		return "", c.nothing(path, "no alternative of %s", keyword)
	}
	return strings.Join(alts, " | "), nil
}

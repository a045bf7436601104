package grammar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// object makes {"a": ..., "b": ...}: required members always, the others if the model wants them, in this order.
func (c *converter) object(s *object, path string) (string, error) {
	lo, hi, err := c.bounds(s, "minProperties", "maxProperties", path)
	if err != nil {
		return "", err
	}
	props, err := c.member(s, "properties", path)
	if err != nil {
		return "", err
	}
	if len(props.keys) > maxMembers {
		return "", c.fail(path, "properties: %d, want at most %d", len(props.keys), maxMembers)
	}
	required, err := c.required(s, path)
	if err != nil {
		return "", err
	}
	if len(props.keys) == 0 && len(required) == 0 {
		return c.openObject(s, lo, hi, path)
	}
	names := slices.Clone(props.keys)
	for _, r := range required { // those not described are anything
		if !slices.Contains(names, r) {
			names = append(names, r)
		}
	}
	ws := c.use("ws")
	var rules []string
	var must []bool
	certain := 0
	for _, name := range names {
		needed := slices.Contains(required, name)
		body, err := c.memberValue(s, props, name, path+"/"+name)
		if errors.Is(err, errNothing) && !needed {
			continue
		}
		if errors.Is(err, errNothing) {
			return "", fmt.Errorf("%w (member %q is required)", err, name)
		}
		if err != nil {
			return "", err
		}
		rule := fmt.Sprintf("member%d", len(c.order))
		c.define(rule, quote(encode(name))+` ":" `+ws+" ("+body+")")
		rules, must = append(rules, rule), append(must, needed)
		if needed {
			certain++
		}
	}
	// Members that may be left out are, or must be there, where the number of members asks for it.
	for i := 0; i < len(rules) && certain < lo; i++ {
		if !must[i] {
			must[i] = true
			certain++
		}
	}
	if hi >= 0 && len(rules) > hi {
		for i := len(rules) - 1; i >= 0 && len(rules) > hi; i-- {
			if !must[i] {
				rules, must = slices.Delete(rules, i, i+1), slices.Delete(must, i, i+1)
			}
		}
	}
	if certain < lo || hi >= 0 && len(rules) > hi {
		return "", c.fail(path, "minProperties and maxProperties do not fit the %d described members, %d of them required", len(names), certain)
	}
	if len(rules) == 0 {
		return fmt.Sprintf(`"{" %s "}"`, ws), nil
	}
	return fmt.Sprintf(`"{" %s %s %s "}"`, ws, c.members(rules, must), ws), nil
}

// member reads a keyword that is an object; empty when absent.
func (c *converter) member(s *object, key, path string) (*object, error) {
	v, ok := s.get(key)
	if !ok {
		return &object{}, nil
	}
	o, ok := v.(*object)
	if !ok {
		return nil, c.fail(path, "%s: want an object", key)
	}
	return o, nil
}

// required lists the members that must be there. What a described member makes required is simply required always.
func (c *converter) required(s *object, path string) ([]string, error) {
	var names []string
	add := func(v any) error {
		list, ok := v.([]any)
		if len(list)+len(names) > maxMembers {
			return c.fail(path, "required: more than %d names", maxMembers)
		}
		for _, x := range list {
			name, isText := x.(string)
			if ok = ok && isText; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if !ok {
			return c.fail(path, "required: want a list of names")
		}
		return nil
	}
	if v, ok := s.get("required"); ok {
		if err := add(v); err != nil {
			return nil, err
		}
	}
	d, err := c.member(s, "dependentRequired", path)
	if err != nil {
		return nil, err
	}
	for _, v := range d.values {
		if err := add(v); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// memberValue is the rule for the value of a named member: what properties, patternProperties and, failing those,
// additionalProperties say, if propertyNames allows the name.
func (c *converter) memberValue(s, props *object, name, path string) (string, error) {
	if names, ok := s.get("propertyNames"); ok {
		g, err := c.names(names, path)
		if err != nil {
			return "", err
		}
		if ok, err := g.Match(encode(name)); err != nil || !ok {
			return "", c.nothing(path, "propertyNames does not allow it")
		}
	}
	var all []any
	if sub, ok := props.get(name); ok {
		all = append(all, sub)
	}
	patterns, err := c.member(s, "patternProperties", path)
	if err != nil {
		return "", err
	}
	c.work += len(patterns.keys) / 100
	for i, p := range patterns.keys {
		re, err := c.regexp(p)
		if err != nil {
			return "", c.fail(path, "patternProperties: %v", err)
		}
		if re.MatchString(name) {
			all = append(all, patterns.values[i])
		}
	}
	if more, ok := s.get("additionalProperties"); ok && all == nil {
		all = append(all, more)
	}
	switch len(all) {
	case 0:
		return c.use("value"), nil
	case 1:
		return c.value(all[0], path)
	}
	return c.value(schemas(all...), path)
}

// matchesAny says whether a pattern of patternProperties matches a name.
func (c *converter) matchesAny(s *object, name, path string) (bool, error) {
	patterns, err := c.member(s, "patternProperties", path)
	if err != nil {
		return false, err
	}
	c.work += len(patterns.keys) / 100
	for _, p := range patterns.keys {
		re, err := c.regexp(p)
		if err != nil {
			return false, c.fail(path, "patternProperties: %v", err)
		}
		if re.MatchString(name) {
			return true, nil
		}
	}
	return false, nil
}

// names is the grammar of the names propertyNames allows.
func (c *converter) names(schema any, path string) (*Grammar, error) {
	n := newConverter(c.root, c.work)
	text, err := n.document(withType(schema), path+"/propertyNames")
	c.work = n.work
	if err != nil {
		return nil, err
	}
	return Parse(text, "root")
}

// withType is a schema for names, which are strings.
func withType(schema any) any {
	text := &object{}
	text.set("type", "string")
	return schemas(schema, text)
}

// members writes a list of members of which some may be left out, with commas between those that are there. Rule i
// continues a list that already has a member.
func (c *converter) members(rules []string, must []bool) string {
	rest := make([]string, len(rules)+1) // rest[i]: members from i on, each with a comma in front
	for i := len(rules) - 1; i >= 0; i-- {
		body := `"," ` + c.use("ws") + " " + rules[i]
		if !must[i] {
			body = "(" + body + ")?"
		}
		if rest[i+1] != "" {
			body += " " + rest[i+1]
		}
		rest[i] = fmt.Sprintf("members%d", len(c.order))
		c.define(rest[i], body)
	}
	var alts []string // by the first member that is there
	for i, r := range rules {
		alts = append(alts, strings.TrimSpace(r+" "+rest[i+1]))
		if must[i] {
			return "(" + strings.Join(alts, " | ") + ")"
		}
	}
	return "(" + strings.Join(alts, " | ") + ")?"
}

// openObject has lo to hi members of any name, or of the names patternProperties and propertyNames describe.
func (c *converter) openObject(s *object, lo, hi int, path string) (string, error) {
	ws := c.use("ws")
	more, hasMore := s.get("additionalProperties")
	if v, ok := s.get("unevaluatedProperties"); ok && !hasMore {
		more, hasMore = v, true
	}
	patterns, err := c.member(s, "patternProperties", path)
	if err != nil {
		return "", err
	}
	names, hasNames := s.get("propertyNames")
	var kinds []string
	add := func(key string, sub any, at string) error {
		body, err := c.value(sub, path+at)
		if errors.Is(err, errNothing) {
			return nil
		}
		kinds = append(kinds, "("+key+`) ":" `+ws+" ("+body+")")
		return err
	}
	switch {
	case len(patterns.keys) > 0:
		// A name may match several patterns, so only the first is used unless there is only one.
		if len(patterns.keys) > 1 || hasNames {
			return "", c.fail(path, "several patternProperties, or propertyNames beside them, without properties are not supported")
		}
		key, err := c.pattern(patterns.keys[0], 0, -1, path)
		if err == nil {
			err = add(key, patterns.values[0], "/patternProperties")
		}
		if err != nil {
			return "", err
		}
	case hasNames:
		key, err := c.value(withType(names), path+"/propertyNames")
		if err != nil && !errors.Is(err, errNothing) {
			return "", err
		}
		if !hasMore {
			more = true
		}
		if err == nil {
			err = add(key, more, "/additionalProperties")
		}
		if err != nil && !errors.Is(err, errNothing) {
			return "", err
		}
	case !hasMore || more == true:
		if lo == 0 && hi < 0 {
			return c.use("object"), nil
		}
		more = true
		fallthrough
	default:
		if err := add(c.use("string"), more, "/additionalProperties"); err != nil {
			return "", err
		}
	}
	if lo > 1 {
		return "", c.fail(path, "minProperties %d without properties is not supported: names might repeat", lo)
	}
	if kinds == nil || hi == 0 {
		if lo > 0 {
			return "", c.nothing(path, "minProperties %d", lo)
		}
		return fmt.Sprintf(`"{" %s "}"`, ws), nil
	}
	member := fmt.Sprintf("member%d", len(c.order))
	c.define(member, strings.Join(kinds, " | "))
	if hi > 0 {
		hi--
	}
	body := fmt.Sprintf(`%s ("," %s %s)%s`, member, ws, member, repetition(0, hi))
	if lo == 0 {
		body = "(" + body + ")?"
	}
	return fmt.Sprintf(`"{" %s %s %s "}"`, ws, body, ws), nil
}

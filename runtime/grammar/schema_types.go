package grammar

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

// array makes [...]: the items of prefixItems in their places, then any number of items.
func (c *converter) array(s *object, path string) (string, error) {
	lo, hi, err := c.bounds(s, "minItems", "maxItems", path)
	if err != nil {
		return "", err
	}
	ws := c.use("ws")
	var prefix []string
	if v, ok := s.get("items"); ok { // a list before draft 2020-12
		if _, isList := v.([]any); isList {
			more, ok := s.get("additionalItems")
			if !ok {
				more = false
			}
			s = s.with("items", more).with("prefixItems", v)
		}
	}
	if v, ok := s.get("prefixItems"); ok {
		list, ok := v.([]any)
		if !ok {
			return "", c.fail(path, "prefixItems: want a list")
		}
		if hi >= 0 && hi < len(list) {
			list = list[:hi]
			s = s.with("items", false)
		}
		for i, x := range list {
			body, err := c.value(x, fmt.Sprintf("%s/%d", path, i))
			if errors.Is(err, errNothing) { // the array ends before it
				s = s.with("items", false)
				break
			}
			if err != nil {
				return "", err
			}
			prefix = append(prefix, "("+body+")")
		}
	}
	item := ""
	var items any = true
	if v, ok := s.get("items"); ok {
		items = v
	} else if len(prefix) > 0 {
		items = false // more items would be valid too; leaving them out is simpler for the model
	}
	if items != false && hi != 0 {
		body, err := c.value(items, path+"/items")
		if err == nil {
			item = fmt.Sprintf("item%d", len(c.order))
			c.define(item, body)
		} else if !errors.Is(err, errNothing) {
			return "", err
		}
	}
	if item == "" && (lo > len(prefix)) {
		return "", c.nothing(path, "minItems is %d, but only %d items are described", lo, len(prefix))
	}
	comma := ` "," ` + ws + " "
	body := strings.Join(prefix, comma)
	if item != "" {
		more := -1 // items beyond the prefix, at most
		if hi >= 0 {
			more = hi - len(prefix)
		}
		switch {
		case more == 0:
		case len(prefix) > 0:
			body += " (" + comma + item + ")" + repetition(max(0, lo-len(prefix)), more)
		default:
			body = item + " (" + comma + item + ")" + repetition(max(0, lo-1), max(-1, more-1))
			if lo == 0 {
				body = "(" + body + ")?"
			}
		}
	}
	return fmt.Sprintf(`"[" %s %s %s "]"`, ws, body, ws), nil
}

// repetition writes {lo,hi}; hi is -1 for no limit.
func repetition(lo, hi int) string {
	if hi < 0 {
		return fmt.Sprintf("{%d,}", lo)
	}
	return fmt.Sprintf("{%d,%d}", lo, hi)
}

// bounds reads a pair of keywords that count; hi is -1 when absent. An upper limit above what can be repeated is lowered
// to that, which allows fewer documents.
func (c *converter) bounds(s *object, low, high, path string) (lo, hi int, err error) {
	hi = -1
	for _, k := range []struct {
		name string
		to   *int
	}{{low, &lo}, {high, &hi}} {
		v, ok := s.get(k.name)
		if !ok {
			continue
		}
		n, isNumber := v.(json.Number)
		f, err := n.Float64()
		if k.to == &hi && isNumber && f > maxRepeat {
			f = maxRepeat
		}
		if !isNumber || err != nil || f < 0 || f > maxRepeat || f != math.Trunc(f) {
			return 0, 0, c.fail(path, "%s is %v, want 0 to %d", k.name, v, maxRepeat)
		}
		*k.to = int(f)
	}
	if hi >= 0 && hi < lo {
		return 0, 0, c.nothing(path, "%s %d is more than %s %d", low, lo, high, hi)
	}
	return lo, hi, nil
}

// formats are the formats that have a rule, with the least and the greatest length of their texts.
var formats = map[string][2]int{"date": {10, 10}, "time": {9, 18}, "date-time": {20, 29}, "uuid": {36, 36}}

func (c *converter) str(s *object, path string) (string, error) {
	lo, hi, err := c.bounds(s, "minLength", "maxLength", path)
	if err != nil {
		return "", err
	}
	f, _ := s.get("format")
	name, _ := f.(string)
	p, hasPattern := s.get("pattern")
	if length, ok := formats[name]; ok {
		if hasPattern {
			return "", c.fail(path, "pattern together with format %q is not supported", name)
		}
		if lo > length[1] || hi >= 0 && hi < length[0] {
			return "", c.nothing(path, "format %q has %d to %d characters", name, length[0], length[1])
		}
		if lo > length[0] || hi >= 0 && hi < length[1] {
			return "", c.fail(path, "format %q has %d to %d characters, which minLength or maxLength forbids", name, length[0], length[1])
		}
		return `"\"" ` + c.use(name) + ` "\""`, nil
	}
	// Other formats are annotations unless a validator is told otherwise (JSON Schema 2020-12, section 7.2.1).
	if hasPattern {
		return c.pattern(p, lo, hi, path)
	}
	if lo == 0 && hi < 0 {
		return c.use("string"), nil
	}
	rule := fmt.Sprintf("string-%d-%d", lo, max(hi, 0))
	if _, ok := c.rules[rule]; !ok {
		c.define(rule, fmt.Sprintf(`"\"" %s%s "\""`, c.use("char"), repetition(lo, hi)))
	}
	return rule, nil
}

// pattern makes strings that match a regular expression and have lo to hi characters.
func (c *converter) pattern(p any, lo, hi int, path string) (string, error) {
	text, ok := p.(string)
	if !ok {
		return "", c.fail(path, "pattern: want a string")
	}
	if len(text) > maxPattern {
		return "", c.fail(path, "pattern of %d bytes, want at most %d", len(text), maxPattern)
	}
	x, err := parsePattern(text)
	if err != nil {
		return "", c.fail(path, "%v", err)
	}
	if !x.within(lo, hi) {
		return "", c.fail(path, "pattern %q together with minLength or maxLength is not supported: put the length into the pattern", text)
	}
	var b strings.Builder
	x.gbnf(&b)
	rule := fmt.Sprintf("pattern%d", len(c.order))
	c.define(rule, `"\"" `+b.String()+` "\""`)
	return rule, nil
}

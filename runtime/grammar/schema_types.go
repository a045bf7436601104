package grammar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// object makes {"a": ..., "b": ...}: required members always, the others if the model wants them, in this order.
func (c *converter) object(s *object, path string) (string, error) {
	props := &object{}
	if v, ok := s.get("properties"); ok {
		if props, ok = v.(*object); !ok {
			return "", c.fail(path, "properties: want an object")
		}
	}
	var required []string
	if v, ok := s.get("required"); ok {
		list, ok := v.([]any)
		for _, x := range list {
			name, isText := x.(string)
			ok = ok && isText
			required = append(required, name)
		}
		if !ok {
			return "", c.fail(path, "required: want a list of names")
		}
	}
	more, hasMore := s.get("additionalProperties")
	if len(props.keys) == 0 && len(required) == 0 {
		return c.openObject(more, hasMore, path)
	}
	names := slices.Clone(props.keys)
	for _, r := range required {
		if !slices.Contains(names, r) { // required but not described: anything
			if hasMore && more == false {
				return "", c.fail(path, "member %q is required but not allowed", r)
			}
			names = append(names, r)
		}
	}
	ws := c.use("ws")
	var members []string
	var must []bool
	for _, name := range names {
		var sub any = true
		if v, ok := props.get(name); ok {
			sub = v
		} else if hasMore {
			sub = more
		}
		body, err := c.value(sub, path+"/"+name)
		if err != nil {
			if !slices.Contains(required, name) && sub == false {
				continue
			}
			return "", err
		}
		rule := fmt.Sprintf("member%d", len(c.order))
		c.define(rule, quote(encode(name))+` ":" `+ws+" ("+body+")")
		members = append(members, rule)
		must = append(must, slices.Contains(required, name))
	}
	return fmt.Sprintf(`"{" %s %s %s "}"`, ws, c.members(members, must), ws), nil
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

// openObject has members of any name.
func (c *converter) openObject(more any, hasMore bool, path string) (string, error) {
	ws := c.use("ws")
	if hasMore && more == false {
		return fmt.Sprintf(`"{" %s "}"`, ws), nil
	}
	if !hasMore || more == true {
		return c.use("object"), nil
	}
	body, err := c.value(more, path+"/additionalProperties")
	if err != nil {
		return "", err
	}
	member := fmt.Sprintf("member%d", len(c.order))
	c.define(member, c.use("string")+` ":" `+ws+" ("+body+")")
	return fmt.Sprintf(`"{" %s (%s ("," %s %s)*)? %s "}"`, ws, member, ws, member, ws), nil
}

// array makes [...]: the items of prefixItems in their places, then any number of items.
func (c *converter) array(s *object, path string) (string, error) {
	lo, hi, err := c.bounds(s, "minItems", "maxItems", path)
	if err != nil {
		return "", err
	}
	ws := c.use("ws")
	var prefix []string
	if v, ok := s.get("prefixItems"); ok {
		list, ok := v.([]any)
		if !ok {
			return "", c.fail(path, "prefixItems: want a list")
		}
		for i, x := range list {
			body, err := c.value(x, fmt.Sprintf("%s/%d", path, i))
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
	if items != false {
		body, err := c.value(items, path+"/items")
		if err != nil {
			return "", err
		}
		item = fmt.Sprintf("item%d", len(c.order))
		c.define(item, body)
	}
	if item == "" && (lo > len(prefix)) {
		return "", c.fail(path, "minItems is %d, but only %d items are described", lo, len(prefix))
	}
	if hi >= 0 && hi < len(prefix) {
		return "", c.fail(path, "maxItems is %d, less than the %d prefixItems, which is not supported", hi, len(prefix))
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

// bounds reads a pair of keywords that count; hi is -1 when absent.
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
		i, err := strconv.Atoi(n.String())
		if !isNumber || err != nil || i < 0 || i > maxRepeat {
			return 0, 0, c.fail(path, "%s is %v, want 0 to %d", k.name, v, maxRepeat)
		}
		*k.to = i
	}
	if hi >= 0 && hi < lo {
		return 0, 0, c.fail(path, "%s %d is more than %s %d", low, lo, high, hi)
	}
	return lo, hi, nil
}

func (c *converter) str(s *object, path string) (string, error) {
	if f, ok := s.get("format"); ok {
		switch f {
		case "date", "time", "date-time", "uuid":
			if s.has("minLength", "maxLength") {
				return "", c.fail(path, "format together with a length is not supported")
			}
			return `"\"" ` + c.use(f.(string)) + ` "\""`, nil
		}
		// Other formats are annotations unless a validator is told otherwise (JSON Schema 2020-12, section 7.2.1).
	}
	lo, hi, err := c.bounds(s, "minLength", "maxLength", path)
	if err != nil {
		return "", err
	}
	if lo == 0 && hi < 0 {
		return c.use("string"), nil
	}
	return fmt.Sprintf(`"\"" %s%s "\""`, c.use("char"), repetition(lo, hi)), nil
}

// integer makes integers within bounds.
func (c *converter) integer(s *object, path string) (string, error) {
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	for _, k := range []string{"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"} {
		v, ok := s.get(k)
		if !ok {
			continue
		}
		n, isNumber := v.(json.Number)
		f, err := n.Float64()
		if !isNumber || err != nil || math.Abs(f) > 1e15 {
			return "", c.fail(path, "%s is %v, want a number between -1e15 and 1e15", k, v)
		}
		switch k {
		case "minimum":
			lo = max(lo, int64(math.Ceil(f)))
		case "exclusiveMinimum":
			lo = max(lo, int64(math.Floor(f))+1)
		case "maximum":
			hi = min(hi, int64(math.Floor(f)))
		case "exclusiveMaximum":
			hi = min(hi, int64(math.Ceil(f))-1)
		}
	}
	if lo == math.MinInt64 && hi == math.MaxInt64 {
		return c.use("integer"), nil
	}
	const most = 9_999_999_999_999_999 // as many digits as a rule integer has
	lo, hi = max(lo, -most), min(hi, most)
	if lo > hi {
		return "", c.fail(path, "no integer is within the bounds")
	}
	var alts []string
	if lo < 0 {
		for _, r := range digitRanges(max(1, -hi), -lo) {
			alts = append(alts, `"-" `+r)
		}
	}
	if hi >= 0 {
		alts = append(alts, digitRanges(max(0, lo), hi)...)
	}
	return strings.Join(alts, " | "), nil
}

// digitRanges writes the numbers lo to hi, not negative, as alternatives of digit patterns.
func digitRanges(lo, hi int64) []string {
	var out []string
	for lo <= hi {
		// The largest block of numbers that begins at lo, ends within hi and leaves its last digits free.
		size := int64(1)
		for size <= math.MaxInt64/10 && lo%(size*10) == 0 && lo > 0 && lo+size*10-1 <= hi && len(fmt.Sprint(lo)) == len(fmt.Sprint(lo+size*10-1)) {
			size *= 10
		}
		// Several such blocks that differ in one digit only.
		last := lo
		for last+2*size-1 <= hi && (last/size)%10 < 9 && len(fmt.Sprint(last+size)) == len(fmt.Sprint(lo)) {
			last += size
		}
		a, b := fmt.Sprint(lo/size), fmt.Sprint(last/size)
		head := a[:len(a)-1]
		digit := "[" + a[len(a)-1:] + "-" + b[len(b)-1:] + "]"
		s := ""
		if head != "" {
			s = quote(head) + " "
		}
		s += digit
		if n := len(fmt.Sprint(size)) - 1; n > 0 {
			s += fmt.Sprintf(" [0-9]{%d}", n)
		}
		out = append(out, s)
		lo = last + size
	}
	return out
}

// parseJSON reads one document, keeping the order of members and the spelling of numbers.
func parseJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := readJSON(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("text after the document at offset %d", d.InputOffset())
	}
	return v, nil
}

func readJSON(d *json.Decoder, depth int) (any, error) {
	if depth > 4*maxSchemaDepth {
		return nil, fmt.Errorf("nested more than %d deep", 4*maxSchemaDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := readJSON(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	o := &object{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := readJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		o.set(k.(string), v)
	}
	_, err = d.Token()
	return o, err
}

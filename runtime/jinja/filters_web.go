package jinja

import (
	"net/url"
	"strings"
)

// urlEncode quotes a text, or a mapping or list of pairs as a query.
func urlEncode(e *env, v Value, _ args) (Value, error) {
	quote := func(v Value) (string, error) {
		s, err := e.str(v)
		if err == nil {
			err = e.make(3 * len(s))
		}
		return strings.ReplaceAll(url.QueryEscape(s), "+", "%20"), err
	}
	var list []Value
	switch x := v.(type) {
	case *Dict:
		p, err := e.pairs(x)
		if err != nil {
			return nil, err
		}
		list = p.(*List).Items
	case *List:
		list = x.Items
	default:
		s, err := quote(v)
		return strings.ReplaceAll(s, "%2F", "/"), err
	}
	var parts []string
	for _, p := range list {
		pair, ok := p.(*List)
		if !ok || len(pair.Items) != 2 {
			return nil, raise("urlencode: want pairs of a name and a value")
		}
		k, err := quote(pair.Items[0])
		if err != nil {
			return nil, err
		}
		x, err := quote(pair.Items[1])
		if err != nil {
			return nil, err
		}
		parts = append(parts, strings.ReplaceAll(k, "%20", "+")+"="+strings.ReplaceAll(x, "%20", "+"))
	}
	return e.budget.str(strings.Join(parts, "&"))
}

// xmlAttr is xmlattr(autospace): the members of a dict as attributes, without those that are none or undefined.
func xmlAttr(e *env, v Value, a args) (Value, error) {
	d, ok := v.(*Dict)
	if !ok {
		return nil, raise("xmlattr: %s is no dict", typeName(v))
	}
	var parts []string
	for i, k := range d.keys {
		switch d.vals[i].(type) {
		case nil, Undefined:
			continue
		}
		key, err := e.str(k)
		if err != nil {
			return nil, err
		}
		if strings.ContainsFunc(key, func(r rune) bool { return isSpace(r) || strings.ContainsRune("/>=", r) }) {
			return nil, raise("xmlattr: %.40q is no name of an attribute", key)
		}
		s, err := e.str(d.vals[i])
		if err == nil {
			err = e.make(6 * (len(key) + len(s)))
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, escapeHTML(key)+`="`+escapeHTML(s)+`"`)
	}
	out := strings.Join(parts, " ")
	if out != "" && a.bool(0, "autospace", true) {
		out = " " + out
	}
	return e.budget.str(out)
}

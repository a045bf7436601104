package jinja

import (
	"fmt"
	"unicode/utf8"
)

// filter is a filter: the value and the arguments behind it.
type filter func(e *env, v Value, a args) (Value, error)

var filters map[string]filter

func init() { // filters refer to the table: map, select
	filters = map[string]filter{
		"abs": abs, "attr": attrFilter, "capitalize": onText("capitalize"), "center": centerFilter, "count": length, "length": length,
		"d": defaulted, "default": defaulted, "dictsort": dictSort, "e": escapeFilter, "escape": escapeFilter, "forceescape": forceEscape,
		"filesizeformat": fileSize, "first": first, "float": floatFilter, "format": formatFilter, "fromjson": fromJSON, "groupby": groupBy,
		"indent": indent, "int": intFilter, "items": items, "join": join, "last": last, "list": list, "lower": onText("lower"), "map": mapFilter,
		"max": extreme(1), "min": extreme(-1), "reject": selecting(false, false), "rejectattr": selecting(false, true), "replace": replace,
		"reverse": reverse, "round": round, "safe": safe, "select": selecting(true, false), "selectattr": selecting(true, true),
		"batch": batch, "slice": slice, "sort": sortFilter, "string": stringFilter, "striptags": stripTags, "sum": sum, "title": titleFilter,
		"pprint": prettyPrint, "tojson": toJSON, "trim": trim, "truncate": truncate, "unique": unique, "upper": onText("upper"), "urlencode": urlEncode,
		"wordcount": wordCount, "wordwrap": wordWrap, "xmlattr": xmlAttr,
	}
}

func attrFilter(e *env, v Value, a args) (Value, error) {
	s, err := a.str(0, "name", "")
	if err != nil {
		return nil, err
	}
	if _, ok := v.(*Dict); ok { // attr looks at attributes only, and a dict's are its methods
		if _, ok := methodOf(v, s); !ok {
			return Undefined{fmt.Sprintf("dict has no attribute %.60q", s)}, nil
		}
	}
	return e.attr(v, s)
}

func length(e *env, v Value, _ args) (Value, error) {
	switch x := v.(type) {
	case *List:
		if x.kind == generator {
			return nil, raise("a generator has no length: make a list of it")
		}
		return int64(len(x.Items)), nil
	case *Dict:
		return int64(x.Len()), nil
	case Undefined:
		return int64(0), nil
	}
	if s, ok := text(v); ok {
		return int64(utf8.RuneCountInString(s)), e.spend(len(s))
	}
	return nil, raise("%s has no length", typeName(v))
}

// defaulted is default(value, boolean).
func defaulted(_ *env, v Value, a args) (Value, error) {
	d, ok := a.get(0, "default_value")
	if !ok {
		d = ""
	}
	if _, undefined := v.(Undefined); undefined || a.bool(1, "boolean", false) && !truth(v) {
		return d, nil
	}
	return v, nil
}

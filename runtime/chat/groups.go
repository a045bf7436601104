package chat

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/ardanlabs/jinja"
)

// Filters that cut a list into lists, and those of one text that Python has no method of the same meaning for.

// caseless is a value to compare by: texts without their case unless asked for.
func (b *budget) caseless(v jinja.Value, cased bool) (jinja.Value, error) {
	if !v.IsString() || cased {
		return v, nil
	}
	return b.text(strings.ToLower(v.AsString()))
}

// unique is unique(case_sensitive, attribute): the first of what is equal.
func unique(b *budget, args []jinja.Value, named named) (jinja.Value, error) {
	items, err := b.elements(args[0])
	if err != nil {
		return args[0], err
	}
	cased, _ := argument(args, named, 1, "case_sensitive")
	attr, byAttr := argument(args, named, 2, "attribute")
	var out, seen []jinja.Value
	for _, x := range items {
		k := x
		if byAttr {
			if k, err = b.path(x, attr); err != nil {
				return x, err
			}
		}
		if k, err = b.caseless(k, cased.IsTruthy()); err != nil {
			return x, err
		}
		yes, err := b.contains(jinja.NewList(seen), k)
		if err == nil {
			err = b.spend(costItem * (1 + len(seen)))
		}
		if err != nil {
			return x, err
		}
		if !yes {
			seen, out = append(seen, k), append(out, x)
		}
	}
	return jinja.NewList(out), b.make(2 * sizeItem * len(out))
}

// batch is batch(count, fill): lists of so many elements.
func batch(b *budget, args []jinja.Value, named named) (jinja.Value, error) {
	items, err := b.elements(args[0])
	if err != nil {
		return args[0], err
	}
	v, _ := argument(args, named, 1, "linecount")
	n, ok := integer(v)
	if !ok || n < 1 || n > maxRange {
		return args[0], errors.New("batch: want a number of elements above zero")
	}
	fill, filled := argument(args, named, 2, "fill_with")
	var out []jinja.Value
	for part := range slices.Chunk(items, int(n)) {
		if err := b.make(sizeItem * (1 + int(n))); err != nil {
			return args[0], err
		}
		l := slices.Clone(part)
		for filled && !fill.IsNone() && len(l) < int(n) {
			l = append(l, fill)
		}
		out = append(out, jinja.NewList(l))
	}
	return jinja.NewList(out), nil
}

// sliced is slice(slices, fill): so many lists of about the same length.
func sliced(b *budget, args []jinja.Value, named named) (jinja.Value, error) {
	items, err := b.elements(args[0])
	if err != nil {
		return args[0], err
	}
	v, _ := argument(args, named, 1, "slices")
	n, ok := integer(v)
	if !ok || n < 1 || n > maxRange {
		return args[0], errors.New("slice: want a number of lists above zero")
	}
	if err := b.make(sizeItem * (int(n) + len(items))); err != nil {
		return args[0], err
	}
	fill, filled := argument(args, named, 2, "fill_with")
	each, longer := len(items)/int(n), len(items)%int(n)
	var out []jinja.Value
	for i, at := 0, 0; i < int(n); i++ {
		size := each
		if i < longer {
			size++
		}
		l := slices.Clone(items[at : at+size])
		if filled && !fill.IsNone() && i >= longer && longer > 0 {
			l = append(l, fill)
		}
		out = append(out, jinja.NewList(l))
		at += size
	}
	return jinja.NewList(out), nil
}

// groupBy is groupby(attribute, default, case_sensitive): pairs of a value and the elements that have it, in order.
func groupBy(b *budget, args []jinja.Value, named named) (jinja.Value, error) {
	attr, ok := argument(args, named, 1, "attribute")
	if !ok {
		return args[0], errors.New("groupby: want an attribute")
	}
	cased, _ := argument(args, named, 3, "case_sensitive")
	list, err := sorted(b, args[:1], map[string]jinja.Value{"attribute": attr, "case_sensitive": cased})
	if err != nil {
		return list, err
	}
	var out []jinja.Value
	var last jinja.Value
	for _, x := range list.AsList().Items {
		v, err := b.path(x, attr)
		if err != nil {
			return x, err
		}
		if d, ok := argument(args, named, 2, "default"); ok && v.IsUndefined() {
			v = d
		}
		k, err := b.caseless(v, cased.IsTruthy())
		same := false
		if err == nil && len(out) > 0 {
			same, err = b.equal(k, last, 0)
		}
		if err == nil {
			err = b.make(4 * sizeItem)
		}
		if err != nil {
			return x, err
		}
		if !same {
			out, last = append(out, jinja.NewList([]jinja.Value{v, jinja.NewList(nil)})), k
		}
		out[len(out)-1].AsList().Get(1).AsList().Append(x)
	}
	return jinja.NewList(out), nil
}

// titled makes the first letter of every word large and the others small; words begin behind - ( { [ < and white space.
func titled(s string) string {
	begin := true
	return strings.Map(func(r rune) rune {
		was := begin
		if begin = unicode.IsSpace(r) || strings.ContainsRune("-({[<", r); was {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, s)
}

func titleFilter(b *budget, args []jinja.Value, _ named) (jinja.Value, error) {
	s, err := stringOf(b, args, nil)
	if err != nil {
		return s, err
	}
	return mapping(titled)(b, s, nil, nil)
}

package chat

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ardanlabs/jinja"
)

// globals are the variables every template has: our functions, and those of transformers.
func (b *budget) globals() map[string]jinja.Value {
	data := map[string]jinja.Value{}
	for name, f := range b.functions() {
		data[prefix+name] = jinja.NewCallable(name, f)
	}
	for name, f := range ownFilters {
		data[filterPrefix+name] = jinja.NewCallable(name, func(args []jinja.Value, named named) (jinja.Value, error) {
			if err := b.spend(costCall); err != nil {
				return jinja.None(), err
			}
			return f(b, args, named)
		})
	}
	for name, f := range map[string]function{
		"range": b.numbers, "namespace": b.anyMembers, "dict": b.anyMembers, "joiner": b.joiner,
		"raise_exception": b.raise, "strftime_now": b.now,
	} {
		data[name] = jinja.NewCallable(name, f)
	}
	return data
}

// numbers is Python's range with a bound on its length.
func (b *budget) numbers(args []jinja.Value, _ named) (jinja.Value, error) {
	var n [3]int64
	for i, a := range args {
		v, ok := integer(a)
		if i > 2 || !ok {
			return jinja.None(), errors.New("range: want one to three integers")
		}
		n[i] = v
	}
	start, stop, step := n[0], n[1], int64(1)
	switch len(args) {
	case 0:
		return jinja.None(), errors.New("range: want one to three integers")
	case 1:
		start, stop = 0, n[0]
	case 3:
		step = n[2]
	}
	if step == 0 {
		return jinja.None(), errors.New("range: the step is zero")
	}
	items := []jinja.Value{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if len(items) >= maxRange {
			return jinja.None(), b.fail("a range of more than %d numbers", maxRange)
		}
		items = append(items, jinja.NewInt(i))
		if (i+step > i) != (step > 0) {
			break // past the largest integer
		}
	}
	return jinja.NewList(items), b.make(sizeItem * len(items))
}

// members is namespace and dict: first what was given without a name, a dict or a list of pairs, then names and values
// in turn (invoke writes the call).
func (b *budget) members(args []jinja.Value, _ named) (jinja.Value, error) {
	d := jinja.NewDict()
	switch first := args[0]; {
	case first.IsDict():
		if _, err := dictMethods["update"](b, d, args[:1], nil); err != nil {
			return d, err
		}
	case first.IsList():
		for _, x := range first.AsList().Items {
			if !x.IsList() || x.AsList().Len() != 2 {
				return d, errors.New("dict: want pairs of a key and a value")
			}
			if err := b.admit(d, x.AsList().Get(1), 3); err != nil {
				return d, err
			}
			d.AsDict().Set(keyText(x.AsList().Get(0)), x.AsList().Get(1))
		}
	}
	for i := 1; i+1 < len(args); i += 2 {
		d.AsDict().Set(args[i].AsString(), args[i+1])
	}
	return d, b.make(sizeItem * (8 + 3*len(args)))
}

// anyMembers is members for calls through another name: the library has lost the order of the names.
func (b *budget) anyMembers(args []jinja.Value, named named) (jinja.Value, error) {
	all := []jinja.Value{firstOf(args)}
	for _, k := range slices.Sorted(maps.Keys(named)) {
		all = append(all, jinja.NewString(k), named[k])
	}
	return b.members(all, nil)
}

// merged is a dict with the members of two.
func (b *budget) merged(x, y jinja.Value) (jinja.Value, error) {
	d := jinja.NewDict()
	for _, from := range []jinja.Value{x, y} {
		if !from.IsDict() {
			return d, fmt.Errorf("%s after **, want a mapping", typeName(from))
		}
		if _, err := dictMethods["update"](b, d, []jinja.Value{from}, nil); err != nil {
			return d, err
		}
	}
	return d, nil
}

// apply calls a function with a list of values and a dict of named ones: f(*values, **names).
func (b *budget) apply(args []jinja.Value, _ named) (jinja.Value, error) {
	f, values, names := args[0], args[1], args[2]
	if !f.IsCallable() || !values.IsList() || !names.IsDict() {
		return f, fmt.Errorf("%s called with * %s and ** %s: want a function, a list and a mapping", typeName(f), typeName(values), typeName(names))
	}
	given := named{}
	for _, k := range names.AsDict().Keys {
		given[k], _ = names.AsDict().Get(k)
	}
	list := values.AsList().Items
	if err := b.make(sizeItem * (len(list) + 3*len(given))); err != nil {
		return f, err
	}
	return f.AsCallable().Fn(slices.Clone(list), given)
}

// joiner makes a function that gives nothing at first and the separator from then on.
func (b *budget) joiner(args []jinja.Value, _ named) (jinja.Value, error) {
	sep, used := textArgument(args, 0, ", "), false
	return jinja.NewCallable("joiner", func([]jinja.Value, named) (jinja.Value, error) {
		if !used {
			used = true
			return jinja.NewString(""), nil
		}
		return jinja.NewString(sep), nil
	}), b.make(sizeItem)
}

// raise ends the rendering with the template's own message.
func (b *budget) raise(args []jinja.Value, _ named) (jinja.Value, error) {
	v := firstOf(args)
	if err := b.whole(v); err != nil {
		return v, err
	}
	message := text(v)
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "..."
	}
	return v, errors.New(message)
}

// maxMessage bounds a template's own error message.
const maxMessage = 1000

// dateFormats are strftime's directives in terms of Go's reference time (Python's time.strftime).
var dateFormats = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'B': "January", 'b': "Jan",
	'h': "Jan", 'A': "Monday", 'a': "Mon", 'p': "PM", 'Z': "MST", 'z': "-0700", 'j': "002", 'F': "2006-01-02", 'T': "15:04:05",
	'D': "01/02/06", 'R': "15:04",
}

// now is strftime_now(format).
func (b *budget) now(args []jinja.Value, _ named) (jinja.Value, error) {
	format := textArgument(args, 0, "%Y-%m-%d")
	if len(format) > maxMessage {
		return jinja.None(), b.fail("strftime_now: a format of %d bytes, want at most %d", len(format), maxMessage)
	}
	at := time.Now()
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		if i++; format[i] == '-' && i+1 < len(format) { // without leading zeros
			i++
			s := strings.TrimLeft(at.Format(dateFormats[format[i]]), "0")
			out.WriteString(s)
			continue
		}
		if layout := dateFormats[format[i]]; layout != "" {
			out.WriteString(at.Format(layout))
		} else if format[i] == '%' {
			out.WriteByte('%')
		} else {
			out.WriteString("%" + string(format[i]))
		}
	}
	return b.text(out.String())
}

package chat

import (
	"errors"
	"fmt"
	"time"

	"github.com/ardanlabs/jinja"
)

// Limits of one rendering. A long conversation takes some thousand operations and a few times its own size.
const (
	maxWork   = 256 << 20 // units, about a nanosecond each
	maxMade   = 64 << 20  // bytes of all values made
	maxValue  = 4 << 20   // bytes of one variable, and of what one operation makes
	maxOutput = 16 << 20
	maxRange  = 1 << 16
	maxCalls  = 128 // macros within macros
	maxTime   = 1500 * time.Millisecond
)

// Costs in units of work.
const (
	costCall  = 128  // of a call of one of our functions
	costToken = 16   // of a token of an expression
	costStep  = 1024 // of a round of a loop or the call of a macro
	costItem  = 16   // of looking at an element of a list or dict
	sizeItem  = 64   // bytes of an element of a list or dict
)

// named are the arguments of a call that have names.
type named = map[string]jinja.Value

// budget counts what one rendering has used. When something runs out the rendering ends with exceeded.
type budget struct {
	work, made, printed int
	calls               int
	deadline            time.Time
	exceeded            error
}

var errStop = errors.New("stopped")

func (b *budget) fail(format string, args ...any) error {
	if b.exceeded == nil {
		b.exceeded = fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
	}
	return errStop
}

// spend takes units of work. The clock is looked at too: the library's own share is only estimated.
func (b *budget) spend(units int) error {
	if b.exceeded != nil {
		return errStop
	}
	if b.work += units; b.work > maxWork || units < 0 {
		return b.fail("the template works too long")
	}
	if time.Now().After(b.deadline) {
		return b.fail("the template works longer than %v", maxTime)
	}
	return nil
}

// make takes bytes of memory before they are allocated.
func (b *budget) make(bytes int) error {
	if bytes < 0 || bytes > maxValue {
		return b.fail("a value of more than %d bytes", maxValue)
	}
	if b.made += bytes; b.made > maxMade {
		return b.fail("all values together have more than %d bytes", maxMade)
	}
	return b.spend(bytes / 4)
}

// text makes a string value.
func (b *budget) text(s string) (jinja.Value, error) {
	return jinja.NewString(s), b.make(len(s))
}

// shallow is the size of a value without what its elements hold.
func shallow(v jinja.Value) int {
	switch {
	case v.IsString():
		return len(v.AsString())
	case v.IsList():
		return sizeItem * v.AsList().Len()
	case v.IsDict():
		return 2 * sizeItem * v.AsDict().Len()
	}
	return sizeItem
}

// whole fails for a value that would be too large or too deep written out, or that holds itself.
func (b *budget) whole(v jinja.Value) error {
	m := meter{left: maxValue}
	if !m.measure(v, 0) {
		return b.fail("a variable is larger than %d bytes or nested more than %d deep", maxValue, maxDepth)
	}
	return b.spend(costItem * m.elements)
}

// meter adds up a value as it would be written out.
type meter struct{ left, elements int }

// measure takes v from what is left; false when it does not fit.
func (m *meter) measure(v jinja.Value, depth int) bool {
	m.elements++
	m.left -= costItem
	if depth > maxDepth || m.left < 0 {
		return false
	}
	switch {
	case v.IsString():
		m.left -= len(v.AsString())
	case v.IsList():
		for _, x := range v.AsList().Items {
			if !m.measure(x, depth+1) {
				return false
			}
		}
	case v.IsDict():
		d := v.AsDict()
		for _, k := range d.Keys {
			m.left -= len(k)
			x, _ := d.Get(k)
			if !m.measure(x, depth+1) {
				return false
			}
		}
	}
	return m.left >= 0
}

// Functions that rewrite inserts. The first argument of some is the number of tokens of the expression.

// step begins a round of a loop.
func (b *budget) step([]jinja.Value, named) (jinja.Value, error) {
	return jinja.NewString(""), b.spend(costStep)
}

// enter begins a macro or the block of a call, leave ends it. A break inside leaves without; then fewer are left.
func (b *budget) enter([]jinja.Value, named) (jinja.Value, error) {
	if b.calls++; b.calls > maxCalls {
		return jinja.None(), b.fail("more than %d macros call each other", maxCalls)
	}
	return jinja.NewString(""), b.spend(costStep)
}

func (b *budget) leave([]jinja.Value, named) (jinja.Value, error) {
	b.calls--
	return jinja.NewString(""), nil
}

// out turns a value into what is printed.
func (b *budget) out(args []jinja.Value, _ named) (jinja.Value, error) {
	if err := b.whole(args[1]); err != nil {
		return jinja.None(), err
	}
	s := text(args[1])
	if b.printed += len(s); b.printed > maxOutput {
		return jinja.None(), b.fail("the prompt has more than %d bytes", maxOutput)
	}
	v := args[1]
	if !v.IsString() {
		v = jinja.NewString(s)
	}
	return v, b.spend(costCall + costToken*int(args[0].AsInt()) + len(s)/4)
}

// test is the truth of a condition.
func (b *budget) test(args []jinja.Value, _ named) (jinja.Value, error) {
	return jinja.NewBool(args[1].IsTruthy()), b.spend(costCall + costToken*int(args[0].AsInt()))
}

// keep is called with every value that is assigned.
func (b *budget) keep(args []jinja.Value, _ named) (jinja.Value, error) {
	if err := b.whole(args[1]); err != nil {
		return jinja.None(), err
	}
	return args[1], b.spend(costCall + costToken*int(args[0].AsInt()))
}

// wholeValue is called with a namespace that was assigned to.
func (b *budget) wholeValue(args []jinja.Value, _ named) (jinja.Value, error) {
	return jinja.NewString(""), b.whole(args[0])
}

// iter makes the list a loop goes over.
func (b *budget) iter(args []jinja.Value, _ named) (jinja.Value, error) {
	v := args[1]
	if v.IsString() || v.IsDict() {
		items, err := b.elements(v)
		if err != nil {
			return v, err
		}
		v = jinja.NewList(items)
	}
	return v, b.spend(costCall + costToken*int(args[0].AsInt()))
}

// elements is what iterating over v yields.
func (b *budget) elements(v jinja.Value) ([]jinja.Value, error) {
	var out []jinja.Value
	switch {
	case v.IsList():
		return v.AsList().Items, b.spend(costItem * v.AsList().Len())
	case v.IsDict():
		if err := b.make(sizeItem * v.AsDict().Len()); err != nil {
			return nil, err
		}
		for _, k := range v.AsDict().Keys {
			out = append(out, keyValue(k))
		}
	case v.IsString():
		if err := b.make(sizeItem * len(v.AsString())); err != nil {
			return nil, err
		}
		for _, r := range v.AsString() {
			out = append(out, jinja.NewString(string(r)))
		}
	}
	return out, nil
}

// pass lets a value through to a filter of the library, which makes something of at most so many times its size.
func (b *budget) pass(args []jinja.Value, _ named) (jinja.Value, error) {
	v, name := args[0], args[1].AsString()
	times := 4
	switch name {
	case "safe":
		return v, b.spend(costCall)
	case "length", "count", "abs":
		return v, b.spend(costCall + 4*shallow(v))
	case "escape", "e":
		times = 6
	}
	if err := b.whole(v); err != nil {
		return jinja.None(), err
	}
	if err := b.spend(costCall + 16*shallow(v)); err != nil {
		return jinja.None(), err
	}
	return v, b.make(min(times*shallow(v), maxValue))
}

package jinja

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// env is one rendering.
type env struct {
	budget
	vars    map[string]Value
	scope   *scope
	out     *strings.Builder
	printed int
	escape  bool // within {% autoescape true %}
}

func newEnv(vars map[string]Value) *env {
	return &env{budget: budget{deadline: time.Now().Add(maxTime)}, vars: vars, scope: &scope{}, out: &strings.Builder{}}
}

// scope holds the names set in a template, a round of a loop, a macro or a with block.
type scope struct {
	parent *scope
	names  []string
	values []Value
}

func (s *scope) set(name string, v Value) {
	for i, n := range s.names {
		if n == name {
			s.values[i] = v
			return
		}
	}
	s.names, s.values = append(s.names, name), append(s.values, v)
}

// raise is an error of a rendering.
func raise(format string, args ...any) error {
	return &Error{Kind: ErrRender, Message: fmt.Sprintf(format, args...)}
}

// in gives an error the place of a node unless it has one.
func (n node) in(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Line == 0 && e.at == 0 {
		e.at = n.at + 1
	}
	return err
}

func undefinedError(u Undefined) error { return raise("%s", u.what) }

func (x literal) eval(*env) (Value, error) { return x.value, nil }

func (x *name) eval(e *env) (Value, error) {
	if err := e.spend(costNode); err != nil {
		return nil, x.in(err)
	}
	return e.lookup(x.name), nil
}

// lookup returns what a name means.
func (e *env) lookup(name string) Value {
	for s := e.scope; s != nil; s = s.parent {
		for i, n := range s.names {
			if n == name {
				return s.values[i]
			}
		}
	}
	if v, ok := e.vars[name]; ok {
		return v
	}
	if f, ok := globals[name]; ok {
		return f
	}
	return Undefined{fmt.Sprintf("%q is undefined", name)}
}

func (e *env) evalAll(list []expr) ([]Value, error) {
	if err := e.items(len(list)); err != nil {
		return nil, err
	}
	out := make([]Value, len(list))
	for i, x := range list {
		var err error
		if out[i], err = x.eval(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (x *listExpr) eval(e *env) (Value, error) {
	items, err := e.evalAll(x.items)
	return &List{Items: items, Tuple: x.tuple}, err
}

func (x *dictExpr) eval(e *env) (Value, error) {
	if err := e.items(2 * (len(x.keys) + 2)); err != nil {
		return nil, err
	}
	d := NewDict()
	for i := range x.keys {
		k, err := x.keys[i].eval(e)
		if err != nil {
			return nil, err
		}
		v, err := x.values[i].eval(e)
		if err != nil {
			return nil, err
		}
		if !d.Set(k, v) {
			return nil, raise("%s cannot be a key", typeName(k))
		}
	}
	return d, nil
}

func (x *unaryExpr) eval(e *env) (Value, error) {
	v, err := x.x.eval(e)
	if err == nil {
		err = e.spend(costNode)
	}
	if err != nil {
		return nil, err
	}
	switch x.op {
	case "not":
		return !truth(v), nil
	case "-":
		if f, ok := v.(float64); ok {
			return -f, nil
		}
		v, err = e.arithmetic("-", int64(0), v)
	default:
		v, err = e.arithmetic("+", int64(0), v)
	}
	return v, x.in(err)
}

func (x *binaryExpr) eval(e *env) (Value, error) {
	a, err := x.x.eval(e)
	if err != nil {
		return nil, err
	}
	b, err := x.y.eval(e)
	if err != nil {
		return nil, err
	}
	v, err := e.arithmetic(x.op, a, b)
	return v, x.in(err)
}

func (x *concatExpr) eval(e *env) (Value, error) {
	var b strings.Builder
	for _, p := range x.parts {
		v, err := p.eval(e)
		if err != nil {
			return nil, err
		}
		s, err := e.str(v)
		if _, safe := v.(Markup); e.escape && !safe {
			s = escapeHTML(s)
		}
		if err == nil && b.Len()+len(s) > maxValue {
			err = limit("a value of more than %d bytes", maxValue)
		}
		if err != nil {
			return nil, x.in(err)
		}
		b.WriteString(s)
	}
	v, err := e.budget.str(b.String())
	if e.escape {
		v = Markup(b.String())
	}
	return v, x.in(err)
}

func (x *logicExpr) eval(e *env) (Value, error) {
	v, err := x.x.eval(e)
	if err == nil {
		err = e.spend(costNode)
	}
	if err != nil || truth(v) == x.or {
		return v, err
	}
	return x.y.eval(e)
}

func (x *compareExpr) eval(e *env) (Value, error) {
	a, err := x.first.eval(e)
	if err != nil {
		return nil, err
	}
	for i, op := range x.ops {
		b, err := x.rest[i].eval(e)
		if err != nil {
			return nil, err
		}
		yes, err := e.compare(op, a, b)
		if err != nil {
			return nil, x.in(err)
		}
		if !yes {
			return false, nil
		}
		a = b
	}
	return true, nil
}

func (x *condExpr) eval(e *env) (Value, error) {
	v, err := x.test.eval(e)
	if err == nil {
		err = e.spend(costNode)
	}
	switch {
	case err != nil:
		return nil, err
	case truth(v):
		return x.yes.eval(e)
	case x.no != nil:
		return x.no.eval(e)
	}
	return Undefined{"the condition is false and has no else"}, nil
}

func (x *attrExpr) eval(e *env) (Value, error) {
	v, err := x.x.eval(e)
	if err != nil {
		return nil, err
	}
	v, err = e.attr(v, x.name)
	return v, x.in(err)
}

func (x *itemExpr) eval(e *env) (Value, error) {
	v, err := x.x.eval(e)
	if err != nil {
		return nil, err
	}
	k, err := x.key.eval(e)
	if err != nil {
		return nil, err
	}
	v, err = e.item(v, k)
	return v, x.in(err)
}

// attr is v.name: a method, then a member.
func (e *env) attr(v Value, name string) (Value, error) {
	if err := e.spend(costNode); err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case Undefined:
		return nil, undefinedError(x)
	case *Namespace:
		if m, ok := x.members.Get(name); ok {
			return m, nil
		}
	case *loopState:
		return x.attr(e, name)
	case *cycler:
		return x.attr(name), nil
	case *Func:
		if name == "name" {
			return x.Name, nil
		}
	case *List:
		if i := slices.Index([]string{"grouper", "list"}, name); i >= 0 && x.kind == groupTuple {
			return x.Items[i], nil
		}
	}
	if m, ok := methodOf(v, name); ok && changes(v, name) {
		return Undefined{fmt.Sprintf("%s.%.60s would change the value, which chat templates may not do", typeName(v), name)}, nil
	} else if ok {
		return &Func{name, func(e *env, a args) (Value, error) { return m(e, v, a) }}, nil
	}
	if d, ok := v.(*Dict); ok {
		if m, ok := d.Get(name); ok {
			return m, nil
		}
	}
	return Undefined{fmt.Sprintf("%s has no member %.60q", typeName(v), name)}, nil
}

// item is v[key]: an element, then an attribute.
func (e *env) item(v, key Value) (Value, error) {
	if err := e.spend(costNode); err != nil {
		return nil, err
	}
	i, isInt := integer(key)
	switch x := v.(type) {
	case Undefined:
		return nil, undefinedError(x)
	case *Dict:
		if m, ok := x.Get(key); ok {
			return m, nil
		}
	case *List:
		if isInt && x.kind != generator {
			if i < 0 {
				i += int64(len(x.Items))
			}
			if i >= 0 && i < int64(len(x.Items)) {
				return x.Items[i], nil
			}
		}
	case string, Markup:
		if isInt {
			s, _ := text(v)
			if c, ok := charAt(s, i); ok {
				return c, e.spend(len(s) / 8)
			}
		}
	}
	if s, ok := text(key); ok {
		return e.attr(v, s)
	}
	return Undefined{fmt.Sprintf("%s has no such element", typeName(v))}, nil
}

func (x *sliceExpr) eval(e *env) (Value, error) {
	v, err := x.x.eval(e)
	if err != nil {
		return nil, err
	}
	var bounds [3]*int64
	for i, b := range []expr{x.start, x.stop, x.step} {
		if b == nil {
			continue
		}
		k, err := b.eval(e)
		if err != nil {
			return nil, err
		}
		if k == nil {
			continue
		}
		n, ok := integer(k)
		if big, isBig := k.(*big.Int); isBig { // beyond the end of anything
			n, ok = int64(big.Sign())<<40, true
		}
		if !ok {
			return nil, x.in(raise("a slice with %s, want integers", typeName(k)))
		}
		bounds[i] = &n
	}
	v, err = e.slice(v, bounds)
	return v, x.in(err)
}

// arguments evaluates the arguments of a call.
func (e *env) arguments(a *arguments) (args, error) {
	values, err := e.evalAll(a.values)
	if err != nil {
		return args{}, err
	}
	n := len(values) - len(a.names)
	out := args{pos: values[:n:n], names: a.names, named: values[n:]}
	if a.list != nil {
		v, err := a.list.eval(e)
		if err != nil {
			return args{}, err
		}
		items, err := e.elements(v)
		if err == nil {
			err = e.items(len(items))
		}
		if err != nil {
			return args{}, err
		}
		out.pos = append(out.pos, items...)
	}
	if a.dict != nil {
		v, err := a.dict.eval(e)
		if err != nil {
			return args{}, err
		}
		d, ok := v.(*Dict)
		if !ok {
			return args{}, raise("%s after **, want a dict", typeName(v))
		}
		if err := e.items(2 * d.Len()); err != nil {
			return args{}, err
		}
		out.names, out.named = slices.Clone(out.names), slices.Clone(out.named)
		for i, k := range d.keys {
			s, ok := text(k)
			if !ok {
				return args{}, raise("a name of an argument is %s, want a string", typeName(k))
			}
			if slices.Contains(a.names, s) {
				return args{}, raise("argument %.60q is given twice", s)
			}
			out.names, out.named = append(out.names, s), append(out.named, d.vals[i])
		}
	}
	return out, nil
}

func (x *callExpr) eval(e *env) (Value, error) { return x.call(e, nil) }

// call calls with the arguments and, for a call block, its caller.
func (x *callExpr) call(e *env, caller *Func) (Value, error) {
	var f, receiver Value
	var m method
	var err error
	if a, ok := x.f.(*attrExpr); ok { // a method is called without making a function of it
		if receiver, err = a.x.eval(e); err != nil {
			return nil, err
		}
		if m, ok = methodOf(receiver, a.name); !ok {
			if f, err = e.attr(receiver, a.name); err != nil {
				return nil, a.in(err)
			}
		}
	} else if f, err = x.f.eval(e); err != nil {
		return nil, err
	}
	given, err := e.arguments(&x.args)
	if err != nil {
		return nil, x.in(err)
	}
	if caller != nil {
		given.names, given.named = append(slices.Clip(given.names), "caller"), append(slices.Clip(given.named), caller)
	}
	if err := e.spend(costStep); err != nil {
		return nil, x.in(err)
	}
	var v Value
	if m != nil {
		v, err = m(e, receiver, given)
		if s, ok := v.(string); ok {
			v = like(receiver, s)
		}
	} else {
		v, err = e.call(f, given)
	}
	return v, x.in(err)
}

// call calls a value.
func (e *env) call(f Value, a args) (Value, error) {
	switch x := f.(type) {
	case *Func:
		return x.call(e, a)
	case *loopState:
		return x.recurse(e, a)
	case Undefined:
		return nil, undefinedError(x)
	}
	return nil, raise("%s is not callable", typeName(f))
}

// apply runs a filter on a value.
func (x *filterExpr) apply(e *env, v Value) (Value, error) {
	a, err := e.arguments(&x.args)
	if err == nil {
		err = e.spend(costStep)
	}
	if err != nil {
		return nil, x.in(err)
	}
	v, err = x.f(e, v, a)
	return v, x.in(err)
}

func (x *filterExpr) eval(e *env) (Value, error) {
	v, err := x.x.eval(e)
	if err != nil {
		return nil, err
	}
	return x.apply(e, v)
}

func (x *testExpr) eval(e *env) (Value, error) {
	v, err := x.x.eval(e)
	if err != nil {
		return nil, err
	}
	a, err := e.arguments(&x.args)
	if err == nil {
		err = e.spend(costNode)
	}
	if err != nil {
		return nil, x.in(err)
	}
	yes, err := x.f(e, v, a)
	return yes != x.negate, x.in(err)
}

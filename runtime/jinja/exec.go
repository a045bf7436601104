package jinja

import (
	"fmt"
	"strings"
)

// run executes statements.
func (e *env) run(list []stmt) (control, error) {
	for _, s := range list {
		if c, err := s.exec(e); c != normal || err != nil {
			return c, err
		}
	}
	return normal, nil
}

// inScope executes statements in a scope below parent.
func (e *env) inScope(parent *scope, list []stmt) (control, error) {
	saved := e.scope
	e.scope = &scope{parent: parent}
	c, err := e.run(list)
	e.scope = saved
	return c, err
}

// print adds to the output.
func (e *env) print(s string) error {
	if e.printed += len(s); e.printed > maxOutput {
		return limit("the output has more than %d bytes", maxOutput)
	}
	e.out.WriteString(s)
	return e.spend(costNode + len(s)/4)
}

// capture returns what f prints, as a value.
func (e *env) capture(f func() error) (Value, error) {
	saved := e.out
	e.out = &strings.Builder{}
	err := f()
	s := e.out.String()
	e.out = saved
	if err != nil {
		return nil, err
	}
	if e.escape {
		return Markup(s), e.make(len(s))
	}
	return e.budget.str(s)
}

func (s textStmt) exec(e *env) (control, error) { return normal, e.print(s.text) }

func (s *printStmt) exec(e *env) (control, error) {
	v, err := s.x.eval(e)
	if err != nil {
		return normal, s.in(err)
	}
	t, err := e.str(v)
	if err != nil {
		return normal, s.in(err)
	}
	if _, safe := v.(Markup); e.escape && !safe {
		t = escapeHTML(t)
	}
	return normal, s.in(e.print(t))
}

func (s *ifStmt) exec(e *env) (control, error) {
	if err := e.spend(costNode); err != nil {
		return normal, err
	}
	for i, test := range s.tests {
		v, err := test.eval(e)
		if err != nil {
			return normal, err
		}
		if truth(v) {
			return e.run(s.bodies[i])
		}
	}
	if len(s.bodies) > len(s.tests) {
		return e.run(s.bodies[len(s.tests)])
	}
	return normal, nil
}

func (s *setStmt) exec(e *env) (control, error) {
	v, err := s.value.eval(e)
	if err == nil {
		err = e.assign(&s.target, v)
	}
	return normal, s.in(err)
}

func (s *setBlock) exec(e *env) (control, error) {
	v, err := e.capture(func() error {
		_, err := e.inScope(e.scope, s.body)
		return err
	})
	for _, f := range s.filter {
		if err == nil {
			v, err = f.apply(e, v)
		}
	}
	if err == nil {
		err = e.assign(&s.target, v)
	}
	return normal, s.in(err)
}

// assign assigns a value to a target.
func (e *env) assign(g *target, v Value) error {
	if err := e.spend(costNode); err != nil {
		return err
	}
	switch {
	case g.many != nil:
		items, err := e.elements(v)
		if err != nil {
			return g.in(err)
		}
		if len(items) != len(g.many) {
			return g.in(raise("%d values for %d names", len(items), len(g.many)))
		}
		for i := range g.many {
			if err := e.assign(&g.many[i], items[i]); err != nil {
				return err
			}
		}
	case g.member != "":
		ns, ok := e.lookup(g.name).(*Namespace)
		if !ok {
			return g.in(raise("cannot set a member of %q, which is no namespace", g.name))
		}
		ns.members.Set(g.member, v)
		return e.items(1)
	default:
		e.scope.set(g.name, v)
	}
	return nil
}

func (s *forStmt) exec(e *env) (control, error) {
	v, err := s.iter.eval(e)
	if err != nil {
		return normal, err
	}
	c, err := s.loop(e, v, e.scope, 0)
	return c, s.in(err)
}

// loop runs the loop over a value; depth counts recursive loops around.
func (s *forStmt) loop(e *env, v Value, parent *scope, depth int) (control, error) {
	items, err := e.elements(v)
	if err != nil {
		return normal, err
	}
	saved := e.scope
	defer func() { e.scope = saved }()
	l := &loopState{stmt: s, parent: parent, items: items, depth: depth}
	if s.filter != nil {
		l.items, l.waiting = nil, items
	}
	whole := false // some round came to its end
	for l.i = 0; ; l.i++ {
		if more, err := l.has(e, l.i); err != nil || !more {
			if err != nil {
				return normal, err
			}
			break
		}
		if err := e.spend(costStep); err != nil {
			return normal, err
		}
		e.scope = &scope{parent: parent, names: append(make([]string, 0, 4), "loop"), values: append(make([]Value, 0, 4), l)}
		if err := e.assign(&s.target, l.items[l.i]); err != nil {
			return normal, err
		}
		c, err := e.run(s.body)
		if err != nil {
			return normal, err
		}
		if c == breakLoop {
			break
		}
		whole = whole || c == normal
	}
	if !whole && s.orElse != nil { // also after nothing but continue and break, as in Jinja
		return e.inScope(parent, s.orElse)
	}
	return normal, nil
}

// has reports whether there is an element i. Those that wait are tested now: as in Jinja the condition of a loop sees what
// the rounds before have set.
func (l *loopState) has(e *env, i int) (bool, error) {
	for len(l.items) <= i && len(l.waiting) > 0 {
		item := l.waiting[0]
		l.waiting = l.waiting[1:]
		saved := e.scope
		e.scope = &scope{parent: l.parent}
		err := e.assign(&l.stmt.target, item)
		var yes Value
		if err == nil {
			yes, err = l.stmt.filter.eval(e)
		}
		e.scope = saved
		if err == nil {
			err = e.items(1)
		}
		if err != nil {
			return false, err
		}
		if truth(yes) {
			l.items = append(l.items, item)
		}
	}
	return len(l.items) > i, nil
}

// loopState is the variable loop.
type loopState struct {
	stmt    *forStmt
	parent  *scope
	items   []Value
	waiting []Value // elements that the condition of the loop was not evaluated for yet
	i       int
	depth   int
	last    []Value // arguments of the last loop.changed
	changed bool    // loop.changed was called
}

func (l *loopState) attr(e *env, name string) (Value, error) {
	ahead := map[string]int{"last": l.i + 1, "nextitem": l.i + 1, "length": maxValue, "revindex": maxValue, "revindex0": maxValue}
	if i, ok := ahead[name]; ok {
		if _, err := l.has(e, i); err != nil {
			return nil, err
		}
	}
	return l.member(name), nil
}

func (l *loopState) member(name string) Value {
	n := len(l.items)
	switch name {
	case "index":
		return int64(l.i + 1)
	case "index0":
		return int64(l.i)
	case "revindex":
		return int64(n - l.i)
	case "revindex0":
		return int64(n - l.i - 1)
	case "first":
		return l.i == 0
	case "last":
		return l.i == n-1
	case "length":
		return int64(n)
	case "depth":
		return int64(l.depth + 1)
	case "depth0":
		return int64(l.depth)
	case "previtem":
		if l.i > 0 {
			return l.items[l.i-1]
		}
		return Undefined{"there is no previous item"}
	case "nextitem":
		if l.i+1 < n {
			return l.items[l.i+1]
		}
		return Undefined{"there is no next item"}
	case "cycle":
		return &Func{"cycle", func(_ *env, a args) (Value, error) {
			if len(a.pos) == 0 {
				return nil, raise("cycle: no items for cycling given")
			}
			return a.pos[l.i%len(a.pos)], nil
		}}
	case "changed":
		return &Func{"changed", func(e *env, a args) (Value, error) {
			same, err := e.equal(tuple(l.last...), tuple(a.pos...), 0)
			changed := !l.changed || !same
			l.last, l.changed = a.pos, true
			return changed, err
		}}
	}
	return Undefined{fmt.Sprintf("loop has no member %.60q", name)}
}

// recurse is loop(items) in a recursive loop.
func (l *loopState) recurse(e *env, a args) (Value, error) {
	if !l.stmt.recursive || len(a.pos) != 1 {
		return nil, raise("loop is called with %d arguments; the tag needs recursive, and the call one argument", len(a.pos))
	}
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.leave()
	return e.capture(func() error {
		_, err := l.stmt.loop(e, a.pos[0], l.parent, l.depth+1)
		return err
	})
}

func (s *printAll) exec(e *env) (control, error) { return e.run(s.list) }

func (s controlStmt) exec(*env) (control, error) { return s.c, nil }

func (s *scopeStmt) exec(e *env) (control, error) { return e.inScope(e.scope, s.body) }

func (s *withStmt) exec(e *env) (control, error) {
	inner := &scope{parent: e.scope}
	saved := e.scope
	defer func() { e.scope = saved }()
	for i := range s.targets { // values are those outside
		v, err := s.values[i].eval(e)
		if err != nil {
			return normal, err
		}
		e.scope = inner
		err = e.assign(&s.targets[i], v)
		e.scope = saved
		if err != nil {
			return normal, err
		}
	}
	e.scope = inner
	return e.run(s.body)
}

func (s *escapeStmt) exec(e *env) (control, error) {
	v, err := s.on.eval(e)
	if err != nil {
		return normal, err
	}
	saved := e.escape
	e.escape = truth(v)
	c, err := e.inScope(e.scope, s.body)
	e.escape = saved
	return c, err
}

func (s *filterStmt) exec(e *env) (control, error) {
	v, err := e.capture(func() error {
		_, err := e.inScope(e.scope, s.body)
		return err
	})
	for _, f := range s.filters {
		if err == nil {
			v, err = f.apply(e, v)
		}
	}
	var t string
	if err == nil {
		t, err = e.str(v)
	}
	if err == nil {
		err = e.print(t)
	}
	return normal, s.in(err)
}

func (s *macroStmt) exec(e *env) (control, error) {
	e.scope.set(s.name, e.macro(s.name, s.sig, s.body))
	return normal, e.spend(costStep)
}

// macro makes a function of a body; names in it mean what they mean where it stands.
func (e *env) macro(name string, sig *signature, body []stmt) *Func {
	parent := e.scope
	return &Func{name, func(e *env, a args) (Value, error) {
		if err := e.enter(); err != nil {
			return nil, err
		}
		defer e.leave()
		saved := e.scope
		e.scope = &scope{parent: parent}
		defer func() { e.scope = saved }()
		if err := e.bind(name, sig, a); err != nil {
			return nil, err
		}
		return e.capture(func() error {
			_, err := e.run(body)
			return err
		})
	}}
}

// bind sets the parameters of a macro.
func (e *env) bind(macro string, sig *signature, a args) error {
	if len(a.pos) > len(sig.names) && !sig.varargs {
		return raise("macro %q takes not more than %d arguments, got %d", macro, len(sig.names), len(a.pos))
	}
	used := make([]bool, len(a.names))
	named := func(n string) (Value, bool) {
		for k, s := range a.names {
			if s == n {
				used[k] = true
				return a.named[k], true
			}
		}
		return nil, false
	}
	for i, n := range sig.names {
		v, ok := named(n)
		switch d := i - len(sig.names) + len(sig.defaults); {
		case i < len(a.pos) && ok:
			return raise("macro %q got two values for %q", macro, n)
		case i < len(a.pos):
			v = a.pos[i]
		case ok:
		case d >= 0:
			var err error
			if v, err = sig.defaults[d].eval(e); err != nil {
				return err
			}
		default:
			v = Undefined{fmt.Sprintf("parameter %q was not provided", n)}
		}
		e.scope.set(n, v)
	}
	if sig.caller {
		v, ok := named("caller")
		if !ok {
			v = Undefined{"no caller defined"}
		}
		e.scope.set("caller", v)
	}
	if sig.varargs {
		e.scope.set("varargs", tuple(a.pos[min(len(sig.names), len(a.pos)):]...))
	}
	rest := NewDict()
	for k, n := range a.names {
		if used[k] {
			continue
		}
		if !sig.kwargs {
			return raise("macro %q takes no keyword argument %.60q", macro, n)
		}
		rest.Set(n, a.named[k])
	}
	if sig.kwargs {
		e.scope.set("kwargs", rest)
	}
	return nil
}

func (s *callStmt) exec(e *env) (control, error) {
	v, err := s.call.call(e, e.macro("caller", s.sig, s.body))
	if err != nil {
		return normal, s.in(err)
	}
	t, err := e.str(v)
	if err == nil {
		err = e.print(t)
	}
	return normal, s.in(err)
}

package jinja

// expr is an expression. eval spends from the budget of e.
type expr interface {
	eval(e *env) (Value, error)
}

// node is the place of an expression or statement.
type node struct{ at int }

type (
	literal struct{ value Value }
	name    struct {
		node
		name string
	}
	listExpr struct {
		items []expr
		tuple bool
	}
	dictExpr  struct{ keys, values []expr }
	unaryExpr struct {
		node
		op string // - + not
		x  expr
	}
	binaryExpr struct {
		node
		op   string // + - * / // % **
		x, y expr
	}
	concatExpr struct {
		node
		parts []expr
	}
	logicExpr struct {
		or   bool
		x, y expr
	}
	compareExpr struct {
		node
		first expr
		ops   []string // == != < <= > >= in, not in
		rest  []expr
	}
	condExpr struct {
		test, yes, no expr // no is nil without else
	}
	attrExpr struct {
		node
		x    expr
		name string
	}
	itemExpr struct {
		node
		x, key expr
	}
	sliceExpr struct {
		node
		x                 expr
		start, stop, step expr // nil when left out
	}
	callExpr struct {
		node
		f    expr
		args arguments
	}
	filterExpr struct {
		node
		name string
		f    filter
		x    expr // nil in {% filter %} and {% set x | filter %}
		args arguments
	}
	testExpr struct {
		node
		name   string
		f      test
		x      expr
		args   arguments
		negate bool
	}
)

// arguments of a call.
type arguments struct {
	values []expr
	names  []string // of the last len(names) values
	list   expr     // *list, nil when left out
	dict   expr     // **dict
}

// control tells how a statement ended.
type control byte

const (
	normal control = iota
	breakLoop
	continueLoop
)

// stmt is a statement.
type stmt interface {
	exec(e *env) (control, error)
}

type (
	textStmt  struct{ text string }
	printStmt struct {
		node
		x expr
	}
	ifStmt struct {
		tests  []expr // one more body than tests with an else
		bodies [][]stmt
	}
	forStmt struct {
		node
		target    target
		iter      expr
		filter    expr // nil when left out
		recursive bool
		body      []stmt
		orElse    []stmt
	}
	setStmt struct {
		node
		target target
		value  expr
	}
	setBlock struct {
		node
		target target
		filter []*filterExpr
		body   []stmt
	}
	macroStmt struct {
		node
		name string
		sig  *signature
		body []stmt
	}
	callStmt struct {
		node
		call *callExpr
		sig  *signature
		body []stmt
	}
	filterStmt struct {
		node
		filters []*filterExpr
		body    []stmt
	}
	withStmt struct {
		targets []target
		values  []expr
		body    []stmt
	}
	scopeStmt  struct{ body []stmt } // block, generation
	escapeStmt struct {
		on   expr
		body []stmt
	}
	printAll    struct{ list []stmt } // print a, b
	controlStmt struct{ c control }
)

// signature is the parameters of a macro or a call block.
type signature struct {
	names    []string
	defaults []expr // of the last len(defaults) names
	varargs  bool   // the body uses varargs
	kwargs   bool
	caller   bool
}

// target is what an assignment assigns to: a name, a member of a namespace, or several targets.
type target struct {
	node
	name   string
	member string
	many   []target
}

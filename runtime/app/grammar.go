package app

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/engine"
)

// constraint restricts what may be generated: a grammar in GBNF or a JSON schema, given as text or by file.
type constraint struct {
	grammar, grammarFile string
	schema, schemaFile   string
}

// given counts the flags that set a constraint; more than one contradict each other.
func (c *constraint) given() int {
	n := 0
	for _, s := range []string{c.grammar, c.grammarFile, c.schema, c.schemaFile} {
		if s != "" {
			n++
		}
	}
	return n
}

// readConstraint replaces the files of a constraint by their text.
func (p *program) readConstraint() error {
	c := &p.options.constraint
	for _, f := range []struct {
		flag, name string
		text       *string
	}{{"--grammar-file", c.grammarFile, &c.grammar}, {"--json-schema-file", c.schemaFile, &c.schema}} {
		if f.name == "" {
			continue
		}
		text, err := p.readText(f.flag, f.name)
		if err != nil {
			return err
		}
		if text == "" { // which would be no constraint at all
			return fmt.Errorf("%w: %s: %s is empty", errUsage, f.flag, f.name)
		}
		*f.text = text
	}
	return nil
}

// params are the engine's parameters of one generation. A grammar serves one generation only, so each gets its own.
func (p *program) params(e *engine.Engine) (engine.Params, error) {
	o := p.options
	params := engine.Params{N: o.n, Params: o.sampling, Stop: o.stop, IgnoreEOS: o.ignoreEOS, Shift: o.shift}
	var err error
	switch {
	case o.constraint.grammar != "":
		params.Grammar, err = e.GBNF(o.constraint.grammar)
	case o.constraint.schema != "":
		params.Grammar, err = e.JSONSchema([]byte(o.constraint.schema))
	}
	if err != nil {
		return params, fmt.Errorf("%w: %w", errUsage, err)
	}
	return params, nil
}

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
	var flag string
	switch c := &o.constraint; {
	case c.grammar != "":
		flag = flagOf("--grammar", "--grammar-file", c.grammarFile)
		params.Grammar, err = e.GBNF(c.grammar)
	case c.schema != "":
		flag = flagOf("--json-schema", "--json-schema-file", c.schemaFile)
		params.Grammar, err = e.JSONSchema([]byte(c.schema))
	}
	if err != nil {
		return params, fmt.Errorf("%w: %s: %w", errUsage, flag, err)
	}
	return params, nil
}

// flagOf names the flag that a constraint came by: of its text, or of the file if there is one.
func flagOf(text, file, name string) string {
	if name == "" {
		return text
	}
	return file + " " + name
}

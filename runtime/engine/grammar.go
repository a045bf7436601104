package engine

import "github.com/llamaboot/llamaboot/runtime/grammar"

// GBNF prepares a grammar for one generation.
func (e *Engine) GBNF(text string) (Grammar, error) {
	g, err := grammar.Parse(text, "root")
	if err != nil {
		return nil, err
	}
	return g.NewMatcher(e.tok)
}

// JSONSchema prepares a grammar for one generation whose result is valid under a JSON schema; an empty schema allows
// any JSON value.
func (e *Engine) JSONSchema(schema []byte) (Grammar, error) {
	if len(schema) == 0 {
		schema = []byte(grammar.AnyJSON)
	}
	gbnf, err := grammar.FromSchema(schema)
	if err != nil {
		return nil, err
	}
	return e.GBNF(gbnf)
}

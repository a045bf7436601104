package serve

import (
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/llamaboot/llamaboot/runtime/engine"
)

// thinking is the grammar of an answer that begins with reasoning: anything until the mark that ends it, which it forces
// after a number of tokens or when somebody asks for it, then what another grammar allows.
type thinking struct {
	m     *served
	inner engine.Grammar // of what follows; nil for anything
	shut  string         // the mark
	left  int            // tokens of reasoning; negative for no limit
	stop  atomic.Bool    // the reasoning is to end
	over  bool           // it has
	tail  string         // its last text, shorter than the mark
	force []int32        // tokens that must come now
}

// Allowed is called for every token of the vocabulary.
func (g *thinking) Allowed(id int32) bool {
	switch {
	case len(g.force) > 0:
		return id == g.force[0]
	case g.over && g.inner != nil:
		return g.inner.Allowed(id)
	case !g.over && g.inner != nil: // there must be an answer behind
		return !g.m.Engine.Tokenizer().IsEOG(id)
	}
	return true
}

// Accept moves on by a token.
func (g *thinking) Accept(id int32) error {
	switch {
	case len(g.force) > 0:
		g.force = g.force[1:]
		g.over = len(g.force) == 0
		return nil
	case g.over && g.inner != nil:
		return g.inner.Accept(id)
	case g.over:
		return nil
	}
	g.tail += g.m.Engine.Tokenizer().Piece(id, true)
	if strings.Contains(g.tail, g.shut) {
		g.over = true
		return nil
	}
	g.tail = g.tail[max(0, len(g.tail)-len(g.shut)+1):]
	if g.left--; g.left == 0 || g.stop.Load() {
		g.force = g.m.Engine.Tokenize("\n"+g.shut+"\n\n", false, true)
	}
	return nil
}

// budget is how many tokens of reasoning a conversation may have; negative for no limit.
func (c *conversation) budget() int {
	for _, n := range []*integer{c.Budget, c.ThinkingBudget} {
		if n != nil && *n >= 0 {
			return int(*n)
		}
	}
	return -1
}

// control changes an answer that is being written: llama.cpp's way to end its reasoning.
func (s *Server) control(_ *served, w http.ResponseWriter, r *http.Request) error {
	var q struct {
		ID     string `json:"id"`
		Action string `json:"action"`
	}
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	if q.Action != "reasoning_end" {
		return badRequest("action", "action: got %q, want reasoning_end", q.Action)
	}
	list, ok := s.reasoning.Load(q.ID)
	if !ok {
		return &apiError{Status: http.StatusNotFound, Type: invalidRequest, Code: "not_found", Param: "id",
			Message: "no answer " + q.ID + " with reasoning_control is being written"}
	}
	for _, g := range list.([]*thinking) {
		g.stop.Store(true)
	}
	return sendJSON(w, http.StatusOK, map[string]bool{"success": true})
}

// controlled lets control find the reasoning of turns while they run.
func (s *Server) controlled(id string, turns []*turn) (forget func()) {
	var list []*thinking
	for _, t := range turns {
		if g, ok := t.request.Grammar.(*thinking); ok {
			list = append(list, g)
		}
	}
	s.reasoning.Store(id, list)
	return func() { s.reasoning.Delete(id) }
}

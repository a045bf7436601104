package chat

import "fmt"

// block is an open block: its keyword, and what is done at its end with the text collected in variable name.
type block struct {
	keyword, name, filter string
	round                 *round // of a loop
}

func (w *rewriter) open(b block) error {
	if w.blocks = append(w.blocks, b); len(w.blocks) > maxNesting {
		return fmt.Errorf("%w: blocks are nested more than %d deep", ErrLimit, maxNesting)
	}
	return nil
}

func (w *rewriter) close(keyword string) (block, error) {
	n := len(w.blocks) - 1
	if n < 0 || w.blocks[n].keyword != keyword {
		return block{}, fmt.Errorf("%w: end%s without %s", ErrTemplate, keyword, keyword)
	}
	b := w.blocks[n]
	w.blocks = w.blocks[:n]
	return b, nil
}

// allClosed is asked at the end of the template.
func (w *rewriter) allClosed() error {
	if n := len(w.blocks); n > 0 {
		k := w.blocks[n-1].keyword
		return fmt.Errorf("%w: %s without end%s", ErrTemplate, k, k)
	}
	return nil
}

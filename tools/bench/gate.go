package main

import (
	"fmt"
	"log"
)

const (
	// gateFactor is how much of a kept ratio must be reached.
	gateFactor = 0.9
	// gateTries is how often what falls below is measured: other work on the
	// machine makes single ratios of either program too low.
	gateTries = 3
)

// runGate measures what file holds again, the same way, and compares.
func (c *config) runGate(file string) error {
	kept, err := readRows(file)
	if err != nil {
		return err
	}
	return gate(kept, func(p part) ([]row, error) {
		one := *c
		one.specs, one.threads, one.level, one.metric = []string{p.Model}, []int{p.Threads}, p.Level, p.Metric
		one.prompt, one.gen = p.prompt, p.gen
		return one.measureAll()
	})
}

// gate measures the kept rows, those that fall below again, and compares the
// best of them.
func gate(kept []row, measure func(part) ([]row, error)) error {
	best := map[string]float64{}
	todo := kept
	for range gateTries {
		for _, p := range parts(todo) {
			rows, err := measure(p)
			if err != nil {
				return err
			}
			for _, r := range rows {
				best[r.name()] = max(best[r.name()], r.ratio())
			}
		}
		todo = below(kept, best)
	}
	for _, k := range todo {
		log.Printf("%s: ratio %.2f, kept %.2f", k.name(), best[k.name()], k.ratio())
	}
	if len(todo) > 0 {
		return fmt.Errorf("%d of %d ratios are below %.1f of those in %s, %d times over", len(todo), len(kept), gateFactor, keptFile, gateTries)
	}
	log.Printf("all of %d ratios are at least %.1f of those in %s", len(kept), gateFactor, keptFile)
	return nil
}

// below lists kept rows whose measured ratio, by name, is below gateFactor of
// the kept one or missing.
func below(kept []row, got map[string]float64) []row {
	var rows []row
	for _, k := range kept {
		if got[k.name()] < gateFactor*k.ratio() {
			rows = append(rows, k)
		}
	}
	return rows
}

// part is what one comparison of the two programs measures.
type part struct {
	way
	prompt, gen int // tokens, -1 for no such test
}

// parts groups rows that are measured together.
func parts(rows []row) []part {
	var all []part
next:
	for _, r := range rows {
		p := part{r.way, -1, -1}
		if n, ok := testTokens(promptTest, r.Test); ok {
			p.prompt = n
		}
		if n, ok := testTokens(genTest, r.Test); ok {
			p.gen = n
		}
		for i := range all {
			a := &all[i]
			switch {
			case a.way != p.way:
			case a.prompt < 0 && p.prompt > 0:
				a.prompt = p.prompt
				continue next
			case a.gen < 0 && p.gen > 0:
				a.gen = p.gen
				continue next
			}
		}
		all = append(all, p)
	}
	return all
}

package main

import (
	"fmt"
	"log"
)

// gateFactor is how much of a kept ratio must be reached.
const gateFactor = 0.9

// runGate measures what file holds again, the same way, and compares.
func (c *config) runGate(file string) error {
	kept, err := readRows(file)
	if err != nil {
		return err
	}
	var rows []row
	for _, part := range parts(kept) {
		one := *c
		one.specs, one.threads, one.level, one.metric = []string{part.Model}, []int{part.Threads}, part.Level, part.Metric
		one.prompt, one.gen = part.prompt, part.gen
		r, err := one.measureAll()
		if err != nil {
			return err
		}
		rows = append(rows, r...)
	}
	return check(kept, rows)
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

// check fails for ratios below gateFactor of the kept ones, and for kept ones
// that were not measured.
func check(kept, rows []row) error {
	got := map[string]float64{}
	for _, r := range rows {
		got[r.name()] = r.ratio()
	}
	failed := 0
	for _, k := range kept {
		have := got[k.name()] // 0 if it was not measured
		if have < gateFactor*k.ratio() {
			log.Printf("%s: ratio %.2f, kept %.2f", k.name(), have, k.ratio())
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d ratios are below %.1f of those in %s", failed, len(kept), gateFactor, keptFile)
	}
	log.Printf("all of %d ratios are at least %.1f of those in %s", len(kept), gateFactor, keptFile)
	return nil
}

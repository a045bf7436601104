package main

// A factor is something that varies between machines.
type factor struct {
	name   string
	values []string
}

// choice is one value of each factor, by index.
type choice []int

// pair is a value of each of two factors.
type pair struct{ f1, v1, f2, v2 int }

const open = -1 // a factor of a choice that is not decided yet

// pairs returns choices that hold every pair of values of two factors that possible allows in some choice. possible
// must accept undecided factors, and must say no only for reasons that deciding them does not remove. The result
// depends on nothing but the arguments.
//
// It is the greedy construction: each choice starts from the first pair that is missing and takes for one factor after
// the other the value that adds most missing pairs.
func pairs(factors []factor, possible func(choice) bool) []choice {
	missing := map[pair]bool{}
	var order []pair
	for f1 := range factors {
		for f2 := f1 + 1; f2 < len(factors); f2++ {
			for v1 := range factors[f1].values {
				for v2 := range factors[f2].values {
					c := undecided(len(factors))
					c[f1], c[f2] = v1, v2
					if p := (pair{f1, v1, f2, v2}); complete(factors, possible, c) != nil {
						missing[p] = true
						order = append(order, p)
					}
				}
			}
		}
	}
	var list []choice
	for _, p := range order {
		if !missing[p] {
			continue
		}
		c := undecided(len(factors))
		c[p.f1], c[p.f2] = p.v1, p.v2
		for f := range factors {
			if c[f] != open {
				continue
			}
			best, most := open, -1
			for v := range factors[f].values {
				c[f] = v
				if complete(factors, possible, c) == nil {
					continue
				}
				if n := news(c, f, missing); n > most {
					best, most = v, n
				}
			}
			c[f] = best
		}
		for f1 := range c {
			for f2 := f1 + 1; f2 < len(c); f2++ {
				delete(missing, pair{f1, c[f1], f2, c[f2]})
			}
		}
		list = append(list, c)
	}
	return list
}

func undecided(n int) choice {
	c := make(choice, n)
	for i := range c {
		c[i] = open
	}
	return c
}

// news counts the missing pairs that c has with its factor f.
func news(c choice, f int, missing map[pair]bool) (n int) {
	for g := range c {
		if g == f || c[g] == open {
			continue
		}
		if missing[pair{min(f, g), c[min(f, g)], max(f, g), c[max(f, g)]}] {
			n++
		}
	}
	return n
}

// complete returns a possible choice that decides what c leaves open, nil if there is none.
func complete(factors []factor, possible func(choice) bool, c choice) choice {
	if !possible(c) {
		return nil
	}
	for f := range c {
		if c[f] != open {
			continue
		}
		for v := range factors[f].values {
			next := append(choice(nil), c...)
			next[f] = v
			if whole := complete(factors, possible, next); whole != nil {
				return whole
			}
		}
		return nil
	}
	return c
}

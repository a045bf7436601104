package sched

import "time"

// pace estimates how many tokens of prompts a pass may take, from the passes before.
type pace struct {
	tokens int           // of the last pass with as many as were allowed
	took   time.Duration // that pass; 0 when there was none
	least  time.Duration // a pass with one token of every generation
}

const (
	// fewestTokens of prompts a pass takes even if it lasts longer than wanted: prompts must be computed some time.
	fewestTokens = 8
	// firstTokens is how many a pass takes while nothing is known about their time.
	firstTokens = 32
	// aloneFactor is how much longer a pass may last when nobody waits for a token.
	aloneFactor = 4
)

// measure learns from a pass; few says that it had no tokens of prompts.
func (p *pace) measure(tokens int, few bool, took time.Duration) {
	switch {
	case few:
		p.least = took
	case 2*tokens >= p.tokens || took > p.took:
		p.tokens, p.took = tokens, took
	}
}

// allowed is how many tokens of prompts the next pass may take to last as long as pause, but at least half as long again
// as a pass must: reading the weights of a large model takes longer than any pause. It at most doubles, for the time of
// a pass is not proportional to its tokens.
func (p *pace) allowed(pause time.Duration, waiting bool) int {
	pause = max(pause, p.least+p.least/2)
	if !waiting {
		pause *= aloneFactor
	}
	if p.took <= 0 {
		return firstTokens
	}
	return max(fewestTokens, min(2*p.tokens, int(float64(p.tokens)*float64(pause)/float64(p.took))))
}

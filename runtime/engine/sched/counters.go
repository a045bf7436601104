package sched

import "time"

// Counters are what a scheduler has done since it started.
type Counters struct {
	Prompt     int           // tokens of prompts computed
	PromptTime time.Duration // from a slot to the first logits, of all prompts
	Reused     int           // tokens of prompts that were not computed again
	Generated  int
	Generating time.Duration // from the first logits to the end, of all generations
	Passes     int
	Tokens     int // computed in all passes
	Busy       time.Duration
	Finished   int // generations
	Refused    int // because too many were waiting
	Longest    int // most tokens a sequence had

	// At the moment of Counters.
	Running   int // generations
	Waiting   int
	KeptBytes int // of sequences that have ended, at most
	Kept      int // sequences that have ended
}

func (c *Counters) pass(tokens int, took time.Duration) {
	c.Passes++
	c.Tokens += tokens
	c.Busy += took
}

func (c *Counters) prompt(j *job) {
	c.Prompt += j.stats.PromptTokens
	c.PromptTime += j.stats.PromptTime
}

func (c *Counters) end(j *job) {
	c.Finished++
	c.Generated += j.stats.Tokens
	c.Generating += j.stats.Time
	c.Longest = max(c.Longest, len(j.tokens))
}

// Counters reports what the scheduler has done.
func (s *Scheduler) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.count
	c.Running, c.Waiting, c.Kept, c.KeptBytes = len(s.running), s.queue.len, len(s.kept.list), s.kept.bytes
	return c
}

// Slot is what one slot computes.
type Slot struct {
	ID        int
	Busy      bool
	Prompt    int // tokens of the prompt
	Computed  int // tokens of the sequence that are computed
	Generated int
	Request   *Request
}

// Slots reports what every slot computes now.
func (s *Scheduler) Slots() []Slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Slot, s.o.Slots)
	for i := range list {
		list[i].ID = i
	}
	for _, j := range s.running {
		list[j.id] = Slot{ID: j.id, Busy: true, Prompt: len(j.req.Prompt), Computed: len(j.tokens), Generated: j.stats.Tokens, Request: &j.req}
	}
	return list
}

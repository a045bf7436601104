package sched

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/model"
)

// loop makes passes until the scheduler is closed.
func (s *Scheduler) loop() {
	defer close(s.ended)
	var batch []model.Token
	var logits []float32
	for {
		s.mu.Lock()
		s.sweep()
		s.admit()
		closed := s.closed && len(s.running) == 0
		var jobs []*job
		batch, jobs = s.plan(batch[:0])
		s.mu.Unlock()
		switch {
		case len(batch) > 0:
			logits = s.pass(logits, batch, jobs)
			s.collect()
		case closed:
			return
		default: // nothing to compute: a token is being chosen, a consumer is slow, or nobody asks for anything
			select {
			case <-s.wake:
			case j := <-s.chosen:
				s.took(j)
			}
		}
	}
}

// sweep ends the jobs nobody wants any more. Those whose next token is being chosen end when that is done.
func (s *Scheduler) sweep() {
	gone := func(j *job) bool {
		switch {
		case s.closed:
			j.err = ErrClosed
		case j.ctx.Err() != nil:
			j.err = j.ctx.Err()
		default:
			return false
		}
		return true
	}
	s.queue.remove(func(j *job) bool {
		if gone(j) {
			j.out.close()
			return true
		}
		return false
	})
	for _, j := range slices.Clone(s.running) {
		if j.state != choosing && gone(j) {
			s.end(j)
		}
	}
}

// admit moves waiting jobs into free slots.
func (s *Scheduler) admit() {
	for len(s.running) < s.o.Slots {
		j := s.queue.pop()
		if j == nil {
			return
		}
		j.started = time.Now()
		j.stats.Wait = j.started.Sub(j.queued)
		for j.id = 0; slices.ContainsFunc(s.running, func(r *job) bool { return r.id == j.id }); {
			j.id++
		}
		s.running = append(s.running, j)
	}
}

// plan fills the batch of the next pass: the token of every running generation, then tokens of prompts, of which every
// job gets an equal share of what fits, the shortest rest first.
func (s *Scheduler) plan(batch []model.Token) ([]model.Token, []*job) {
	var jobs, prompts []*job
	waiting := 0 // generations whose tokens somebody waits for
	for _, j := range slices.Clone(s.running) {
		if j.state == choosing {
			waiting++
		}
		if j.state != chosen || j.out.full() || len(j.tokens) >= s.e.Model().Context && !s.makeRoom(j) {
			continue
		}
		waiting++
		batch = append(batch, model.Token{ID: j.next, Pos: len(j.tokens), Cache: j.cache, Logits: true})
		j.chunk = 1
		jobs = append(jobs, j)
	}
	for _, j := range s.running {
		if j.state == inPrompt && (j.cache != nil || s.begin(j)) {
			prompts = append(prompts, j)
		}
	}
	slices.SortStableFunc(prompts, func(a, b *job) int { return len(a.rest()) - len(b.rest()) })
	room := min(s.pace.allowed(s.o.Pause, waiting > 0), s.o.Batch-len(batch))
	for i, j := range prompts {
		rest := j.rest()
		n := min(len(rest), (room+len(prompts)-i-1)/(len(prompts)-i))
		if n <= 0 {
			break
		}
		room -= n
		for k, id := range rest[:n] {
			batch = append(batch, model.Token{ID: id, Pos: len(j.tokens) + k, Cache: j.cache, Logits: k == len(rest)-1})
		}
		j.chunk = n
		jobs = append(jobs, j)
	}
	return batch, jobs
}

// makeRoom shifts the context of a job that is full, or ends it where that is not wanted.
func (s *Scheduler) makeRoom(j *job) bool {
	if j.req.Shift {
		var err error
		if j.tokens, err = s.e.Shift(j.cache, j.tokens, j.req.Keep); err == nil {
			return true
		}
		j.err = err
	} else {
		j.out.put(Event{Step: j.writer.End(engine.StopContext), Prompt: len(j.req.Prompt)})
		j.stats.StopReason = engine.StopContext
	}
	s.end(j)
	return false
}

// pass computes the batch, and has the next tokens chosen of those jobs whose logits it gives.
func (s *Scheduler) pass(logits []float32, batch []model.Token, jobs []*job) []float32 {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if len(jobs) == 1 {
		jobs[0].alone(cancel)
		defer jobs[0].alone(nil)
		if jobs[0].ctx.Err() != nil {
			return logits
		}
	}
	begin := time.Now()
	out, err := s.e.Model().ForwardContext(ctx, logits, batch)
	took := time.Since(begin)
	if err == nil {
		logits = out
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.pass(len(batch), took)
	s.pace.measure(len(batch), len(batch) == len(jobs), took)
	vocab, at, row := s.e.Model().Vocab, 0, 0
	for _, j := range jobs {
		part := batch[at : at+j.chunk]
		at += j.chunk
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				j.err = err
				s.end(j)
			}
			continue
		}
		for i := range part {
			j.tokens = append(j.tokens, part[i].ID)
		}
		if !part[len(part)-1].Logits {
			j.out.put(Event{Step: engine.Step{ID: -1}, Prompt: len(j.tokens)})
			continue
		}
		j.logits = append(j.logits[:0], out[row*vocab:(row+1)*vocab]...)
		row++
		if j.state == inPrompt {
			j.generating = time.Now()
			j.stats.PromptTime = j.generating.Sub(j.started)
			s.count.prompt(j)
		}
		j.state = choosing
		go j.choose(s.chosen)
	}
	return logits
}

// chooseTime is how long a pass waits for tokens that are being chosen once another one is: a grammar that takes long
// holds nobody else up.
const chooseTime = 5 * time.Millisecond

// collect waits for the tokens being chosen.
func (s *Scheduler) collect() {
	s.mu.Lock()
	pending := 0
	for _, j := range s.running {
		if j.state == choosing {
			pending++
		}
	}
	s.mu.Unlock()
	if pending == 0 {
		return
	}
	late := time.NewTimer(chooseTime)
	defer late.Stop()
	for range pending {
		select {
		case j := <-s.chosen:
			s.took(j)
		case <-late.C:
			return
		}
	}
}

// took goes on with a job whose token is chosen.
func (s *Scheduler) took(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	step := &j.step
	j.stats.Tokens = j.writer.Tokens()
	switch {
	case j.chose != nil:
		j.err = j.chose
		if errors.Is(j.err, engine.ErrNaN) {
			j.err = s.e.NoNumbers(len(j.tokens))
		}
	case step.Reason != "":
		j.stats.StopReason = step.Reason
	case j.req.MaxTime > 0 && time.Since(j.generating) > j.req.MaxTime:
		j.out.put(Event{Step: j.writer.End(engine.StopLength), Prompt: len(j.req.Prompt)})
		j.stats.StopReason = engine.StopLength
	default:
		j.next, j.state = step.ID, chosen
		return
	}
	s.end(j)
}

// end frees the slot of a job, keeps its sequence and tells its consumer.
func (s *Scheduler) end(j *job) {
	s.running = slices.DeleteFunc(s.running, func(r *job) bool { return r == j })
	if !j.generating.IsZero() {
		j.stats.Time = time.Since(j.generating)
	}
	s.count.end(j)
	if !j.req.NoReuse && j.cache != nil {
		s.kept.add(j.tokens, j.cache)
	}
	j.cache, j.logits = nil, nil
	if j.err != nil && !errors.Is(j.err, context.Canceled) && !errors.Is(j.err, ErrClosed) {
		j.err = fmt.Errorf("generating: %w", j.err)
	}
	j.out.close()
	s.poke()
}

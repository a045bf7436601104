package sched

import (
	"context"
	"sync"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/model"
)

// job is a request in progress.
type job struct {
	ctx    context.Context
	req    Request
	writer *engine.Writer
	out    inbox
	err    error // why it failed; read once out is closed
	stats  Stats

	queued, started, generating time.Time

	id     int // of the slot
	cache  *model.Cache
	tokens []int32 // whose keys and values the cache holds
	next   int32   // the chosen token that is computed next; none while the prompt is not finished
	state  state
	chunk  int       // tokens in the pass being computed
	logits []float32 // after the last token
	step   engine.Step
	chose  error // of choosing step

	pass struct { // ends the pass that only this job is in
		sync.Mutex
		cancel context.CancelFunc
	}
}

// state is what a running job waits for.
type state int

const (
	inPrompt state = iota // the rest of the prompt to be computed
	choosing              // its next token to be chosen
	chosen                // that token to be computed
)

func newJob(ctx context.Context, r Request, w *engine.Writer) *job {
	j := &job{ctx: ctx, req: r, writer: w, queued: time.Now()}
	j.out.ready = make(chan struct{}, 1)
	return j
}

// rest is the part of the prompt that is not computed yet.
func (j *job) rest() []int32 { return j.req.Prompt[min(len(j.tokens), len(j.req.Prompt)):] }

// abort ends a pass that computes nothing but this job.
func (j *job) abort() {
	j.pass.Lock()
	defer j.pass.Unlock()
	if j.pass.cancel != nil {
		j.pass.cancel()
	}
}

// alone sets what abort calls.
func (j *job) alone(cancel context.CancelFunc) {
	j.pass.Lock()
	j.pass.cancel = cancel
	j.pass.Unlock()
}

// choose picks the next token and hands it to the consumer, in a goroutine of its own: a grammar may take its time.
func (j *job) choose(done chan<- *job) {
	j.step, j.chose = j.writer.Next(j.logits)
	if j.chose == nil {
		j.out.put(Event{Step: j.step, Prompt: len(j.req.Prompt)})
	}
	done <- j
}

// inbox passes events to the goroutine that consumes them without ever blocking the one that makes them.
type inbox struct {
	ready chan struct{} // capacity 1

	mu     sync.Mutex
	events []Event
	closed bool
	held   bool // the job waits until the events are consumed
}

// mostPending is how many events may wait for a slow consumer before its job does.
const mostPending = 1024

func (b *inbox) put(e Event) {
	b.mu.Lock()
	b.events = append(b.events, e)
	b.mu.Unlock()
	b.signal()
}

func (b *inbox) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.signal()
}

func (b *inbox) signal() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// take waits for events; more is false when there will be no others.
func (b *inbox) take() (events []Event, more bool) {
	<-b.ready
	b.mu.Lock()
	defer b.mu.Unlock()
	events, b.events = b.events, nil
	return events, !b.closed
}

// full reports whether the consumer is far behind, and remembers that the job was held for it.
func (b *inbox) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = len(b.events) >= mostPending
	return b.held
}

// resumed reports whether a job that was held may go on.
func (b *inbox) resumed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.held
	b.held = false
	return was
}

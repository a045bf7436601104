package sched

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
	"github.com/llamaboot/llamaboot/runtime/sample"
)

func tiny(t testing.TB, o engine.Options) *engine.Engine {
	t.Helper()
	b, err := modeltest.Build("llama")
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open("tiny.gguf", b, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func start(t testing.TB, e *engine.Engine, o Options) *Scheduler {
	t.Helper()
	s := New(e, o)
	t.Cleanup(s.Close)
	return s
}

// prompt is n tokens that differ with seed.
func prompt(e *engine.Engine, n, seed int) []int32 {
	ids := []int32{1}
	for i := 1; i < n; i++ {
		ids = append(ids, int32(3+(i*i+seed*7+i)%(e.Model().Vocab-3)))
	}
	return ids
}

// alone is what a session of its own generates.
func alone(t testing.TB, e *engine.Engine, ids []int32, p engine.Params) string {
	t.Helper()
	s, err := e.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := s.Generate(context.Background(), ids, p, func(id int32, text string) error {
		fmt.Fprintf(&b, "%d %s\n", id, text)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// generate is what the scheduler generates, as alone prints it.
func generate(s *Scheduler, r Request) (string, Stats, error) {
	var b strings.Builder
	st, err := s.Generate(context.Background(), r, func(e Event) error {
		if e.ID >= 0 || e.Text != "" {
			fmt.Fprintf(&b, "%d %s\n", e.ID, e.Text)
		}
		return nil
	})
	return b.String(), st, err
}

// TestSameAsAlone generates many sequences, with common beginnings and without, and wants from each what it gives alone.
func TestSameAsAlone(t *testing.T) {
	for _, cache := range []model.CacheType{model.CacheF16, model.CacheF32, model.CacheQ8} {
		e := tiny(t, engine.Options{Threads: 2, Context: 600, Cache: cache})
		s := start(t, e, Options{Slots: 3, CacheBytes: 4 << 20, Batch: 32})
		var wg sync.WaitGroup
		for i := range 24 {
			ids := slices.Concat(prompt(e, 20+i*11%280, i%3), prompt(e, 1+i%5, 50+i))
			p := engine.Params{N: 5 + i%20, IgnoreEOS: true, Params: sample.Params{Temp: 1, Seed: uint64(i)}}
			want := alone(t, e, ids, p)
			wg.Go(func() {
				for range 2 {
					got, st, err := generate(s, Request{Prompt: ids, Params: p, Client: fmt.Sprint(i % 4)})
					if err != nil || got != want {
						t.Errorf("sequence %d: got %q, %v; alone %q", i, got, err, want)
					}
					if st.StopReason != engine.StopLength || st.Tokens != p.N || st.PromptTokens+st.Reused != len(ids) {
						t.Errorf("sequence %d: stats %+v", i, st)
					}
				}
			})
		}
		wg.Wait()
		c := s.Counters()
		if c.Finished != 48 || c.Running != 0 || c.Waiting != 0 || c.KeptBytes > 4<<20 {
			t.Errorf("counters %+v", c)
		}
		if c.Reused == 0 {
			t.Error("nothing was reused of prompts computed before")
		}
	}
}

// TestShared starts sequences with one beginning at the same time: it is computed once.
func TestShared(t *testing.T) {
	e := tiny(t, engine.Options{Threads: 2, Context: 600})
	s := start(t, e, Options{Slots: 4})
	ids := prompt(e, 400, 1)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, _, err := generate(s, Request{Prompt: ids, Params: engine.Params{N: 4, IgnoreEOS: true}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c := s.Counters(); c.Prompt > len(ids)+3 || c.Reused < 3*(len(ids)-1) {
		t.Errorf("%d tokens of prompts computed and %d reused, want the first one computed and the others reused", c.Prompt, c.Reused)
	}
	if _, st, err := generate(s, Request{Prompt: ids, Params: engine.Params{N: 4, IgnoreEOS: true}, NoReuse: true}); err != nil || st.Reused != 0 {
		t.Errorf("reused %d tokens against the wish, %v", st.Reused, err)
	}
}

// TestCancel ends a generation, one in the queue and one in its prompt, whose slots are free at once.
func TestCancel(t *testing.T) {
	e := tiny(t, engine.Options{Threads: 2, Context: 4096})
	s := start(t, e, Options{Slots: 1})
	ctx, cancel := context.WithCancel(context.Background())
	queued := make(chan error, 1)
	n := 0
	st, err := s.Generate(ctx, Request{Prompt: prompt(e, 10, 1), Params: engine.Params{N: -1, IgnoreEOS: true, Shift: true}}, func(ev Event) error {
		if n++; n == 1 {
			go func() {
				qctx, qcancel := context.WithTimeout(ctx, 10*time.Millisecond)
				defer qcancel()
				_, err := s.Generate(qctx, Request{Prompt: prompt(e, 9, 2), Params: engine.Params{N: 1}}, func(Event) error { return nil })
				queued <- err
			}()
		}
		if n > 50 && len(queued) > 0 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after %d events, want %v", err, n, context.Canceled)
	}
	if err := <-queued; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("in the queue: got %v, want %v", err, context.DeadlineExceeded)
	}
	if st.Tokens < 50 {
		t.Errorf("%d tokens counted before the end", st.Tokens)
	}
	stop := errors.New("enough")
	if _, err := s.Generate(context.Background(), Request{Prompt: prompt(e, 4000, 3), Params: engine.Params{N: -1}}, func(Event) error { return stop }); err != stop {
		t.Errorf("got %v, want the error of emit", err)
	}
	if c := s.Counters(); c.Running != 0 || c.Waiting != 0 {
		t.Errorf("not free: %+v", c)
	}
}

// TestBusy fills the queue.
func TestBusy(t *testing.T) {
	e := tiny(t, engine.Options{Context: 64})
	s := start(t, e, Options{Slots: 1, Queue: 1})
	ctx, cancel := context.WithCancel(context.Background())
	forever := Request{Prompt: prompt(e, 5, 1), Params: engine.Params{N: -1, IgnoreEOS: true, Shift: true}}
	var wg sync.WaitGroup
	running := make(chan struct{})
	var once sync.Once
	wg.Go(func() {
		s.Generate(ctx, forever, func(Event) error { once.Do(func() { close(running) }); return nil })
	})
	<-running
	wg.Go(func() { s.Generate(ctx, forever, func(Event) error { return nil }) })
	for s.Counters().Waiting == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, _, err := generate(s, forever); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want %v", err, ErrBusy)
	}
	cancel()
	wg.Wait()
	s.Drain()
	if _, _, err := generate(s, forever); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
}

// TestClose ends what is running.
func TestClose(t *testing.T) {
	e := tiny(t, engine.Options{Context: 64})
	s := New(e, Options{})
	n := 0
	_, err := s.Generate(context.Background(), Request{Prompt: prompt(e, 5, 1), Params: engine.Params{N: -1, IgnoreEOS: true, Shift: true}}, func(Event) error {
		if n++; n == 20 {
			go s.Close()
		}
		return nil
	})
	if !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
	s.Close()
}

// slow allows everything, and takes its time.
type slow struct{ wait time.Duration }

func (g slow) Allowed(int32) bool { return true }
func (g slow) Accept(int32) error { time.Sleep(g.wait); return nil }

// TestSlowGrammar: a grammar that takes long holds nobody else up.
func TestSlowGrammar(t *testing.T) {
	e := tiny(t, engine.Options{Threads: 2})
	s := start(t, e, Options{})
	var wg sync.WaitGroup
	wg.Go(func() {
		generate(s, Request{Prompt: prompt(e, 5, 1), Params: engine.Params{N: 3, Grammar: slow{300 * time.Millisecond}}})
	})
	for s.Counters().Running == 0 {
		time.Sleep(time.Millisecond)
	}
	begin := time.Now()
	if _, _, err := generate(s, Request{Prompt: prompt(e, 5, 2), Params: engine.Params{N: 20, IgnoreEOS: true}}); err != nil {
		t.Fatal(err)
	}
	if c := s.Counters(); c.Running != 1 {
		t.Errorf("the generation beside the slow one took %v, longer than the slow one", time.Since(begin))
	}
	wg.Wait()
}

// TestContext: a generation ends where the context does, and a prompt that is longer is refused.
func TestContext(t *testing.T) {
	e := tiny(t, engine.Options{Context: 40})
	s := start(t, e, Options{})
	_, st, err := generate(s, Request{Prompt: prompt(e, 30, 1), Params: engine.Params{N: -1, IgnoreEOS: true}})
	if err != nil || st.StopReason != engine.StopContext || st.Tokens != 11 {
		t.Errorf("got %+v, %v", st, err)
	}
	for _, bad := range [][]int32{nil, prompt(e, 41, 1), {1, -1}, {1, 1 << 20}} {
		if _, _, err := generate(s, Request{Prompt: bad}); err == nil {
			t.Errorf("a prompt of %d tokens was accepted", len(bad))
		}
	}
	if _, st, err := generate(s, Request{Prompt: prompt(e, 40, 1), Params: engine.Params{N: 0}}); err != nil || st.Tokens != 0 {
		t.Errorf("no tokens wanted: got %+v, %v", st, err)
	}
	_, st, err = generate(s, Request{Prompt: prompt(e, 5, 1), Params: engine.Params{N: 1 << 30, IgnoreEOS: true, Shift: true}, MaxTime: 20 * time.Millisecond})
	if err != nil || st.StopReason != engine.StopLength {
		t.Errorf("a limit of time: got %+v, %v", st, err)
	}
}

func TestQueueTakesTurns(t *testing.T) {
	var q queue
	for i := range 6 {
		q.push(&job{id: i, req: Request{Client: string("aaaabb"[i])}})
	}
	var got []int
	q.remove(func(j *job) bool { return j.id == 1 })
	for j := q.pop(); j != nil; j = q.pop() {
		got = append(got, j.id)
	}
	if want := []int{0, 4, 2, 5, 3}; !slices.Equal(got, want) || q.len != 0 {
		t.Errorf("got %v and %d left, want %v", got, q.len, want)
	}
}

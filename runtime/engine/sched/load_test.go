package sched

import (
	"context"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/bench"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/sample"
)

// BenchmarkClients measures tokens a second of 1, 4 and 16 clients together on a model with the shape of a real one,
// LLAMABOOT_SYNTHETIC (bench.Synthetic) or smollm2-135m:Q8_0.
func BenchmarkClients(b *testing.B) {
	e := synthetic(b)
	for _, clients := range []int{1, 4, 16} {
		b.Run(strconv.Itoa(clients), func(b *testing.B) {
			s := start(b, e, Options{Slots: clients})
			const n = 64
			tokens := 0
			begin := time.Now()
			for range b.N {
				var wg sync.WaitGroup
				for c := range clients {
					wg.Go(func() {
						_, _, err := generate(s, Request{Prompt: prompt(e, 32, c), Params: engine.Params{N: n, IgnoreEOS: true, Params: sampling}})
						if err != nil {
							b.Error(err)
						}
					})
				}
				wg.Wait()
				tokens += clients * n
			}
			b.ReportMetric(float64(tokens)/time.Since(begin).Seconds(), "tok/s")
			c := s.Counters()
			b.ReportMetric(c.Busy.Seconds()/time.Since(begin).Seconds(), "busy")
		})
	}
}

var sampling = sample.Params{Temp: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05}

func synthetic(tb testing.TB) *engine.Engine {
	spec := os.Getenv("LLAMABOOT_SYNTHETIC")
	if spec == "" {
		spec = "smollm2-135m:Q8_0"
	}
	data, err := bench.SyntheticBytes(spec)
	if err != nil {
		tb.Fatal(err)
	}
	e, err := engine.Open(spec, data, engine.Options{Context: 4096})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { e.Close() })
	return e
}

// TestPause starts a long prompt beside a running generation and measures the gaps between its tokens.
func TestPause(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a model of 140 MB")
	}
	e := synthetic(t)
	s := start(t, e, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var wg sync.WaitGroup
	var worst time.Duration
	var last time.Time
	begun := make(chan struct{})
	wg.Go(func() {
		n := 0
		s.Generate(ctx, Request{Prompt: prompt(e, 16, 1), Params: engine.Params{N: -1, IgnoreEOS: true}}, func(ev Event) error {
			if ev.ID < 0 {
				return nil
			}
			if n++; n == 10 {
				close(begun)
			}
			if n > 10 {
				worst = max(worst, time.Since(last))
			}
			last = time.Now()
			return nil
		})
	})
	<-begun
	_, st, err := generate(s, Request{Prompt: prompt(e, 3000, 2), Params: engine.Params{N: 1}})
	cancel()
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a prompt of 3000 tokens took %v, the longest pause beside it was %v", st.PromptTime, worst)
	if worst > time.Second {
		t.Errorf("a prompt stops other tokens for %v, want at most 0.25 s on an idle machine", worst)
	}
}

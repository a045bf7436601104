// Package bench measures how fast a model runs: prompt and generation speed,
// the time to the first token, and how near generation comes to what memory
// allows.
//
// Generation reads every weight once for each token, so tokens a second
// cannot exceed memory bandwidth divided by the bytes of weights. The
// bandwidth is measured with the same threads between the runs.
package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model"
)

// Options say what to measure. Zero values mean the defaults in brackets.
type Options struct {
	Prompt  int    // tokens of a prompt [512]; negative for no such test
	Gen     int    // tokens to generate [128]; negative for no such test
	Threads []int  // one round for each number [one thread for each physical core]
	Reps    int    // repetitions of every test [5]
	Level   string // instruction-set level [the best this processor runs]
	CPU     bool   // measure processor time too, where the system tells it

	NoBandwidth bool // leave out measuring memory, which takes bandwidthBytes of it
}

// Result is one test with one number of threads. Speeds are tokens a second.
type Result struct {
	Test    string  `json:"test"` // ppN: a prompt of N tokens, tgN: N tokens generated one by one
	Threads int     `json:"threads"`
	Min     float64 `json:"min"`
	Median  float64 `json:"median"`
	Max     float64 `json:"max"`
	// CPU is the median of tokens a second of processor time, summed over the
	// threads: other work on the machine disturbs it less. 0 if not measured.
	CPU float64 `json:"cpu,omitempty"`
}

// Round is what is measured with one number of threads.
type Round struct {
	Threads    int
	Results    []Result
	FirstToken time.Duration // opening the model, a prompt of 16 tokens and its logits
	Bandwidth  float64       // bytes a second all threads together read
	Share      float64       // of Bandwidth, that the median of tg uses; 0 if not measured
}

// Report is a whole benchmark.
type Report struct {
	Level       string // instruction-set level
	WeightBytes int    // read for one generated token
	Rounds      []Round
}

const (
	firstPrompt    = 16        // tokens of the prompt of FirstToken
	bandwidthBytes = 256 << 20 // read to measure Bandwidth: more than caches hold
)

// Run measures the model in file, a whole GGUF file.
func Run(ctx context.Context, file []byte, o Options) (*Report, error) {
	f, err := gguf.Parse(file)
	if err != nil {
		return nil, err
	}
	defaults(&o)
	level, err := compute.LevelNamed(o.Level)
	if err != nil {
		return nil, err
	}
	r := &Report{Level: level.String(), WeightBytes: weightBytes(f)}
	for _, threads := range o.Threads {
		round, err := measure(ctx, file, threads, o)
		if err != nil {
			return nil, err
		}
		for _, x := range round.Results {
			if x.Test == testName("tg", o.Gen) && round.Bandwidth > 0 {
				round.Share = x.Median * float64(r.WeightBytes) / round.Bandwidth
			}
		}
		r.Rounds = append(r.Rounds, *round)
	}
	return r, nil
}

func defaults(o *Options) {
	if o.Prompt == 0 {
		o.Prompt = 512
	}
	if o.Gen == 0 {
		o.Gen = 128
	}
	if len(o.Threads) == 0 {
		o.Threads = []int{compute.Cores()}
	}
	if o.Reps <= 0 {
		o.Reps = 5
	}
}

func testName(kind string, n int) string { return fmt.Sprintf("%s%d", kind, n) }

// weightBytes counts the tensor bytes a token needs: all of them but the
// embedding table, of which one row is read, unless it is the output layer
// too; of experts those that are used.
func weightBytes(f *gguf.File) int {
	arch, _ := f.Text("general.architecture", "")
	experts, _ := f.Int(arch+".expert_count", 0)
	used, _ := f.Int(arch+".expert_used_count", 0)
	n := 0
	for i := range f.Tensors {
		t := &f.Tensors[i]
		switch {
		case t.Name == "token_embd.weight" && f.Tensor("output.weight") != nil:
		case experts > 0 && len(t.Dims) == 3 && t.Dims[2] == experts:
			n += len(t.Data) / experts * used
		default:
			n += len(t.Data)
		}
	}
	return n
}

// runner is a model being measured.
type runner struct {
	ctx    context.Context
	m      *model.Model
	rand   *rand.Rand
	logits []float32
	tokens []model.Token
}

func measure(ctx context.Context, file []byte, threads int, o Options) (*Round, error) {
	start := time.Now()
	f, err := gguf.Parse(file)
	if err != nil {
		return nil, err
	}
	m, err := model.Open(f, model.Options{Threads: threads, Context: max(firstPrompt, o.Prompt, o.Gen) + 1, Level: o.Level})
	if err != nil {
		return nil, err
	}
	defer m.Close()
	b := &runner{ctx: ctx, m: m, rand: rand.New(rand.NewPCG(1, 2))}
	round := &Round{Threads: threads}
	if _, err := b.prompt(firstPrompt); err != nil {
		return nil, err
	}
	round.FirstToken = time.Since(start)
	pool := compute.NewPool(threads, m.Level())
	defer pool.Close()
	var buf []float32
	if !o.NoBandwidth {
		buf = make([]float32, bandwidthBytes/4)
		clear(buf) // so that every page is there
	}
	pp, tg := samples{measureCPU: o.CPU}, samples{measureCPU: o.CPU}
	var bw []float64
	for range o.Reps { // interleaved, so that a disturbance hits all alike
		if buf != nil {
			t := time.Now()
			readAll(pool, buf)
			bw = append(bw, bandwidthBytes/time.Since(t).Seconds())
		}
		if o.Prompt > 0 {
			if err := pp.add(o.Prompt, func() error { _, err := b.prompt(o.Prompt); return err }); err != nil {
				return nil, err
			}
		}
		if o.Gen > 0 {
			if err := tg.add(o.Gen, func() error { return b.generate(o.Gen) }); err != nil {
				return nil, err
			}
		}
	}
	if buf != nil {
		round.Bandwidth = slices.Max(bw)
	}
	if o.Prompt > 0 {
		round.Results = append(round.Results, pp.result(testName("pp", o.Prompt), threads))
	}
	if o.Gen > 0 {
		round.Results = append(round.Results, tg.result(testName("tg", o.Gen), threads))
	}
	return round, nil
}

// samples are the speeds of the repetitions of one test.
type samples struct {
	wall, cpu  []float64
	measureCPU bool
}

// add times f, which computes n tokens.
func (s *samples) add(n int, f func() error) error {
	var cpu time.Duration
	if s.measureCPU {
		cpu = processorTime()
	}
	start := time.Now()
	if err := f(); err != nil {
		return err
	}
	s.wall = append(s.wall, float64(n)/time.Since(start).Seconds())
	if s.measureCPU {
		if used := processorTime() - cpu; used > 0 {
			s.cpu = append(s.cpu, float64(n)/used.Seconds())
		}
	}
	return nil
}

func (s *samples) result(test string, threads int) Result {
	r := Result{Test: test, Threads: threads, Min: slices.Min(s.wall), Median: median(s.wall), Max: slices.Max(s.wall)}
	if len(s.cpu) > 0 {
		r.CPU = median(s.cpu)
	}
	return r
}

func median(x []float64) float64 {
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// promptBatch is how many tokens of a long prompt are computed at a time; between them Ctrl-C ends the test.
const promptBatch = 2048

// prompt computes n random tokens of a new sequence and the last one's logits.
func (b *runner) prompt(n int) (*model.Cache, error) {
	c := b.m.NewCache(model.CacheF16)
	b.tokens = b.tokens[:0]
	for pos := range n {
		b.tokens = append(b.tokens, model.Token{ID: b.token(), Pos: pos, Cache: c, Logits: pos == n-1})
		if len(b.tokens) == promptBatch && pos < n-1 {
			if err := b.forward(); err != nil {
				return nil, err
			}
			b.tokens = b.tokens[:0]
		}
	}
	return c, b.forward()
}

// generate computes n random tokens one by one, as if each had been chosen
// from the logits before it.
func (b *runner) generate(n int) error {
	c := b.m.NewCache(model.CacheF16)
	for pos := range n {
		b.tokens = append(b.tokens[:0], model.Token{ID: b.token(), Pos: pos, Cache: c, Logits: true})
		if err := b.forward(); err != nil {
			return err
		}
	}
	return nil
}

func (b *runner) token() int32 { return int32(b.rand.IntN(b.m.Vocab)) }

func (b *runner) forward() (err error) {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	b.logits, err = b.m.Forward(b.logits, b.tokens)
	return err
}

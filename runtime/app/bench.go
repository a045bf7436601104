package app

import (
	"github.com/llamaboot/llamaboot/runtime/bench"
)

// bench measures the model and prints one line of JSON for every test.
func (p *program) bench(m *loadedModel) (status int, err error) {
	ctx, stop := p.interruptible()
	defer stop()
	o := bench.Options{NoBandwidth: true} // it is not printed, and memory may be scarce
	if n := p.options.threads; n > 0 {
		o.Threads = []int{n}
	} else if p.Threads > 0 {
		o.Threads = []int{p.Threads}
	}
	r, err := bench.Run(ctx, m.data, o)
	if err != nil {
		return 0, err
	}
	return ExitOK, r.WriteJSON(p.Stdout)
}

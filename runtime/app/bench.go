package app

import (
	"github.com/llamaboot/llamaboot/runtime/bench"
)

// promptShare is how many tokens of a prompt are measured for each generated one, as in pp512 and tg128.
const promptShare = 4

// bench measures the model and prints one line of JSON for every test. -n makes the tests shorter or longer.
func (p *program) bench(m *loadedModel) (status int, err error) {
	ctx, stop := p.interruptible()
	defer stop()
	o := bench.Options{Level: p.level, NoBandwidth: true} // it is not printed, and memory may be scarce
	if n := p.options.threads; n > 0 {
		o.Threads = []int{n}
	} else if p.Threads > 0 {
		o.Threads = []int{p.Threads}
	}
	if n := p.options.n; n > 0 {
		o.Prompt, o.Gen = promptShare*n, n
	}
	r, err := bench.Run(ctx, m.data, o)
	if err != nil {
		return 0, err
	}
	return ExitOK, r.WriteJSON(p.Stdout)
}

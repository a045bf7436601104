package model

import "github.com/llamaboot/llamaboot/runtime/compute"

// mlp is the gated feed-forward network (Shazeer 2020). Up holds the gate too, in front, in models with FusedGate.
type mlp struct {
	Gate linear `gguf:"ffn_gate,optional" shape:"embd,ff"`
	Up   linear `gguf:"ffn_up,optional" shape:"embd,up"`
	Down linear `gguf:"ffn_down,optional" shape:"ff,embd"`
}

// gated says whether all matrices are there.
func (m *mlp) gated(c *Config) bool {
	return (m.Gate.w != nil) != c.FusedGate && m.Up.w != nil && m.Down.w != nil
}

// activation combines the two halves: dst = act(gate) * up.
type activation func(l *compute.Level, dst, gate, up []float32)

// forward is down(act(gate(x)) * up(x)): x [n, embd] -> [n, embd].
func (m *mlp) forward(s *step, x []float32, act activation) []float32 {
	if ff := s.m.FF; s.m.FusedGate {
		s.linear(&s.fused, x, m.Up) // [n, 2*ff]
		s.unfuse(0, ff, &s.gate)
		s.unfuse(ff, ff, &s.up)
	} else {
		s.linears(x, to{&s.gate, m.Gate}, to{&s.up, m.Up}) // [n, ff] both
	}
	s.combine(s.gate, s.up, act)
	return s.linear(&s.out, s.gate, m.Down)
}

// combine is gate = act(gate) * up, row by row.
func (s *step) combine(gate, up []float32, act activation) {
	w := len(gate) / s.n
	if s.n == 1 {
		act(s.level, gate, gate, up)
		return
	}
	s.each(func(i int) {
		row := gate[i*w : (i+1)*w]
		act(s.level, row, row, up[i*w:(i+1)*w])
	})
}

// project is the output layer: logits [n, vocab] of hidden rows [n, embd].
func (s *step) project(logits, hidden []float32, n int, output linear) {
	c := &s.m.Config
	s.m.pool.MatMul(logits, output.w, hidden, n)
	if output.b != nil {
		for i := range n {
			s.level.Add(logits[i*c.Vocab:(i+1)*c.Vocab], output.b)
		}
	}
	if c.LogitDiv != 1 {
		s.level.Scale(logits, 1/c.LogitDiv)
	}
	if c.LogitCap != 0 {
		softCap(logits, c.LogitCap)
	}
}

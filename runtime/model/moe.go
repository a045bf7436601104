package model

import (
	"fmt"
	"math"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// moe is a mixture of experts (Shazeer et al. 2017): a router picks a few feed-forward networks for every token.
type moe struct {
	Router     linear    `gguf:"ffn_gate_inp,optional" shape:"embd,experts"`
	Gate       experts   `gguf:"ffn_gate_exps.weight,optional" shape:"embd,expertff,experts"`
	Up         experts   `gguf:"ffn_up_exps.weight,optional" shape:"embd,expertff,experts"`
	Down       experts   `gguf:"ffn_down_exps.weight,optional" shape:"expertff,embd,experts"`
	GateB      []float32 `gguf:"ffn_gate_exps.bias,optional" shape:"expertff,experts"`
	UpB        []float32 `gguf:"ffn_up_exps.bias,optional" shape:"expertff,experts"`
	DownB      []float32 `gguf:"ffn_down_exps.bias,optional" shape:"embd,experts"`
	GateUp     experts   `gguf:"ffn_gate_up_exps.weight,optional" shape:"embd,2expertff,experts"` // gates, then the others
	DownScale  []float32 `gguf:"ffn_down_exps.scale,optional" shape:"experts"`                    // factor of an expert's output
	Bias       []float32 `gguf:"exp_probs_b.bias,optional" shape:"experts"`                       // of the choice alone
	SharedIn   linear    `gguf:"ffn_gate_inp_shexp,optional" shape:"embd,1"`
	SharedGate linear    `gguf:"ffn_gate_shexp,optional" shape:"embd,sharedff"`
	SharedUp   linear    `gguf:"ffn_up_shexp,optional" shape:"embd,sharedff"`
	SharedDown linear    `gguf:"ffn_down_shexp,optional" shape:"sharedff,embd"`
}

// complete says whether the tensors an expert layer cannot do without are there.
func (m *moe) complete() bool {
	return m.Router.w != nil && (m.GateUp != nil || m.Gate != nil && m.Up != nil) && m.Down != nil
}

// bound refuses experts that are there in part: beside a complete network they would be ignored.
func (m *moe) bound(prefix string, c *Config) error {
	any := m.GateUp != nil || m.DownScale != nil || m.Bias != nil || m.GateB != nil || m.UpB != nil || m.DownB != nil || m.SharedIn.w != nil || m.SharedGate.w != nil || m.SharedUp.w != nil || m.SharedDown.w != nil
	missing := ""
	for _, part := range []struct {
		there bool
		name  string
	}{
		{m.Router.w != nil, "ffn_gate_inp.weight"},
		{m.Gate != nil || m.GateUp != nil, "ffn_gate_exps.weight"},
		{m.Up != nil || m.GateUp != nil, "ffn_up_exps.weight"},
		{m.Down != nil, "ffn_down_exps.weight"},
	} {
		any = any || part.there
		if !part.there && missing == "" {
			missing = part.name
		}
	}
	if any && missing != "" {
		return fmt.Errorf("%w: the experts of %s lack tensor %q", ErrTensor, strings.TrimSuffix(prefix, "."), prefix+missing)
	}
	return nil
}

// whole says whether the shared expert is there or not, but not in part.
func (m *moe) whole() bool {
	up := m.SharedUp.w != nil
	return up == (m.SharedGate.w != nil) && up == (m.SharedDown.w != nil)
}

// moeScratch belongs to step.
type moeScratch struct {
	router []float32 // [n, experts]
	score  []float32 // [experts] of one token, with the bias of the choice
	chosen []int     // [n, used]
	weight []float32 // [n, used]
	rows   []int     // n*used slots of tokens that chose the expert at hand
	in     []float32 // their inputs
	gate   []float32
	up     []float32
	both   []float32
	y      []float32
	parts  []float32 // [n, used, embd] outputs, summed in order of choice whatever the order of computation
	shared []float32
}

// forward computes x [n, embd] -> [n, embd].
func (m *moe) forward(s *step, x []float32, act activation) []float32 {
	return m.forwardRouted(s, x, x, act)
}

// forwardRouted is forward with another input for the router.
func (m *moe) forwardRouted(s *step, router, x []float32, act activation) []float32 {
	c, b := &s.m.Config, &s.moe
	e, used := c.Embd, c.ExpertsUsed
	s.route(router, m.Router, m.Bias)
	grow(&b.parts, s.n*used*e)
	for x1 := range m.Down {
		b.rows, b.in = b.rows[:0], b.in[:0]
		for slot, chosen := range b.chosen {
			if chosen == x1 {
				b.rows = append(b.rows, slot)
				i := slot / used
				b.in = append(b.in, x[i*e:(i+1)*e]...)
			}
		}
		n := len(b.rows)
		if n == 0 || s.stopped() {
			continue
		}
		g, u := grow(&b.gate, n*c.ExpertFF), grow(&b.up, n*c.ExpertFF)
		if m.GateUp != nil {
			both := grow(&b.both, 2*n*c.ExpertFF)
			s.m.pool.MatMul(both, m.GateUp[x1], b.in, n)
			for r := range n {
				copy(g[r*c.ExpertFF:(r+1)*c.ExpertFF], both[2*r*c.ExpertFF:])
				copy(u[r*c.ExpertFF:(r+1)*c.ExpertFF], both[(2*r+1)*c.ExpertFF:])
			}
		} else {
			s.m.pool.MatMuls(b.in, n, compute.Product{Dst: g, W: m.Gate[x1]}, compute.Product{Dst: u, W: m.Up[x1]})
		}
		s.addExpertBias(g, m.GateB, x1, n)
		s.addExpertBias(u, m.UpB, x1, n)
		act(s.level, g, g, u)
		y := grow(&b.y, n*e)
		s.m.pool.MatMul(y, m.Down[x1], g, n)
		s.addExpertBias(y, m.DownB, x1, n)
		if m.DownScale != nil {
			s.level.Scale(y, m.DownScale[x1])
		}
		for r, slot := range b.rows {
			copy(b.parts[slot*e:(slot+1)*e], y[r*e:(r+1)*e])
		}
	}
	out := grow(&s.out, s.n*e)
	s.each(func(i int) {
		row := out[i*e : (i+1)*e]
		clear(row)
		for j := range used {
			slot := i*used + j
			s.level.Axpy(row, b.weight[slot], b.parts[slot*e:(slot+1)*e])
		}
	})
	if m.SharedUp.w != nil {
		m.addShared(s, x, out, act)
	}
	return out
}

// addExpertBias adds the bias of an expert to n rows; none when there are no biases.
func (s *step) addExpertBias(rows, bias []float32, expert, n int) {
	if bias == nil {
		return
	}
	w := len(rows) / n
	for i := range n {
		s.level.Add(rows[i*w:(i+1)*w], bias[expert*w:(expert+1)*w])
	}
}

// route picks the experts of every token: softmax over all, the best few, their weights scaled to one where asked; or
// the best few and softmax over them.
func (s *step) route(x []float32, router linear, bias []float32) {
	c, b := &s.m.Config, &s.moe
	s.linear(&b.router, x, router)
	used := c.ExpertsUsed
	if cap(b.chosen) < s.n*used {
		b.chosen = make([]int, s.n*used)
	}
	b.chosen = b.chosen[:s.n*used]
	grow(&b.weight, s.n*used)
	for i := range s.n {
		p := b.router[i*c.Experts : (i+1)*c.Experts]
		if c.RouteSigmoid {
			for k, v := range p {
				p[k] = compute.Sigmoid(v)
			}
		} else if !c.RouteChosen {
			s.level.Softmax(p)
		}
		rank := p // what the choice goes by
		if bias != nil {
			rank = grow(&b.score, len(p))
			copy(rank, p)
			s.level.Add(rank, bias)
		}
		chosen, weight := b.chosen[i*used:(i+1)*used], b.weight[i*used:(i+1)*used]
		sum := float32(0)
		for j := range chosen {
			best := -1
			for k, w := range rank {
				if !math.IsInf(float64(w), -1) && (best < 0 || w > rank[best]) {
					best = k
				}
			}
			if best < 0 { // all -Inf: a broken file must not index out of range
				best = j
			}
			chosen[j], weight[j] = best, p[best]
			rank[best] = float32(math.Inf(-1)) // taken
			sum += weight[j]
		}
		if c.RouteChosen {
			s.level.Softmax(weight)
			continue
		}
		if c.NormExperts {
			s.level.Scale(weight, 1/max(sum, 6.103515625e-5)) // the smallest normal binary16, as in llama.cpp
		}
	}
}

// addShared adds the expert every token uses, weighted by a sigmoid of its own gate.
func (m *moe) addShared(s *step, x, out []float32, act activation) {
	b, e := &s.moe, s.m.Embd
	s.linears(x, to{&b.gate, m.SharedGate}, to{&b.up, m.SharedUp})
	s.combine(b.gate, b.up, act)
	y := s.linear(&b.y, b.gate, m.SharedDown)
	var w []float32
	if m.SharedIn.w != nil {
		w = s.linear(&b.shared, x, m.SharedIn) // [n, 1]
	}
	s.each(func(i int) {
		a := float32(1)
		if w != nil {
			a = float32(1 / (1 + math.Exp(-float64(w[i]))))
		}
		s.level.Axpy(out[i*e:(i+1)*e], a, y[i*e:(i+1)*e])
	})
}

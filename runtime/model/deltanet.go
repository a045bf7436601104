package model

import (
	"fmt"
	"math"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// deltaNet is the gated delta net (Yang, Kautz and Hatamizadeh 2024), the linear attention of Qwen3-Next and Qwen3.5. One
// projection gives queries, keys and values, which a short causal convolution mixes with those of the tokens before.
//
//	q, k, v = SiLU(conv(x Wqkv)), q and k of length 1 for each head, q/sqrt(dim)
//	decay   = exp(A softplus(x Walpha + dt)), A < 0;  beta = sigmoid(x Wbeta)
//	o       = the delta rule of q, k, v, decay, beta (compute.DeltaRule)
//	y       = (norm(o) SiLU(x Wgate)) Wout
type deltaNet struct {
	QKV   linear    `gguf:"attn_qkv" shape:"embd,conv"`
	Gate  linear    `gguf:"attn_gate" shape:"embd,inner"`
	Beta  linear    `gguf:"ssm_beta,optional" shape:"embd,vheads"`
	Alpha linear    `gguf:"ssm_alpha,optional" shape:"embd,vheads"`
	Both  linear    `gguf:"ssm_ba,optional" shape:"embd,2vheads"` // for each key head betas, then alphas
	Conv  []float32 `gguf:"ssm_conv1d.weight" shape:"taps,conv"`
	Dt    []float32 `gguf:"ssm_dt.bias" shape:"vheads"`
	A     []float32 `gguf:"ssm_a" shape:"vheads"` // -exp(A_log)
	Norm  []float32 `gguf:"ssm_norm.weight" shape:"vhead"`
	Out   linear    `gguf:"ssm_out" shape:"inner,embd"`
}

func (d *deltaNet) bound(prefix string, c *Config) error {
	if d.Both.w == nil && (d.Beta.w == nil || d.Alpha.w == nil) {
		return fmt.Errorf("%w: no tensors %q and %q, or %q", ErrTensor, prefix+"ssm_beta.weight", prefix+"ssm_alpha.weight", prefix+"ssm_ba.weight")
	}
	d.Conv = byTap(d.Conv, c.ConvTaps)
	return nil
}

// byTap turns convolution weights [taps, width] of the file, where a column's taps follow each other, into [width, taps].
func byTap(w []float32, taps int) []float32 {
	out := make([]float32, len(w))
	width := len(w) / taps
	for c := range width {
		for j := range taps {
			out[j*width+c] = w[c*taps+j]
		}
	}
	return out
}

// The stages of a delta net.
const (
	stageConv = iota
	stageDelta
)

// convPart is how many columns of a convolution a thread takes at a time.
const convPart = 512

// deltaScratch belongs to step.
type deltaScratch struct {
	conv        []float32 // [n, conv]: q, k and v
	z           []float32 // [n, inner]
	both        []float32 // [n, 2vheads]
	beta, alpha []float32 // [n, vheads]; alpha becomes the decay
	o           []float32 // [n, inner]
	threads     []compute.DeltaRule
}

// forward computes the block of a layer: x [n, embd] -> [n, embd].
func (d *deltaNet) forward(s *step, layer int, x []float32) []float32 {
	c, b := &s.m.Config, &s.delta
	if d.Both.w != nil {
		s.linears(x, to{&s.fused, d.QKV}, to{&b.z, d.Gate}, to{&b.both, d.Both})
		grow(&b.beta, s.n*c.VHeads)
		grow(&b.alpha, s.n*c.VHeads)
		per := c.VHeads / c.KHeads
		for i := range s.n * c.KHeads {
			copy(b.beta[i*per:(i+1)*per], b.both[2*i*per:])
			copy(b.alpha[i*per:(i+1)*per], b.both[(2*i+1)*per:])
		}
	} else {
		s.linears(x, to{&s.fused, d.QKV}, to{&b.z, d.Gate})
		s.linears(x, to{&b.beta, d.Beta}, to{&b.alpha, d.Alpha})
	}
	for i := range b.beta {
		h := i % c.VHeads
		b.beta[i] = compute.Sigmoid(b.beta[i])
		b.alpha[i] = float32(math.Exp(float64(d.A[h] * compute.Softplus(b.alpha[i]+d.Dt[h]))))
	}
	grow(&b.conv, s.n*c.ConvWidth)
	s.needOnes(c.ConvWidth)
	s.recur(layer, d, stageConv, (c.ConvWidth+convPart-1)/convPart)
	if s.n == 1 {
		d.prepare(s, 0)
	} else {
		s.each(func(i int) { d.prepare(s, i) })
	}
	grow(&b.o, s.n*c.Inner)
	if b.threads == nil {
		b.threads = make([]compute.DeltaRule, s.m.pool.Threads())
	}
	s.recur(layer, d, stageDelta, c.VHeads)
	if s.n == 1 {
		d.gate(s, 0)
	} else {
		s.each(func(i int) { d.gate(s, i) })
	}
	return s.linear(&s.out, b.o, d.Out)
}

// prepare is what lies between the convolution and the delta rule for one token: SiLU, and the lengths of q and k.
func (d *deltaNet) prepare(s *step, i int) {
	c := &s.m.Config
	row := s.delta.conv[i*c.ConvWidth : (i+1)*c.ConvWidth]
	s.level.SiLUMul(row, row, s.unit(len(row)))
	scale := float32(1 / math.Sqrt(float64(c.StateDim)))
	for h := range 2 * c.KHeads {
		head := row[h*c.StateDim : (h+1)*c.StateDim]
		s.level.L2Norm(head, c.Eps)
		if h < c.KHeads {
			s.level.Scale(head, scale)
		}
	}
}

// gate norms the output of one token and multiplies it with SiLU(z).
func (d *deltaNet) gate(s *step, i int) {
	c := &s.m.Config
	o, z := s.delta.o[i*c.Inner:(i+1)*c.Inner], s.delta.z[i*c.Inner:(i+1)*c.Inner]
	s.normHeads(o, d.Norm, c.Eps)
	s.level.SiLUMul(o, z, o)
}

func (d *deltaNet) advance(s *step, thread, stage, part, first, n int, st *layerState) {
	c, b := &s.m.Config, &s.delta
	w := c.ConvWidth
	if stage == stageConv {
		from := part * convPart
		compute.CausalConv(b.conv[first*w:], s.fused[first*w:], d.Conv, st.conv, n, w, c.ConvTaps, from, min(from+convPart, w))
		return
	}
	key := part % c.KHeads
	if c.GroupedHeads {
		key = part / (c.VHeads / c.KHeads)
	}
	dim, rows := c.StateDim, c.Inner/c.VHeads
	keys := c.KHeads * dim
	row := b.conv[first*w:]
	r := &b.threads[thread] // of the thread, so as not to be allocated
	*r = compute.DeltaRule{
		State: st.rec[part*rows*dim : (part+1)*rows*dim], Rows: rows, Dim: dim, N: n,
		Q: row[key*dim:], K: row[keys+key*dim:], V: row[2*keys+part*rows:], Stride: w,
		Decay: b.alpha[first*c.VHeads+part:], Beta: b.beta[first*c.VHeads+part:], Heads: c.VHeads,
		Out: b.o[first*c.Inner+part*rows:], OutStep: c.Inner,
	}
	s.level.DeltaRule(r)
}

func (d *deltaNet) save(s *step, stage, part int, dst, src *layerState) {
	c := &s.m.Config
	if stage == stageConv {
		saveConv(dst, src, part*convPart, c)
		return
	}
	n := c.Inner / c.VHeads * c.StateDim
	copy(dst.rec[part*n:(part+1)*n], src.rec[part*n:])
}

// saveConv copies the columns of a part, from on, of the history of a convolution.
func saveConv(dst, src *layerState, from int, c *Config) {
	to := min(from+convPart, c.ConvWidth)
	for t := range c.ConvTaps - 1 {
		copy(dst.conv[t*c.ConvWidth+from:t*c.ConvWidth+to], src.conv[t*c.ConvWidth+from:])
	}
}

// deltaNetConfig reads the sizes of delta nets and which layers are such.
func deltaNetConfig(c *Config, r *reader) {
	c.RecurrentKind = "delta"
	c.StateDim = r.number("ssm.state_size", -1, 1, maxHead)
	c.KHeads = r.number("ssm.group_count", -1, 1, maxHead)
	c.VHeads = r.number("ssm.time_step_rank", -1, 1, maxHead)
	c.Inner = r.number("ssm.inner_size", -1, 1, maxDim)
	c.ConvTaps = r.number("ssm.conv_kernel", -1, 2, maxTaps)
	if r.err != nil {
		return
	}
	if c.VHeads%c.KHeads != 0 {
		r.fail("ssm.time_step_rank", "got %d value heads, want a multiple of the %d key heads", c.VHeads, c.KHeads)
	}
	if c.Inner != c.VHeads*c.StateDim {
		r.fail("ssm.inner_size", "got %d, want %d heads of %d", c.Inner, c.VHeads, c.StateDim)
	}
	c.ConvWidth = 2*c.KHeads*c.StateDim + c.Inner
	c.StateSize = c.Inner * c.StateDim
	interval := r.number("full_attention_interval", 4, 1, maxLayers)
	if r.err == nil {
		c.recurrentLayers(r, func(l int) bool { return (l+1)%interval != 0 })
	}
}

// recurrentLayers sets which layers are recurrent, as the file says or else the rule, and bounds their memory.
func (c *Config) recurrentLayers(r *reader, rule func(l int) bool) {
	which := make([]bool, c.Layers)
	count := 0
	list, ok := r.flags("attention.recurrent_layers")
	for l := range which {
		if which[l] = rule(l); ok {
			which[l] = l < len(list) && list[l]
		}
		if which[l] {
			count++
		}
	}
	if ok && len(list) < c.Layers {
		r.fail("attention.recurrent_layers", "got %d values, want one for each of %d layers", len(list), c.Layers)
	}
	if n := count * (c.StateSize + (c.ConvTaps-1)*c.ConvWidth); n > maxState {
		r.fail("ssm.state_size", "the state of a sequence would have %d numbers, want at most %d", n, maxState)
	}
	c.Recurrent = func(l int) bool { return which[l] }
}

package model

import (
	"math"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// Rope says how positions turn queries and keys (Su et al. 2021, RoFormer).
type Rope struct {
	Dims  int       // elements of a head that turn
	NeoX  bool      // pairs are (i, i+Dims/2) instead of (2i, 2i+1)
	Base  float64   // of the frequencies
	Scale float64   // of positions: 1/factor of linear scaling or YaRN, else 1
	Yarn  float64   // how much of YaRN's correction is mixed in: 1 for YaRN, else 0
	Orig  int       // context length before scaling
	Fast  float64   // YaRN: turns over Orig above which nothing is scaled
	Slow  float64   // YaRN: turns below which everything is
	Attn  float64   // factor of the turned vectors
	Freqs []float32 // divisors of the frequencies [Dims/2], nil for none
}

// readRope sets the Rope and SlidingRot of c, which are the same unless the architecture says otherwise.
func readRope(r *reader, c *Config) {
	p := Rope{
		Dims:  r.number("rope.dimension_count", c.HeadDim&^1, 2, c.HeadDim),
		Base:  float64(r.float("rope.freq_base", 10000)),
		Scale: 1, Attn: float64(r.float("rope.scaling.attn_factor", 1)),
		Orig: r.number("rope.scaling.original_context_length", c.TrainContext, 1, maxCtx),
		Fast: 32, Slow: 1, // the paper's; files have keys for them that these architectures do not read
	}
	if p.Dims%2 != 0 {
		r.fail("rope.dimension_count", "got %d, want an even number: elements turn in pairs", p.Dims)
	}
	if p.Base <= 1 {
		r.fail("rope.freq_base", "got %v, want more than 1", p.Base)
	}
	factor := float64(r.float("rope.scaling.factor", float64(r.float("rope.scale_linear", 0))))
	kind := r.text("rope.scaling.type", "linear")
	switch kind {
	case "none", "linear", "longrope": // longrope works by divisors of the frequencies, and by the factor too
	case "yarn":
		p.Yarn = 1
	default:
		r.fail("rope.scaling.type", "got %q, want none, linear, yarn or longrope", gguf.Clip(kind))
	}
	if factor < 0 {
		r.fail("rope.scaling.factor", "got %v, want 0 or more", factor)
	}
	if factor > 0 {
		p.Scale = 1 / factor
	}
	c.Rope, c.SlidingRot = p, p
	if kind == "none" {
		c.Rope.Scale = 1 // but not of sliding layers, which llama.cpp scales as they were trained
	}
}

// longRope chooses the divisors of LongRoPE by the length of context that may come. The long ones cost quality in short
// texts, so they are only used when a longer context than the original one is asked for.
func (c *Config) longRope(short, long []float32) {
	c.Rope.Freqs = short
	if c.defaultContext && long != nil {
		c.Context = min(c.Context, c.Rope.Orig)
	}
	if c.Context > c.Rope.Orig {
		c.Rope.Freqs = long
	}
}

// angles fills cos and sin [Dims/2] for a position.
//
// theta_i = pos * Base^(-2i/Dims) / Freqs[i]; YaRN (Peng et al. 2023) interpolates slow turns by Scale, leaves fast
// ones alone and ramps between them.
func (p *Rope) angles(cos, sin []float32, pos int) {
	low, high := 0.0, 0.0
	mscale := p.length()
	if p.Yarn != 0 {
		low = max(0, math.Floor(p.corrDim(p.Fast)))
		high = min(float64(p.Dims-1), math.Ceil(p.corrDim(p.Slow)))
	}
	for i := range cos {
		theta := float64(pos) * math.Pow(p.Base, -2*float64(i)/float64(p.Dims))
		if p.Freqs != nil {
			theta /= float64(p.Freqs[i])
		}
		turn := theta * p.Scale
		if p.Yarn != 0 {
			ramp := 1 - min(1, max(0, (float64(i)-low)/max(0.001, high-low)))
			turn = turn*(1-ramp*p.Yarn) + theta*ramp*p.Yarn
		}
		s, c := math.Sincos(turn)
		cos[i], sin[i] = float32(c*mscale), float32(s*mscale)
	}
}

// length is the factor by which turning lengthens a vector.
func (p *Rope) length() float64 {
	if p.Yarn != 0 {
		return p.Attn * (1 + 0.1*math.Log(1/p.Scale))
	}
	return p.Attn
}

// corrDim is the pair that turns n times over the original context.
func (p *Rope) corrDim(n float64) float64 {
	return float64(p.Dims) * math.Log(float64(p.Orig)/(n*2*math.Pi)) / (2 * math.Log(p.Base))
}

// turn rotates the heads of one row [heads*head].
func (p *Rope) turn(l *compute.Level, row []float32, head int, cos, sin []float32) {
	for ; len(row) >= head; row = row[head:] {
		if p.NeoX {
			l.RopeNeoX(row[:p.Dims], cos, sin)
		} else {
			l.RopeNorm(row[:p.Dims], cos, sin)
		}
	}
}

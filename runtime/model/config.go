package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// Config holds the hyperparameters of a model. GGUF keys are prefixed by the architecture.
type Config struct {
	Arch         string
	Layers       int // block_count
	Embd         int // embedding_length
	FF           int // feed_forward_length
	Heads        int // attention.head_count
	KVHeads      int // attention.head_count_kv
	HeadDim      int // attention.key_length, embd/heads when absent
	Vocab        int // columns of token_embd
	TrainContext int // context_length
	Context      int // tokens a sequence may hold here
	Eps          float32

	Experts, ExpertsUsed int // 0 for dense models
	ExpertFF, SharedFF   int
	NormExperts          bool // weights of the chosen experts sum to one
	RouteChosen          bool // softmax over the chosen experts only

	Window    int              // sliding attention window in tokens, 0 for none
	Sliding   func(l int) bool // which layers slide
	AttnCap   float32          // soft cap of attention scores, 0 for none
	LogitCap  float32          // soft cap of logits, 0 for none
	AttnScale float32          // factor of q.k
	AttnTemp  float32          // how much it grows with the logarithm of the position, 0 for not at all
	EmbdScale float32          // factor of embeddings
	ResScale  float32          // factor of what a block adds to the residual stream
	LogitDiv  float32          // logits are divided by this

	FusedGate   bool       // the gate of feed-forward networks is part of ffn_up
	NormsBehind bool       // no norms before the blocks
	WideNorms   bool       // norms of queries and keys go over all heads together
	NormTurned  bool       // norms of queries and keys come after turning them
	Sinks       bool       // every head has a learned score that takes part in the softmax but has no value (attn_sinks)
	Parallel    bool       // attention and feed-forward network of a layer read the same
	Act         activation // of feed-forward networks

	GatedQ bool // attn_q gives a gate for every head too, behind its query; outputs are multiplied with its sigmoid

	NormV        bool // values are normed, without weights
	KeysAsValues bool // a layer without attn_v uses its keys, as projected, as values
	LayerInput   int  // elements of the input every layer has of its own, 0 for none
	RouteSigmoid bool // weights of experts are sigmoids; the choice adds exp_probs_b

	RecurrentKind string           // what the recurrent layers are: "delta" or "shortconv"
	Recurrent     func(l int) bool // which layers keep a recurrent state instead of keys and values; nil for none
	KHeads        int              // of recurrent layers: key heads (groups)
	VHeads        int              // value heads
	StateDim      int              // elements of a key
	Inner         int              // elements of all value heads
	ConvTaps      int              // tokens a convolution sees
	ConvWidth     int              // its columns
	StateSize     int              // numbers of a layer's state, without the convolution's
	GroupedHeads  bool             // value heads of the same key head follow each other

	Rope       Rope             // of all layers, except
	SlidingRot Rope             // of those that slide, where the architecture has two
	NoRope     func(l int) bool // layers without positions; nil for none

	Encoder bool    // every token sees every other; no text is generated
	Pooling Pooling // of embeddings, as the file asks for
	Types   int     // rows of token_types

	nextN          int             // blocks behind the layers that predict further tokens; not used
	sizes          []layerSize     // of the layers, nil when all are alike
	uneven         bool            // they may differ
	kvLayer        []int           // the layer whose keys and values a layer uses, nil when each uses its own
	exact          bool            // quantised weights are held as F32
	bound          map[string]bool // names of the tensors in use, while the file is opened
	defaultContext bool            // nobody asked for Context
}

// layerSize is what may differ from layer to layer.
type layerSize struct{ headDim, kvHeads, ff int }

// at is the sizes of a layer.
func (c *Config) at(layer int) layerSize {
	if c.sizes != nil {
		return c.sizes[layer]
	}
	return layerSize{c.HeadDim, c.KVHeads, c.FF}
}

// reader reads keys with the architecture's prefix and keeps the first error.
type reader struct {
	f    *gguf.File
	arch string
	err  error
}

func (r *reader) fail(key string, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s: %s", ErrConfig, r.f.At(r.arch+"."+key), fmt.Sprintf(format, args...))
	}
}

// number reads an integer from lo to hi; def is used when the key is absent, unless it is -1.
func (r *reader) number(key string, def, lo, hi int) int {
	if _, ok := r.f.Find(r.arch + "." + key); !ok && def == -1 {
		r.fail(key, "missing")
	}
	n := r.scalar(key, def)
	if r.err == nil && (n < lo || n > hi) {
		r.fail(key, "got %d, want %d to %d", n, lo, hi)
	}
	return n
}

// perLayer reads an integer from lo to hi for each layer: one for all, or an array, where 0 may stand too. def is used when the key is absent,
// unless it is -1.
func (r *reader) perLayer(key string, def, lo, hi, layers int) []int {
	out := make([]int, layers)
	v, ok := r.f.Find(r.arch + "." + key)
	if !ok || v.Type != gguf.Array {
		n := r.number(key, def, lo, hi)
		for i := range out {
			out[i] = n
		}
		return out
	}
	list, err := r.f.Ints(r.arch + "." + key)
	if err != nil && r.err == nil {
		r.err = err
	}
	if len(list) < layers {
		r.fail(key, "got %d values, want one for each of %d layers", len(list), layers)
		return out
	}
	for i, n := range list[:layers] {
		if n != 0 && n < lo || n > hi { // 0 means that the layer has none of it
			r.fail(key, "got %d, want %d to %d", n, lo, hi)
		}
		out[i] = n
	}
	return out
}

// same reports an error unless all values of a key are equal.
func (r *reader) same(key string, list []int) {
	for _, n := range list {
		if n != list[0] {
			r.fail(key, "differs from layer to layer (%d, %d), which is not supported", list[0], n)
			return
		}
	}
}

// scalar accepts an array of equal values too: some writers repeat per-layer keys.
func (r *reader) scalar(key string, def int) int {
	v, ok := r.f.Find(r.arch + "." + key)
	if ok && v.Type == gguf.Array {
		l, err := r.f.Ints(r.arch + "." + key)
		if err != nil && r.err == nil {
			r.err = err
		}
		if len(l) == 0 {
			r.fail(key, "got %v, want an integer", v)
			return def
		}
		for _, n := range l {
			if n != l[0] {
				r.fail(key, "differs from layer to layer (%d, %d), which is not supported", l[0], n)
				return def
			}
		}
		return l[0]
	}
	n, err := r.f.Int(r.arch+"."+key, def)
	if err != nil && r.err == nil {
		r.err = err
	}
	return n
}

// float reads a finite number.
func (r *reader) float(key string, def float64) float32 {
	x, err := r.f.Float(r.arch+"."+key, def)
	if err != nil && r.err == nil {
		r.err = err
	}
	if math.IsNaN(x) || math.IsInf(x, 0) || math.Abs(x) > math.MaxFloat32 {
		r.fail(key, "got %v, want a finite number", x)
	}
	return float32(x)
}

// epsilon reads what norms add to a sum of squares, of which they take the root.
func (r *reader) epsilon(key string, def float64) float32 {
	e := r.float(key, def)
	if e < 0 {
		r.fail(key, "got %v, want 0 or more", e)
	}
	return e
}

func (r *reader) flag(key string, def bool) bool {
	b, err := r.f.Bool(r.arch+"."+key, def)
	if err != nil && r.err == nil {
		r.err = err
	}
	return b
}

// flags reads an array of truth values.
func (r *reader) flags(key string) (l []bool, ok bool) {
	if _, ok := r.f.Find(r.arch + "." + key); !ok {
		return nil, false
	}
	numbers, err := r.f.Ints(r.arch + "." + key)
	if err != nil && r.err == nil {
		r.err = err
	}
	for _, n := range numbers {
		l = append(l, n != 0)
	}
	return l, true
}

func (r *reader) text(key, def string) string {
	s, err := r.f.Text(r.arch+"."+key, def)
	if err != nil && r.err == nil {
		r.err = err
	}
	return s
}

// Limits no real model comes near; they keep products of hyperparameters from overflowing.
const (
	maxLayers = 1 << 10
	maxDim    = 1 << 20
	maxCtx    = 1 << 24
	maxHead   = 1 << 12 // heads of a recurrent layer, elements of one
	maxTaps   = 1 << 6
	maxState  = 1 << 28 // numbers of the recurrent state of a sequence
)

func readConfig(f *gguf.File, arch string, special func(*Config, *reader)) (Config, error) {
	r := &reader{f: f, arch: arch}
	c := Config{
		Arch:         arch,
		Layers:       r.number("block_count", -1, 1, maxLayers),
		nextN:        r.number("nextn_predict_layers", 0, 0, maxLayers),
		Embd:         r.number("embedding_length", -1, 1, maxDim),
		Heads:        r.number("attention.head_count", -1, 1, maxDim),
		TrainContext: r.number("context_length", -1, 1, maxCtx),
		Eps:          r.epsilon("attention.layer_norm_rms_epsilon", 1e-5),
		Experts:      r.number("expert_count", 0, 0, 1<<12),
		ExpertsUsed:  r.number("expert_used_count", 0, 0, 1<<12),
		EmbdScale:    1, ResScale: 1, LogitDiv: 1, NormExperts: true, Act: (*compute.Level).SiLUMul,
	}
	if r.err != nil {
		return c, r.err
	}
	if c.Layers -= c.nextN; c.Layers < 1 {
		r.fail("nextn_predict_layers", "leaves %d of the layers of block_count, want at least one", c.Layers)
	}
	kv := r.perLayer("attention.head_count_kv", c.Heads, 1, c.Heads, c.Layers)
	if r.err != nil {
		return c, r.err
	}
	c.KVHeads = slices.Max(kv)
	if c.KVHeads == 0 {
		r.fail("attention.head_count_kv", "got 0, want 1 to %d", c.Heads)
	}
	c.HeadDim = r.number("attention.key_length", c.Embd/c.Heads, 1, maxDim)
	if v := r.number("attention.value_length", c.HeadDim, 1, maxDim); v != c.HeadDim && r.err == nil {
		r.fail("attention.value_length", "got %d, only the key length %d is supported", v, c.HeadDim)
	}
	for _, n := range kv {
		if n > 0 && c.Heads%n != 0 {
			r.fail("attention.head_count_kv", "got %d, want a divisor of the %d heads", n, c.Heads)
		}
	}
	dense := -1 // must be there, unless experts take the place of dense networks
	if c.Experts > 0 {
		if dense = r.number("expert_feed_forward_length", 0, 0, maxDim); dense == 0 {
			dense = -1
		}
	}
	ff := r.perLayer("feed_forward_length", dense, 1, maxDim, c.Layers)
	if r.err != nil {
		return c, r.err
	}
	if c.FF = slices.Max(ff); slices.Min(ff) == 0 {
		r.fail("feed_forward_length", "got 0, want 1 to %d", maxDim)
	}
	c.sizes = make([]layerSize, c.Layers)
	for l := range c.sizes {
		c.sizes[l] = layerSize{c.HeadDim, kv[l], ff[l]}
	}
	if c.Experts > 0 {
		if c.ExpertsUsed < 1 || c.ExpertsUsed > c.Experts {
			r.fail("expert_used_count", "got %d, want 1 to %d", c.ExpertsUsed, c.Experts)
		}
		c.ExpertFF = r.number("expert_feed_forward_length", c.FF, 1, maxDim)
	}
	c.AttnScale = float32(1 / math.Sqrt(float64(c.HeadDim)))
	readRope(r, &c)
	c.Pooling = Pooling(r.number("pooling_type", int(PoolNone), 0, 4))
	if special != nil && r.err == nil {
		special(&c, r)
	}
	for l, n := range kv {
		if n == 0 && (c.Recurrent == nil || !c.Recurrent(l)) {
			r.fail("attention.head_count_kv", "got 0 for layer %d, want 1 to %d", l, c.Heads)
		}
	}
	if !c.uneven {
		r.same("attention.head_count_kv", kv)
		r.same("feed_forward_length", ff)
		c.sizes = nil
	}
	if t := f.Tensor("token_embd.weight"); t != nil && len(t.Dims) == 2 {
		c.Vocab = t.Dims[1]
	} else if r.err == nil {
		r.err = fmt.Errorf("%w: %q is missing or has not two dimensions", ErrTensor, "token_embd.weight")
	}
	return c, r.err
}

// dim resolves the names used in shape tags.
func (c *Config) dim(name string, layer int) (int, bool) {
	at := c.at(layer)
	switch name {
	case "embd":
		return c.Embd, true
	case "vocab":
		return c.Vocab, true
	case "ff":
		return at.ff, true
	case "q":
		return c.Heads * at.headDim, true
	case "kv":
		return at.kvHeads * at.headDim, true
	case "qkv":
		return (c.Heads + 2*at.kvHeads) * at.headDim, true
	case "qproj":
		if c.GatedQ {
			return 2 * c.Heads * at.headDim, true
		}
		return c.Heads * at.headDim, true
	case "conv":
		return c.ConvWidth, true
	case "taps":
		return c.ConvTaps, true
	case "inner":
		return c.Inner, true
	case "vheads":
		return c.VHeads, true
	case "2vheads":
		return 2 * c.VHeads, true
	case "vhead":
		return c.Inner / max(c.VHeads, 1), true
	case "heads":
		return c.Heads, true
	case "head":
		return at.headDim, true
	case "qnorm":
		if c.WideNorms {
			return c.Heads * at.headDim, true
		}
		return at.headDim, true
	case "knorm":
		if c.WideNorms {
			return at.kvHeads * at.headDim, true
		}
		return at.headDim, true
	case "experts":
		return c.Experts, true
	case "expertff":
		return c.ExpertFF, true
	case "sharedff":
		return c.SharedFF, true
	case "rot":
		return c.Rope.Dims / 2, true
	case "types":
		return c.Types, true
	case "context":
		return c.TrainContext, true
	case "up":
		if c.FusedGate {
			return 2 * at.ff, true
		}
		return at.ff, true
	case "2expertff":
		return 2 * c.ExpertFF, true
	case "3embd":
		return 3 * c.Embd, true
	case "input":
		return c.LayerInput, true
	case "inputs":
		return c.LayerInput * c.Layers, true
	case "1":
		return 1, true
	}
	return 0, false
}

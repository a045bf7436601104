package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/quant"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// pageLen is the number of positions in a page of the cache. Memory is taken page by page as a sequence grows.
const pageLen = 256

// CacheType is the precision of cached keys and values.
type CacheType int

// The precisions. CacheQ8 rounds to 8 bits in blocks of 32 (ggml's Q8_0), which halves the memory of CacheF16; models
// whose heads are no multiple of 32 keep float16 instead.
const (
	CacheF16 CacheType = iota
	CacheF32
	CacheQ8
)

// ParseCacheType reads f16, f32 or q8_0.
func ParseCacheType(name string) (CacheType, error) {
	switch strings.ToLower(name) {
	case "f16", "":
		return CacheF16, nil
	case "f32":
		return CacheF32, nil
	case "q8_0":
		return CacheQ8, nil
	}
	return 0, fmt.Errorf("%w: cache type %q, want f16, f32 or q8_0", ErrType, name)
}

// Cache holds the keys and values of one sequence.
type Cache struct {
	level  *compute.Level
	typ    CacheType
	layers []layerCache
	state  *state // of recurrent layers; nil for none
}

// layerCache holds pages of keys and of values, each [head][pageLen][dim], but for keys in binary16: those lie in
// blocks, [head][pageLen/compute.KeyBlock][dim][compute.KeyBlock], as compute.ScoresF16 reads them.
type layerCache struct {
	heads, dim int // of keys and values, and elements of one
	k, v       []page
}

// page has one of its slices set, by the type of the cache.
type page struct {
	h      []uint16
	f      []float32
	b      []byte // Q8_0
	shared bool   // other caches may have it too: it is copied before it is written
}

// NewCache makes an empty cache for one sequence.
func (m *Model) NewCache(t CacheType) *Cache {
	layers := make([]layerCache, m.Layers)
	for l := range layers {
		at := m.at(l)
		layers[l] = layerCache{heads: at.kvHeads, dim: at.headDim}
		if t == CacheQ8 && at.headDim%tensor.Q8_0.BlockLen() != 0 {
			t = CacheF16
		}
	}
	return &Cache{level: m.pool.Level(), typ: t, layers: layers, state: m.newState()}
}

// Bytes is the memory the cache takes now.
func (c *Cache) Bytes() int { return CacheBytes(c) }

// CacheBytes is the memory several caches take together now: pages they share count once.
func CacheBytes(caches ...*Cache) int {
	n := 0
	seen := map[any]bool{}
	for _, c := range caches {
		if c.state != nil {
			n += stateBytes(c.state.layers)
			for _, x := range c.state.saved {
				if !seen[x] {
					seen[x] = true
					n += stateBytes(x.layers)
				}
			}
		}
		for _, l := range c.layers {
			for _, pages := range [...][]page{l.k, l.v} {
				for i := range pages {
					if p := &pages[i]; !p.shared || !seen[p.start()] {
						seen[p.start()] = p.shared
						n += 2*len(p.h) + 4*len(p.f) + len(p.b)
					}
				}
			}
		}
	}
	return n
}

// start identifies the memory of a page: the address of its first element.
func (p *page) start() any {
	switch {
	case p.h != nil:
		return &p.h[0]
	case p.f != nil:
		return &p.f[0]
	}
	return &p.b[0]
}

// Fork makes a cache that holds the first n positions of c. Pages are shared until one of the two caches writes to
// them. No pass over c may be running.
func (c *Cache) Fork(n int) *Cache {
	f := &Cache{level: c.level, typ: c.typ, layers: make([]layerCache, len(c.layers))}
	if c.state != nil {
		f.state = c.state.fork(n)
	}
	for i := range c.layers {
		l := &c.layers[i]
		f.layers[i] = layerCache{heads: l.heads, dim: l.dim, k: share(l.k, n), v: share(l.v, n)}
	}
	return f
}

// share marks the pages of the first n positions and returns a copy of their list.
func share(pages []page, n int) []page {
	pages = pages[:min(len(pages), (n+pageLen-1)/pageLen)]
	for i := range pages {
		pages[i].shared = true
	}
	return slices.Clone(pages)
}

// Truncate gives up the memory of positions from n on, but for those on the page of position n-1.
func (c *Cache) Truncate(n int) {
	for i := range c.layers {
		for _, pages := range [...]*[]page{&c.layers[i].k, &c.layers[i].v} {
			keep := min(len(*pages), (n+pageLen-1)/pageLen)
			clear((*pages)[keep:])
			*pages = (*pages)[:keep]
		}
	}
}

// reserve makes room to write position pos of a layer.
func (c *Cache) reserve(layer, pos int) {
	l := &c.layers[layer]
	for len(l.k)*pageLen <= pos {
		l.k, l.v = append(l.k, c.newPage(l)), append(l.v, c.newPage(l))
	}
	l.k[pos/pageLen].own()
	l.v[pos/pageLen].own()
}

// own copies a shared page.
func (p *page) own() {
	if p.shared {
		*p = page{h: slices.Clone(p.h), f: slices.Clone(p.f), b: slices.Clone(p.b)}
	}
}

func (c *Cache) newPage(l *layerCache) page {
	n := l.heads * pageLen * l.dim
	switch c.typ {
	case CacheF32:
		return page{f: make([]float32, n)}
	case CacheQ8:
		return page{b: make([]byte, tensor.Q8_0.RowBytes(n))}
	}
	return page{h: make([]uint16, n)}
}

// store writes the keys and values [heads*dim] of a position.
func (c *Cache) store(layer, pos int, k, v []float32) {
	l := &c.layers[layer]
	c.put(l, l.k[pos/pageLen], pos%pageLen, k, true)
	c.put(l, l.v[pos/pageLen], pos%pageLen, v, false)
}

// head is the part of a page that holds one head.
func (l *layerCache) head(p page, h int) page {
	from, to := h*pageLen*l.dim, (h+1)*pageLen*l.dim
	switch {
	case p.f != nil:
		return page{f: p.f[from:to]}
	case p.b != nil:
		return page{b: p.b[tensor.Q8_0.RowBytes(from):tensor.Q8_0.RowBytes(to)]}
	}
	return page{h: p.h[from:to]}
}

// put writes one position of a page, keys or values [heads*dim].
func (c *Cache) put(l *layerCache, p page, i int, row []float32, keys bool) {
	for h := range l.heads {
		src, dst := row[h*l.dim:(h+1)*l.dim], l.head(p, h)
		switch {
		case dst.f != nil:
			copy(dst.f[i*l.dim:], src)
		case dst.b != nil:
			quant.PutQ8(dst.row8(i, l.dim), src)
		case keys:
			c.level.PutKey(dst.h, i, src)
		default:
			c.level.F32ToF16s(dst.h[i*l.dim:(i+1)*l.dim], src)
		}
	}
}

// get reads one position of a page back as float32 [heads*dim].
func (c *Cache) get(l *layerCache, p page, i int, row []float32, keys bool) {
	for h := range l.heads {
		dst, src := row[h*l.dim:(h+1)*l.dim], l.head(p, h)
		switch {
		case src.f != nil:
			copy(dst, src.f[i*l.dim:])
		case src.b != nil:
			compute.Dequantize(tensor.Q8_0, dst, src.row8(i, l.dim))
		case keys:
			compute.Key(dst, src.h, i)
		default:
			c.level.F16ToF32s(dst, src.h[i*l.dim:(i+1)*l.dim])
		}
	}
}

// row8 is the Q8_0 blocks of position i of a head.
func (p page) row8(i, dim int) []byte {
	return p.b[tensor.Q8_0.RowBytes(i*dim):tensor.Q8_0.RowBytes((i+1)*dim)]
}

// wide is room for the elements of one head read back from 8 bits; longer heads take memory.
type wide [256]float32

// row is position i of a head, in float32 or in 8 bits, as float32.
func (p page) row(w *wide, i, dim int) []float32 {
	if p.f != nil {
		return p.f[i*dim : (i+1)*dim]
	}
	x := w[:]
	if dim > len(x) {
		x = make([]float32, dim)
	}
	compute.Dequantize(tensor.Q8_0, x[:dim], p.row8(i, dim))
	return x[:dim]
}

// scoreAlign is what the first position of scores is a multiple of: whole blocks of keys, enough of them for
// compute.ScoresF16 to take them in groups.
const scoreAlign = 8 * compute.KeyBlock

// scores sets out[i*stride+p-base] to the product of query i of n, [n, dim], and the key of position p, for positions
// base to hi-1. base is a multiple of scoreAlign and stride too, at least hi-base; elements behind are overwritten. w is
// scratch.
func (c *Cache) scores(layer, head int, q []float32, n, base, hi int, out []float32, stride int, w *wide) {
	l := &c.layers[layer]
	for pos := base; pos < hi; pos += pageLen - pos%pageLen {
		p := l.head(l.k[pos/pageLen], head)
		first, count := pos%pageLen, min(hi-pos, pageLen-pos%pageLen)
		if p.h != nil {
			blocks := (count + compute.KeyBlock - 1) / compute.KeyBlock
			c.level.ScoresF16(out[pos-base:], stride, q, l.dim, n, p.h[first*l.dim:], blocks, l.dim)
			continue
		}
		for k := range count {
			key := p.row(w, first+k, l.dim)
			for i := range n {
				out[i*stride+pos-base+k] = c.level.Dot(q[i*l.dim:(i+1)*l.dim], key)
			}
		}
	}
}

// mix adds the values of positions base to hi-1, weighted by rows of w as scores lays them out, to dst [n, dim].
func (c *Cache) mix(layer, head int, w []float32, stride, n, base, hi int, dst []float32, x *wide) {
	l := &c.layers[layer]
	for pos := base; pos < hi; pos += pageLen - pos%pageLen {
		p := l.head(l.v[pos/pageLen], head)
		first, count := pos%pageLen, min(hi-pos, pageLen-pos%pageLen)
		if p.h != nil {
			c.level.MixF16(dst, l.dim, w[pos-base:], stride, n, p.h[first*l.dim:], count, l.dim)
			continue
		}
		for k := range count {
			value := p.row(x, first+k, l.dim)
			for i := range n {
				c.level.Axpy(dst[i*l.dim:(i+1)*l.dim], w[i*stride+pos-base+k], value)
			}
		}
	}
}

// Shift forgets positions keep to keep+drop-1 of a sequence of n and moves the later ones down. Keys are turned back
// by drop positions; what they had seen of the forgotten ones stays in them, as in llama.cpp. Unlike there, keys do not
// get longer with every shift when YaRN or LongRoPE lengthens vectors, and layers without positions stay as they are.
func (m *Model) Shift(c *Cache, keep, drop, n int) error {
	if keep < 0 || drop < 1 || keep+drop > n {
		return fmt.Errorf("shift: keep %d and drop %d of %d tokens", keep, drop, n)
	}
	if c.state != nil {
		return fmt.Errorf("%w: %s keeps a recurrent state, from which no part of a text can be taken; use a larger context (-c)", ErrContext, m.Arch)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pool.Do(len(c.layers), func(_, layer int) {
		l := &c.layers[layer]
		row := make([]float32, l.heads*l.dim)
		rope := m.ropeOf(layer)
		var cos, sin []float32
		if rope != nil {
			back := *rope
			back.Attn = rope.Attn / rope.length() // the vectors already have their length
			cos, sin = make([]float32, rope.Dims/2), make([]float32, rope.Dims/2)
			back.angles(cos, sin, -drop)
		}
		for pos := keep + drop; pos < n && len(l.k) > 0; pos++ {
			to := pos - drop
			c.get(l, l.k[pos/pageLen], pos%pageLen, row, true)
			if rope != nil {
				rope.turn(c.level, row, l.dim, cos, sin)
			}
			l.k[to/pageLen].own()
			l.v[to/pageLen].own()
			c.put(l, l.k[to/pageLen], to%pageLen, row, true)
			c.get(l, l.v[pos/pageLen], pos%pageLen, row, false)
			c.put(l, l.v[to/pageLen], to%pageLen, row, false)
		}
	})
	return nil
}

package model

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/kernel"
)

// pageLen is the number of positions in a page of the cache. Memory is taken page by page as a sequence grows.
const pageLen = 256

// CacheType is the precision of cached keys and values.
type CacheType int

// The precisions.
const (
	CacheF16 CacheType = iota
	CacheF32
)

// Cache holds the keys and values of one sequence.
type Cache struct {
	typ    CacheType
	heads  int // of keys and values
	dim    int // of a head
	layers []layerCache
}

// layerCache holds pages of keys and of values, each [head][pageLen][dim].
type layerCache struct{ k, v []page }

// page has one of its fields set, by the type of the cache.
type page struct {
	h []uint16
	f []float32
}

// NewCache makes an empty cache for one sequence.
func (m *Model) NewCache(t CacheType) *Cache {
	return &Cache{typ: t, heads: m.KVHeads, dim: m.HeadDim, layers: make([]layerCache, m.Layers)}
}

// Bytes is the memory the cache takes now.
func (c *Cache) Bytes() int {
	n := 0
	for _, l := range c.layers {
		for _, p := range append(l.k, l.v...) {
			n += 2*len(p.h) + 4*len(p.f)
		}
	}
	return n
}

// reserve makes room for positions below n in a layer.
func (c *Cache) reserve(layer, n int) {
	l := &c.layers[layer]
	for len(l.k)*pageLen < n {
		l.k, l.v = append(l.k, c.newPage()), append(l.v, c.newPage())
	}
}

func (c *Cache) newPage() page {
	n := c.heads * pageLen * c.dim
	if c.typ == CacheF32 {
		return page{f: make([]float32, n)}
	}
	return page{h: make([]uint16, n)}
}

// store writes the keys and values [heads*dim] of a position.
func (c *Cache) store(layer, pos int, k, v []float32) {
	l := &c.layers[layer]
	c.put(l.k[pos/pageLen], pos%pageLen, k)
	c.put(l.v[pos/pageLen], pos%pageLen, v)
}

func (c *Cache) put(p page, i int, row []float32) {
	for h := range c.heads {
		src, at := row[h*c.dim:(h+1)*c.dim], (h*pageLen+i)*c.dim
		if p.f != nil {
			copy(p.f[at:at+c.dim], src)
		} else {
			kernel.F32ToF16s(p.h[at:at+c.dim], src)
		}
	}
}

// get reads one position of a page back as float32 [heads*dim].
func (c *Cache) get(p page, i int, row []float32) {
	for h := range c.heads {
		dst, at := row[h*c.dim:(h+1)*c.dim], (h*pageLen+i)*c.dim
		if p.f != nil {
			copy(dst, p.f[at:at+c.dim])
		} else {
			kernel.F16ToF32s(dst, p.h[at:at+c.dim])
		}
	}
}

// scores sets out[i] to q.k of position lo+i, for positions lo to hi-1.
func (c *Cache) scores(layer, head int, q []float32, lo, hi int, out []float32) {
	for pos := lo; pos < hi; pos++ {
		p, at := &c.layers[layer].k[pos/pageLen], (head*pageLen+pos%pageLen)*c.dim
		if p.f != nil {
			out[pos-lo] = kernel.Dot(q, p.f[at:at+c.dim])
		} else {
			out[pos-lo] = kernel.DotF16(q, p.h[at:at+c.dim])
		}
	}
}

// mix adds the values of positions lo to hi-1, weighted by w, to dst.
func (c *Cache) mix(layer, head int, w []float32, lo, hi int, dst []float32) {
	for pos := lo; pos < hi; pos++ {
		p, at := &c.layers[layer].v[pos/pageLen], (head*pageLen+pos%pageLen)*c.dim
		if p.f != nil {
			kernel.Axpy(dst, w[pos-lo], p.f[at:at+c.dim])
		} else {
			kernel.AxpyF16(dst, w[pos-lo], p.h[at:at+c.dim])
		}
	}
}

// Shift forgets positions keep to keep+drop-1 of a sequence of n and moves the later ones down. Keys are turned back
// by drop positions; what they had seen of the forgotten ones stays in them, as in llama.cpp.
func (m *Model) Shift(c *Cache, keep, drop, n int) error {
	if keep < 0 || drop < 1 || keep+drop > n {
		return fmt.Errorf("model: shift: keep %d and drop %d of %d tokens", keep, drop, n)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	width := c.heads * c.dim
	m.pool.Do(len(c.layers), func(layer int) {
		l := &c.layers[layer]
		row := make([]float32, width)
		rope := m.ropeOf(layer)
		var cos, sin []float32
		if rope != nil {
			back := *rope
			back.Attn = rope.Attn / rope.length() // the vectors already have their length
			cos, sin = make([]float32, rope.Dims/2), make([]float32, rope.Dims/2)
			back.angles(cos, sin, -drop)
		}
		for pos := keep + drop; pos < n; pos++ {
			to := pos - drop
			c.get(l.k[pos/pageLen], pos%pageLen, row)
			if rope != nil {
				rope.turn(row, c.dim, cos, sin)
			}
			c.put(l.k[to/pageLen], to%pageLen, row)
			c.get(l.v[pos/pageLen], pos%pageLen, row)
			c.put(l.v[to/pageLen], to%pageLen, row)
		}
	})
	return nil
}

package token

import (
	"strings"
	"sync"
)

// Words repeat, so their ids are kept. A cache belongs to one Encode call at a time and is bounded.
const (
	cacheWords   = 1 << 15 // entries before a cache starts over
	cacheWordLen = 48      // longer words are not kept: they hardly repeat
)

// wordCache maps a word to its ids, stored end to end.
type wordCache struct {
	where map[string][2]int32
	ids   []int32
	syms  []symbol // scratch for merging
}

type cachePool struct{ pool sync.Pool }

func (p *cachePool) get() *wordCache {
	if c, ok := p.pool.Get().(*wordCache); ok {
		return c
	}
	return &wordCache{where: map[string][2]int32{}}
}

func (p *cachePool) put(c *wordCache) {
	if cap(c.syms) > 1<<16 {
		c.syms = nil // one huge word should not be paid for ever after
	}
	p.pool.Put(c)
}

// find appends the ids of a known word.
func (c *wordCache) find(dst []int32, word string) ([]int32, bool) {
	w, ok := c.where[word]
	if ok {
		dst = append(dst, c.ids[w[0]:w[1]]...)
	}
	return dst, ok
}

// keep remembers the ids of a word.
func (c *wordCache) keep(word string, ids []int32) {
	if len(word) > cacheWordLen {
		return
	}
	if len(c.where) >= cacheWords {
		clear(c.where)
		c.ids = c.ids[:0]
	}
	from := int32(len(c.ids))
	c.ids = append(c.ids, ids...)
	c.where[strings.Clone(word)] = [2]int32{from, int32(len(c.ids))}
}

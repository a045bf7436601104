package sched

import (
	"slices"

	"github.com/llamaboot/llamaboot/runtime/model"
)

// keeper keeps sequences that have ended, the latest used last.
type keeper struct {
	limit int // bytes
	bytes int // at least what the sequences take: shared pages may count more than once
	list  []kept
}

type kept struct {
	tokens []int32
	cache  *model.Cache
}

const (
	// mostKept bounds the sequences that are compared with every prompt.
	mostKept = 512
	// leastShared is how many tokens are worth a fork, which copies up to a page of every layer.
	leastShared = 16
)

// add keeps a sequence and gives up those used longest ago that no longer fit.
func (k *keeper) add(tokens []int32, cache *model.Cache) {
	if k.limit < 0 || len(tokens) == 0 {
		return
	}
	cache.Truncate(len(tokens))
	k.list = slices.DeleteFunc(k.list, func(x kept) bool {
		return len(x.tokens) <= len(tokens) && common(x.tokens, tokens) == len(x.tokens)
	})
	k.list = append(k.list, kept{tokens, cache})
	k.bytes += cache.Bytes()
	for k.bytes > k.limit || len(k.list) > mostKept {
		if k.count(); k.bytes <= k.limit && len(k.list) <= mostKept {
			break
		}
		k.list = slices.Delete(k.list, 0, 1)
	}
}

// count sets bytes to what the sequences take.
func (k *keeper) count() {
	caches := make([]*model.Cache, len(k.list))
	for i := range k.list {
		caches[i] = k.list[i].cache
	}
	k.bytes = model.CacheBytes(caches...)
}

// best is the kept sequence of which most can be used for a prompt, and how many tokens, at most usable; -1 for none.
func (k *keeper) best(prompt []int32, usable int) (at, n int) {
	at = -1
	for i := range k.list {
		if c := min(common(k.list[i].tokens, prompt), usable); c > n {
			if c = k.list[i].cache.Reusable(c); c > n {
				at, n = i, c
			}
		}
	}
	return at, n
}

// take returns a cache with the first n tokens of sequence at: its own if it has no others, a fork otherwise.
func (k *keeper) take(at, n int) *model.Cache {
	x := k.list[at]
	k.list = slices.Delete(k.list, at, at+1)
	if n == len(x.tokens) {
		return x.cache
	}
	k.list = append(k.list, x) // used just now
	return x.cache.Fork(n)
}

// common is the length of the longest common prefix.
func common(a, b []int32) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// begin gives a job the cache of the sequence that shares most with its prompt. It returns false when another job is
// computing a longer shared prefix right now: then waiting for that costs less.
func (s *Scheduler) begin(j *job) bool {
	prompt := j.req.Prompt
	usable := len(prompt) - 1 // the logits after the last token are needed
	if j.req.NoReuse {
		j.cache = s.e.NewCache()
		return true
	}
	at, n := s.kept.best(prompt, usable)
	var from *job
	for _, r := range s.running {
		if r == j || r.cache == nil || r.req.NoReuse {
			continue
		}
		have := r.cache.Reusable(min(common(r.tokens, prompt), usable))
		if have > n {
			from, n = r, have
		}
	}
	for _, r := range s.running {
		if r != j && r.cache != nil && !r.req.NoReuse && r.state == inPrompt &&
			min(common(r.req.Prompt, prompt), usable) >= n+leastShared {
			return false
		}
	}
	switch {
	case n < leastShared && (at < 0 || from != nil || n < len(s.kept.list[at].tokens)):
		j.cache, n = s.e.NewCache(), 0
	case from != nil:
		j.cache = from.cache.Fork(n)
	default:
		j.cache = s.kept.take(at, n)
	}
	j.tokens = append(make([]int32, 0, len(prompt)+64), prompt[:n]...)
	j.stats.Reused, j.stats.PromptTokens = n, len(prompt)-n
	s.count.Reused += n
	return true
}

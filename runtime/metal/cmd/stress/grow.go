package main

import (
	"fmt"
	"math/rand"
	"runtime/debug"
	"sync/atomic"
)

var growths atomic.Int64

// grow takes a good part of the memory, in blocks and in a map, checks it, and lets it
// go; now and then Go gives all that is free back to the kernel.
func grow() error {
	limit := min(debug.SetMemoryLimit(-1), 1<<30)
	left := rand.Int63n(limit / 4)
	var blocks [][]uint64
	for left > 0 {
		b := make([]uint64, 1+rand.Intn(1<<19))
		mark := uint64(len(blocks) + 1)
		for i := 0; i < len(b); i += 256 {
			if b[i] != 0 {
				return fmt.Errorf("new memory holds %#x", b[i])
			}
			b[i] = mark
		}
		blocks = append(blocks, b)
		left -= int64(len(b)) * 8
	}
	m := map[int]int{}
	for i := range rand.Intn(50000) {
		m[i] = -i
	}
	for k, b := range blocks {
		for i := 0; i < len(b); i += 256 {
			if b[i] != uint64(k+1) {
				return fmt.Errorf("block %d holds %#x", k, b[i])
			}
		}
	}
	for i := range len(m) {
		if m[i] != -i {
			return fmt.Errorf("m[%d] = %d", i, m[i])
		}
	}
	if growths.Add(1)%8 == 0 {
		blocks, m = nil, nil
		debug.FreeOSMemory()
	}
	return nil
}

//go:build !amd64 || noasm

package compute

import "runtime"

// spinPauses is how often a waiting thread looks before it sleeps.
const spinPauses = 3000

// pause gives way while waiting: without an instruction for it, to the
// scheduler.
func pause() { runtime.Gosched() }

// fetch prefetches b where there is an instruction for it.
func fetch(b []byte) {}

// threadsPerCore is 1 where the processor is not asked.
func threadsPerCore() int { return 1 }

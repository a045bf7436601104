//go:build !amd64 || noasm

package kernel

import "runtime"

// spinPauses is how often a waiting thread looks before it sleeps.
const spinPauses = 100

// pause gives way while waiting: without an instruction for it, to the
// scheduler.
func pause() { runtime.Gosched() }

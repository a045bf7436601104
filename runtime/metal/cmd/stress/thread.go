package main

import (
	"runtime"
	"runtime/debug"
	"sync"
)

// threads starts threads and lets them end, while memory goes back to the kernel: a new
// thread's signal stack may lie in a page that another CPU is just giving back.
func threads() error {
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		}()
	}
	debug.FreeOSMemory()
	wg.Wait()
	return nil
}

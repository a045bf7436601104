// tmp
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/board"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

func main() {
	if kern.Active() {
		board.Init()
	}
	fmt.Println("hello from", runtime.Version(), os.Args, "GOMAXPROCS", runtime.GOMAXPROCS(0), "active", kern.Active())
	if !kern.Active() {
		return
	}
	fmt.Printf("%+v up %v now %v\n", kern.ReadStats(), kern.Uptime(), time.Now())
	t := time.Now()
	time.Sleep(100 * time.Millisecond)
	fmt.Println("slept", time.Since(t))
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		var p *int
		*p = 1
	}()
	c := make(chan int)
	for i := 0; i < 4; i++ {
		go func() {
			s := 0
			for j := 0; j < 50000000; j++ {
				s += j
			}
			c <- s
		}()
	}
	t = time.Now()
	for i := 0; i < 4; i++ {
		<-c
	}
	fmt.Println("par", time.Since(t))
	t = time.Now()
	for i := 0; i < 200; i++ {
		_ = make([]byte, 1<<20)
		if i%50 == 0 {
			runtime.GC()
		}
	}
	fmt.Println("gc", time.Since(t))
	fmt.Printf("%+v up %v\n", kern.ReadStats(), kern.Uptime())
	os.Exit(0)
}

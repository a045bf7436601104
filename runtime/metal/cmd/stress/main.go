// Command stress works the kernel of the metal core hard: garbage collection against
// loops that only asynchronous preemption can stop, timers, channels, maps, deep
// stacks, nil dereferences, hashes with known results, memory taken and given back,
// and a model that generates known tokens. As a Linux process it does the same, which
// tells a bug of the kernel from one of the program:
//
//	go run ./runtime/metal/cmd/stress 60 testdata/demo.gguf
//
// It runs for as many seconds as the boot arguments (or the first argument) say and
// ends with status 0 if nothing was wrong and nothing stood still.
package main

import (
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// job is one kind of load; run does one round and reports an error if a result is wrong.
type job struct {
	name   string
	run    func() error
	rounds atomic.Int64
	seen   int64 // rounds at the last look
	still  int   // looks without a new round
}

const (
	lookEvery = 5 * time.Second
	// patience is how many looks a job may go without a round before it counts as
	// stalled: an emulator on a busy machine stands still for seconds.
	patience = 12
)

var failures atomic.Int64

func main() {
	p := platform()
	jobs := []*job{
		{name: "stack", run: deepStack},
		{name: "tree", run: tree},
		{name: "heap", run: heap},
		{name: "timer", run: timer},
		{name: "map", run: sharedMap},
		{name: "sha256", run: hash},
		{name: "panic", run: nilDereference},
		{name: "channel", run: lockedChannel()},
		{name: "spawn", run: spawn},
		{name: "collect", run: collect},
		{name: "protect", run: writeToCode},
		{name: "grow", run: grow},
		{name: "pin", run: pin},
		{name: "thread", run: threads},
	}
	if generate, err := generator(p.model); err != nil {
		fmt.Printf("stress: no generation: %v\n", err)
		failures.Add(p.modelWanted)
	} else {
		jobs = append(jobs, &job{name: "generate", run: generate})
	}
	fmt.Printf("stress: %d seconds on %d CPUs\n", p.seconds, runtime.NumCPU())
	for _, j := range jobs {
		for range 2 {
			go j.loop()
		}
	}
	go floatLoop()
	go intLoop()
	start := time.Now()
	stalled := 0
	for time.Since(start) < time.Duration(p.seconds)*time.Second {
		time.Sleep(lookEvery)
		stalled += report(jobs, time.Since(start), p.memory())
	}
	fmt.Printf("stress: done, %d failures, %d stalls\n", failures.Load(), stalled)
	if failures.Load()+int64(stalled) != 0 {
		os.Exit(1)
	}
	os.Exit(0) // the machine ends, once its console has caught up
}

func (j *job) loop() {
	for {
		if err := j.run(); err != nil {
			failures.Add(1)
			fmt.Printf("stress: FAILURE in %s: %v\n", j.name, err)
		}
		j.rounds.Add(1)
	}
}

// report prints the rounds of all jobs and counts those that stand still for too long.
func report(jobs []*job, t time.Duration, memory string) (stalled int) {
	var b strings.Builder
	for _, j := range jobs {
		n := j.rounds.Load()
		fmt.Fprintf(&b, " %s %d", j.name, n)
		if n != j.seen {
			j.seen, j.still = n, 0
		} else if j.still++; j.still == patience {
			stalled++
			b.WriteString(" (STALLED)")
		}
	}
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	fmt.Printf("stress: %3.0f s:%s, %d collections, heap %d MiB of %d MiB, %s\n", t.Seconds(), b.String(),
		ms.NumGC, ms.HeapAlloc>>20, (ms.HeapSys-ms.HeapReleased)>>20, memory)
	return stalled
}

func deepStack() error {
	n := 1000 + rand.Intn(3000)
	if got := recurse(n); got != n {
		return fmt.Errorf("depth %d, want %d", got, n)
	}
	return nil
}

func recurse(n int) int {
	var pad [256]byte
	pad[n&255] = 1
	if n == 0 {
		return 0
	}
	return recurse(n-1) + int(pad[n&255])
}

type node struct {
	left, right *node
	pad         [4]int
}

func build(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: build(depth - 1), right: build(depth - 1)}
}

func (n *node) count() int {
	if n == nil {
		return 0
	}
	return 1 + n.left.count() + n.right.count()
}

func tree() error {
	const depth = 11
	if got := build(depth).count(); got != 1<<(depth+1)-1 {
		return fmt.Errorf("%d nodes, want %d", got, 1<<(depth+1)-1)
	}
	return nil
}

// kept holds checksummed blocks that live across collections.
var kept struct {
	sync.Mutex
	blocks [64][]byte
	sums   [64]uint32
}

func heap() error {
	b := make([]byte, 1+rand.Intn(1<<20))
	for i := 0; i < len(b); i += 61 {
		b[i] = byte(rand.Int())
	}
	sum := crc32.ChecksumIEEE(b)
	kept.Lock()
	defer kept.Unlock()
	i := rand.Intn(len(kept.blocks))
	old, want := kept.blocks[i], kept.sums[i]
	kept.blocks[i], kept.sums[i] = b, sum
	if old != nil && crc32.ChecksumIEEE(old) != want {
		return fmt.Errorf("a block of %d bytes changed in memory", len(old))
	}
	return nil
}

func timer() error {
	d := time.Duration(rand.Intn(3000)) * time.Microsecond
	start := time.Now()
	time.Sleep(d)
	if got := time.Since(start); got < d {
		return fmt.Errorf("slept %v instead of %v", got, d)
	}
	return nil
}

var shared struct {
	sync.Mutex
	m map[int]string
}

func sharedMap() error {
	k := rand.Intn(1000)
	shared.Lock()
	defer shared.Unlock()
	if shared.m == nil {
		shared.m = map[int]string{}
	}
	if v, ok := shared.m[k]; ok && v != strconv.Itoa(k*k) {
		return fmt.Errorf("m[%d] = %q", k, v)
	}
	shared.m[k] = strconv.Itoa(k * k)
	if len(shared.m) > 900 {
		clear(shared.m)
	}
	return nil
}

var (
	hashData = make([]byte, 1<<18)
	hashWant = sha256.Sum256(hashData)
)

func hash() error {
	if got := sha256.Sum256(hashData); got != hashWant {
		return fmt.Errorf("got %x", got)
	}
	return nil
}

func nilDereference() (err error) {
	defer func() {
		if recover() == nil {
			err = fmt.Errorf("a nil dereference went unnoticed")
		}
	}()
	var n *node
	n.pad[1] = 1
	return nil
}

// lockedChannel talks to a goroutine that owns a thread. Every now and then it
// yields: an endless exchange of that kind starves Go's own scheduler, on any kernel.
func lockedChannel() func() error {
	c := make(chan int)
	go func() {
		runtime.LockOSThread()
		for v := range c {
			_ = v
		}
	}()
	var n atomic.Int64
	return func() error {
		c <- 1
		if n.Add(1)%16 == 0 {
			runtime.Gosched()
		}
		return nil
	}
}

// writeToCode expects a fault: code is not writable.
func writeToCode() (err error) {
	time.Sleep(10 * time.Millisecond)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() == nil {
			err = fmt.Errorf("code could be overwritten")
		}
	}()
	f := spawn // a function value points to a word that points to the code
	code := **(***byte)(unsafe.Pointer(&f))
	*code = 0x90
	return nil
}

func spawn() error {
	var wg sync.WaitGroup
	var n atomic.Int64
	for range 20 {
		wg.Add(1)
		go func() { runtime.Gosched(); n.Add(1); wg.Done() }()
	}
	wg.Wait()
	if n.Load() != 20 {
		return fmt.Errorf("%d of 20 goroutines ran", n.Load())
	}
	return nil
}

func collect() error {
	time.Sleep(20 * time.Millisecond)
	runtime.GC()
	return nil
}

// floatLoop and intLoop never call anything: they stop for a collection only if they
// are interrupted, and notice if an interruption changed a register.
func floatLoop() {
	a, b, c, d := 1.0, 2.0, 3.0, 4.0
	for {
		a, b, c, d = b, c, d, a
		if a+b+c+d != 10 {
			failures.Add(1)
		}
	}
}

func intLoop() {
	var a, b, c, d, e, f, g, h uint64 = 1, 2, 3, 4, 5, 6, 7, 8
	for {
		a, b, c, d, e, f, g, h = b, c, d, e, f, g, h, a
		if a^b^c^d^e^f^g^h != 8 {
			failures.Add(1)
		}
	}
}

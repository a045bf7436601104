package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"sort"
	"strings"
	"syscall"
)

// crashFlag, as --crash=KIND in place of a duration, ends the program in one of the ways a program can: what the
// machine then shows is looked at by tests and by people.
const crashFlag = "--crash="

var crashes = map[string]func(){
	"panic": func() { panic("the stress program was told to panic") },
	"nil":   func() { var n *node; n.pad[1] = 1 },
	"map":   writeAtOnce,
	"stack": func() {
		debug.SetMaxStack(16 << 20)
		fmt.Println(recurse(1 << 30))
	},
	"memory": func() {
		debug.SetMemoryLimit(1 << 50)
		var all [][]byte
		for {
			b := make([]byte, 64<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
			if len(all) > 1<<20 {
				return
			}
		}
	},
	// The kernel reads the time to sleep from page 0, which is not there.
	"kernel": func() { syscall.RawSyscall(syscall.SYS_NANOSLEEP, 8, 0, 0) },
}

// writeAtOnce writes to one map from several goroutines until Go's runtime notices.
func writeAtOnce() {
	m := map[int]int{}
	for range 4 {
		go func() {
			for i := 0; ; i++ {
				m[i%100] = i
			}
		}()
	}
	select {}
}

// crash ends the program if the arguments say so.
func crash(args string) {
	kind, ok := strings.CutPrefix(strings.TrimSpace(args), crashFlag)
	if !ok {
		return
	}
	if f := crashes[kind]; f != nil {
		fmt.Printf("stress: crash %s\n", kind)
		f()
		fmt.Printf("stress: crash %s did not happen\n", kind)
		os.Exit(1)
	}
	var kinds []string
	for k := range crashes {
		kinds = append(kinds, k)
	}
	sort.Strings(kinds)
	fmt.Printf("stress: no crash %q, only: %s\n", kind, strings.Join(kinds, " "))
	os.Exit(2)
}

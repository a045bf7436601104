package kern

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/llamaboot/llamaboot/internal/buildid"
)

// Reports of the end: what stays on a screen of 80 columns and 25 lines when nothing
// goes on. A kernel panic takes at most 22 lines with its reason first; when the Go
// runtime gives up, its reason and the first lines of its traces come once more, last.

// panicCPU is 1 + the CPU that reports.
var panicCPU int32

// beginPanic stops the other CPUs, so that the report stays whole and stays on the
// screen. The console lock is not waited for: its owner may be stopped, or be us.
func beginPanic() {
	me := currentCPU()
	if !atomic.CompareAndSwapUint32(&panicked, 0, 1) {
		if panicCPU == me.id+1 { // a fault in the report itself: what is said must do
			puts("\n(the report ends in a fault of its own)\n")
			Exit(2)
		}
		stopCPU()
	}
	panicCPU = me.id + 1
	for k := range ncpu {
		if c := &cpus[k]; c != me {
			message(c, messageStop)
		}
	}
	showQueued()
}

// fatal reports that the kernel cannot go on.
func fatal(reason string) {
	beginPanic()
	puts("\nllamaboot: kernel panic: ")
	puts(reason)
	putWhere()
	Exit(2)
}

// fatalMemory reports that RAM is used up.
func fatalMemory() {
	beginPanic()
	puts("\nllamaboot: kernel panic: out of memory: all ")
	putNumber(phys.total >> 20)
	puts(" MiB of RAM are in use\nhint: a smaller model or context, or more RAM")
	putWhere()
	Exit(2)
}

// putWhere tells builds and moments apart.
func putWhere() {
	puts("\nbuild ")
	id := BuildID()
	for i := 28; i >= 0; i -= 4 {
		putc("0123456789abcdef"[id>>uint(i)&15])
	}
	puts(", CPU ")
	putNumber(uintptr(currentCPU().id))
	puts(" of ")
	putNumber(uintptr(ncpu))
	if counterHz() != 0 {
		puts(", up ")
		putNumber(uintptr(ticksToNano(counter()-info.tsc) / 1e9))
		puts(" s")
	}
	if UEFI() {
		puts(", UEFI\n")
	} else {
		puts(", BIOS\n")
	}
}

// maxFrames keeps the report on one screen.
const maxFrames = 10

// walks name code addresses: Frames made while memory could still be had, each for the
// one address that is put in its place in walked.
var (
	walked [maxFrames]uintptr
	walks  [maxFrames]*runtime.Frames
)

func init() {
	for i := range walks {
		walks[i] = runtime.CallersFrames(walked[i : i+1])
	}
}

// putCaller prints the frames of the goroutine whose system call the kernel served, from
// the n-th line on: its registers lie at the top of the thread's kernel stack.
func putCaller(n int) {
	f := (*frame)(unsafe.Pointer(thisThread().kstop - unsafe.Sizeof(frame{})))
	if within(f.pc(), coreBase, info.coreSize) && n < maxFrames {
		putFrames(n, f.pc(), f.caller())
	}
}

// putFrames prints who called whom, from the n-th line on, along the chain of frame
// pointers that Go keeps. It returns the number of the next line.
func putFrames(n int, ip, bp uintptr) int {
	lendM()
	putFrame(n, ip)
	for i := n + 1; i < maxFrames; i++ {
		// lookup: a wrong frame pointer must not fault.
		if _, ok := lookup(bp); !ok || bp&7 != 0 || bp&(pageSize-1) > pageSize-16 {
			return i
		}
		next, back := *word(bp), *word(bp + 8)
		if !within(back, coreBase, info.coreSize) {
			return i
		}
		putFrame(i, back)
		if next <= bp && !onKernelStack(bp) { // stacks grow down
			return i + 1
		}
		bp = next
	}
	return maxFrames
}

// gM is the offset of m in runtime.g (Go 1.26, runtime2.go): behind the stack's bounds,
// two guards, the innermost panic and the innermost defer.
const gM = 48

// lendM gives the kernel's stand-in for a g the m of the thread it interrupted: Go's
// tables of functions are looked up through a cache in the m. Nothing runs after the
// report, so it need not be taken back.
func lendM() {
	if g := threadG(); g != 0 {
		*word(kernelG() + gM) = *word(g + gM)
	}
}

// putFrame prints one code address, and the function and the line it lies in.
func putFrame(i int, ip uintptr) {
	putReg(" at ", ip)
	if walks[i] == nil { // before Go's runtime
		puts("\n")
		return
	}
	walked[i] = ip
	f, _ := walks[i].Next() // if it faults, beginPanic ends the report
	name := f.Function
	for len(name) > 0 && indexByte(name, '/') >= 0 {
		name = name[indexByte(name, '/')+1:]
	}
	puts(" ")
	puts(name[:min(len(name), 48)])
	puts(":")
	putNumber(uintptr(f.Line))
	puts("\n")
}

func indexByte(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			return i
		}
	}
	return -1
}

// BuildID names the build of the running program, from its read-only segments as they
// are in memory. The program must be linked as a core (internal/corebuild).
func BuildID() uint32 {
	h := buildid.Start
	n := uintptr(get16(coreBase + elfPhnum))
	for i := uintptr(0); i < n; i++ {
		s := (*elfSegment)(unsafe.Pointer(coreBase + *word(coreBase + elfPhoff) + i*unsafe.Sizeof(elfSegment{})))
		if s.typ == elfLoad && s.flags&elfWrite == 0 {
			h = buildid.Add(h, unsafe.Slice((*byte)(unsafe.Pointer(uintptr(s.vaddr))), s.filesz))
		}
	}
	return buildid.Fold(h)
}

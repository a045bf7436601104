package kern

// Kernel stacks lie back to back from 2 TiB, each above a page that stays unmapped, so
// that an overflow is a page fault and not silent damage to a neighbour. They get
// memory when they are first needed: a machine pays for the CPUs and threads it has.
const (
	stackArea     = 2 << 40
	stackSize     = 24 << 10 // kernel stack of a thread, guard page included
	istSize       = 20 << 10 // interrupt stack, likewise
	userStackSize = 512 << 10
	stackCount    = maxThread + maxCPU // threads, then one idle thread for each CPU
	istArea       = stackArea + stackCount*stackSize
	userStack     = istArea + maxCPU*istCount*istSize // the stack Go's runtime starts on
	stackEnd      = userStack + userStackSize
)

func stackStart(i int) uintptr       { return stackArea + uintptr(i)*stackSize }
func istStart(cpu, ist int) uintptr  { return istArea + uintptr(cpu*istCount+ist)*istSize }
func stackTop(i int) uintptr         { return stackStart(i+1) - 64 }
func istTop(cpu, ist int) uintptr    { return istStart(cpu, ist) + istSize - 16 }
func mapThreadStack(i int)           { mapStack(stackStart(i), stackSize) }
func mapInterruptStack(cpu, ist int) { mapStack(istStart(cpu, ist), istSize) }

// mapStack gives the stack at start its memory, all but the guard page.
func mapStack(start, size uintptr) {
	memLock.lock()
	for a := start + pageSize; a < start+size; a += pageSize {
		if e := pageEntry(a); *e&ptePresent == 0 {
			*e = tablePage() | ptePage | noExec
		}
	}
	published()
	memLock.unlock()
}

// guarded reports whether a lies in a guard page.
func guarded(a uintptr) bool {
	switch {
	case a < stackArea || a >= stackEnd:
		return false
	case a < istArea:
		return (a-stackArea)%stackSize < pageSize
	case a < userStack:
		return (a-istArea)%istSize < pageSize
	}
	return a-userStack < pageSize
}

// onKernelStack reports whether sp lies in a kernel or interrupt stack: then the
// kernel itself was interrupted, and no signal can help.
func onKernelStack(sp uintptr) bool {
	return within(sp, stackArea, userStack-stackArea) || onBootStack(sp)
}

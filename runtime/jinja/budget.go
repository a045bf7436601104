package jinja

import (
	"fmt"
	"time"
)

// Limits of one rendering. A long conversation takes some thousand steps and a few times its own size.
const (
	maxWork   = 256 << 20 // units, about a nanosecond each
	maxMade   = 64 << 20  // bytes of all values made
	maxValue  = 4 << 20   // bytes of one value
	maxOutput = 16 << 20
	maxRange  = 1 << 16
	maxCalls  = 128 // macros and recursive loops within each other
	maxDepth  = 200 // lists and dicts within each other
	maxTime   = 1500 * time.Millisecond
)

// Costs in units of work.
const (
	costNode = 32  // of a node of an expression
	costStep = 256 // of a statement, a round of a loop, a call
	costItem = 16  // of looking at an element of a list or dict
	sizeItem = 64  // bytes of an element of a list or dict
)

// budget counts what one rendering has used.
type budget struct {
	work, made, calls int
	clock             int // units until the clock is looked at again
	deadline          time.Time
}

func limit(format string, args ...any) error {
	return &Error{Kind: ErrLimit, Message: fmt.Sprintf(format, args...)}
}

// spend takes units of work.
func (b *budget) spend(units int) error {
	if b.work += units; b.work > maxWork || units < 0 {
		return limit("the template works too long")
	}
	if b.clock -= units; b.clock < 0 {
		b.clock = 1 << 20
		if time.Now().After(b.deadline) {
			return limit("the template works longer than %v", maxTime)
		}
	}
	return nil
}

// make takes bytes of memory before they are allocated.
func (b *budget) make(bytes int) error {
	if bytes < 0 || bytes > maxValue {
		return limit("a value of more than %d bytes", maxValue)
	}
	if b.made += bytes; b.made > maxMade {
		return limit("all values together have more than %d bytes", maxMade)
	}
	return b.spend(bytes / 4)
}

// items takes the memory of a list of n elements.
func (b *budget) items(n int) error { return b.make(sizeItem * n) }

// str returns a new string and takes its memory.
func (b *budget) str(s string) (Value, error) { return s, b.make(len(s)) }

// enter begins a call, leave ends it.
func (b *budget) enter() error {
	if b.calls++; b.calls > maxCalls {
		return limit("more than %d macros or loops call each other", maxCalls)
	}
	return b.spend(costStep)
}

func (b *budget) leave() { b.calls-- }

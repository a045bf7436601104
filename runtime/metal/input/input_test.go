package input

import (
	"sync"
	"testing"
	"time"
)

// keys is a source with a script: what each look at the device returns.
type keys struct {
	lock sync.Mutex
	list []string
}

func (k *keys) poll(b []byte) []byte {
	k.lock.Lock()
	defer k.lock.Unlock()
	if len(k.list) > 0 {
		b = append(b, k.list[0]...)
		k.list = k.list[1:]
	}
	return b
}

func (k *keys) typed(s ...string) {
	k.lock.Lock()
	k.list = append(k.list, s...)
	k.lock.Unlock()
}

func TestInput(t *testing.T) {
	keyboard, line := &keys{list: []string{"ab", "", "c"}}, &keys{list: []string{"1", "23"}}
	const want = "ab123c"
	got := make(chan byte, len(want))
	in := &Input{
		Sources: []func([]byte) []byte{keyboard.poll, line.poll},
		Feed:    func(b []byte) int { got <- b[0]; return 1 }, // a slow reader
		Sleep:   func(time.Duration) { time.Sleep(10 * time.Microsecond) },
	}
	in.Start()
	for i := range len(want) {
		if c := <-got; c != want[i] {
			t.Fatalf("byte %d is %q, want %q", i, c, want[i])
		}
	}
	done := make(chan struct{})
	go func() { in.WaitEnter(); close(done) }()
	for !in.waiting.Load() {
		time.Sleep(time.Millisecond)
	}
	keyboard.typed("x", "y") // no Enter
	line.typed("\r")
	<-done
	if len(got) != 0 {
		t.Errorf("%d bytes reached standard input after the program's end", len(got))
	}
}

// TestEnterWithoutReader: the program has ended and never read what was typed meanwhile.
func TestEnterWithoutReader(t *testing.T) {
	k := &keys{list: []string{"unread"}}
	full := make(chan struct{}, 1)
	in := &Input{
		Sources: []func([]byte) []byte{k.poll},
		Feed: func([]byte) int {
			select {
			case full <- struct{}{}:
			default:
			}
			return 0
		},
		Sleep: func(time.Duration) { time.Sleep(10 * time.Microsecond) },
	}
	in.Start()
	<-full
	done := make(chan struct{})
	go func() { in.WaitEnter(); close(done) }()
	for !in.waiting.Load() {
		time.Sleep(time.Millisecond)
	}
	k.typed("\n")
	<-done
}

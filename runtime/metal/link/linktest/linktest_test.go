package linktest_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/metal/link"
	"github.com/llamaboot/llamaboot/runtime/metal/link/linktest"
)

const mtu = link.EthernetMTU

// frame is the nth frame from a to b.
func frame(a, b link.Link, n int) []byte {
	to, from := b.MAC(), a.MAC()
	f := append(append(append([]byte(nil), to[:]...), from[:]...), 0x88, 0xb5) // local experimental
	number := binary.BigEndian.AppendUint32(nil, uint32(n))
	return append(f, bytes.Repeat(number, 25)...)
}

// run sends n frames, of which some are on their way at any time, and returns those that
// arrived.
func run(t *testing.T, seed uint64, f linktest.Faults, n int) (c *linktest.Cable, arrived [][]byte) {
	t.Helper()
	c, a, b := linktest.New(seed, mtu, f)
	buffer := make([]byte, link.HeaderSize+mtu)
	receive := func() bool {
		k, err := b.Receive(buffer)
		if err != nil {
			t.Fatal(err)
		}
		if k > 0 {
			arrived = append(arrived, slices.Clone(buffer[:k]))
		}
		return k > 0
	}
	for i := range n {
		if err := a.Send(frame(a, b, i)); err != nil {
			t.Fatal(err)
		}
		for s := c.Stats(); s.Sent-s.Lost+s.Repeated-s.Received > 8; s = c.Stats() {
			receive()
		}
	}
	for receive() {
	}
	return c, arrived
}

func TestGoodCable(t *testing.T) {
	_, a, b := linktest.New(0, mtu, linktest.Faults{})
	_, arrived := run(t, 1, linktest.Faults{}, 1000)
	if len(arrived) != 1000 {
		t.Fatalf("%d of 1000 frames", len(arrived))
	}
	for i, f := range arrived {
		if !bytes.Equal(f, frame(a, b, i)) {
			t.Fatalf("frame %d: %x", i, f)
		}
	}
}

// TestFaults: each fault happens about as often as asked, and nothing else does.
func TestFaults(t *testing.T) {
	_, a, b := linktest.New(0, mtu, linktest.Faults{})
	const n, probability = 4000, 0.1
	for name, c := range map[string]struct {
		faults linktest.Faults
		count  func(linktest.Stats) int
	}{
		"lose":    {linktest.Faults{Lose: probability}, func(s linktest.Stats) int { return s.Lost }},
		"repeat":  {linktest.Faults{Repeat: probability}, func(s linktest.Stats) int { return s.Repeated }},
		"corrupt": {linktest.Faults{Corrupt: probability}, func(s linktest.Stats) int { return s.Corrupted }},
		"cut":     {linktest.Faults{Cut: probability}, func(s linktest.Stats) int { return s.Cuts }},
		"reorder": {linktest.Faults{Reorder: probability}, func(s linktest.Stats) int { return s.Reordered }},
	} {
		t.Run(name, func(t *testing.T) {
			cable, arrived := run(t, 7, c.faults, n)
			s := cable.Stats()
			if k := c.count(s); k < n*probability*8/10 || k > n*probability*12/10 {
				t.Errorf("%d times of %d", k, n)
			}
			if s.Sent != n || s.Received != len(arrived) || len(arrived) != n-s.Lost+s.Repeated {
				t.Errorf("%+v, %d arrived", s, len(arrived))
			}
			whole, late, last := 0, 0, -1
			for _, f := range arrived {
				i := int(binary.BigEndian.Uint32(append(slices.Clone(f), make([]byte, 32)...)[link.HeaderSize:]))
				if i < n && bytes.Equal(f, frame(a, b, i)) {
					whole++
					if i < last {
						late++
					}
					last = i
				}
			}
			if whole != len(arrived)-s.Corrupted-s.Cuts {
				t.Errorf("%d whole frames of %d; %+v", whole, len(arrived), s)
			}
			if (late > 0) != (s.Reordered > 0) {
				t.Errorf("%d out of order; %+v", late, s)
			}
		})
	}
}

// TestSeed: a seed decides everything.
func TestSeed(t *testing.T) {
	f := linktest.Faults{Lose: 0.1, Repeat: 0.1, Corrupt: 0.1, Cut: 0.1, Reorder: 0.1}
	_, first := run(t, 3, f, 500)
	_, again := run(t, 3, f, 500)
	_, other := run(t, 4, f, 500)
	same := func(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }
	if !same(first, again) || same(first, other) {
		t.Errorf("the same seed gives the same: %v, another gives the same: %v", same(first, again), same(first, other))
	}
}

func TestRules(t *testing.T) {
	c, a, b := linktest.New(0, mtu, linktest.Faults{})
	for _, n := range []int{0, 13, link.HeaderSize + mtu + 1} {
		if err := a.Send(make([]byte, n)); !errors.Is(err, link.ErrFrame) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	short := frame(a, b, 1)[:20]
	if err := a.Send(short); err != nil {
		t.Fatal(err)
	}
	short[0] = 77 // not kept
	buffer := make([]byte, link.HeaderSize+mtu)
	if n, err := b.Receive(buffer); n != link.MinFrame || err != nil || buffer[0] != 2 || buffer[20] != 0 {
		t.Errorf("%d bytes, %v: %x", n, err, buffer[:n])
	}
	if n, err := a.Receive(buffer); n != 0 || err != nil {
		t.Errorf("its own frame came back: %d bytes, %v", n, err)
	}
	c.Queue = 2
	for i, want := range []error{nil, nil, link.ErrFull} {
		if err := b.Send(frame(b, a, i)); !errors.Is(err, want) {
			t.Errorf("frame %d of a queue of 2: %v, want %v", i, err, want)
		}
	}
	if n, err := a.Receive(buffer[:50]); n != 0 || err != nil {
		t.Errorf("a frame for 50 bytes: %d, %v", n, err)
	}
	if !a.Carrier() || !b.Carrier() {
		t.Error("no carrier")
	}
	if c.Pull(); a.Carrier() || a.Send(frame(a, b, 0)) != nil {
		t.Error("pulled: a carrier, or an error")
	}
	c.Plug()
	if n, _ := b.Receive(buffer); n != 0 || !a.Carrier() {
		t.Errorf("plugged: %d bytes from before, carrier %v", n, a.Carrier())
	}
	if err := b.Close(); err != nil || a.Carrier() {
		t.Errorf("closed: %v, carrier %v", err, a.Carrier())
	}
	if _, err := b.Receive(buffer); err == nil {
		t.Error("a closed interface receives")
	}
}

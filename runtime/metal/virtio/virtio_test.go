package virtio_test

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/virtio"
	"github.com/llamaboot/llamaboot/runtime/metal/virtio/virtiotest"
)

const featEcho = 1 << 3

// newEcho returns a device that adds 1 to every byte: requests have two segments of the same
// size.
func newEcho(kind virtiotest.Transport) *virtiotest.Device {
	d := virtiotest.New(kind, virtio.Network.ID, virtio.Network.Transitional, 1<<20)
	d.Features = featEcho | 1<<40
	d.Sizes = []uint16{64, 16, 256}
	d.Config = func(off uint32, size int) uint32 { return off + uint32(size)<<8 }
	d.Handle = func(queue int, request []virtiotest.Segment) (uint32, bool) {
		if len(request) != 2 || request[0].Device || !request[1].Device || request[0].Len != request[1].Len {
			panic("not what was put")
		}
		b := append([]byte(nil), d.Machine.At(request[0].Addr, int(request[0].Len))...)
		for i := range b {
			b[i]++
		}
		d.Machine.Put(request[1].Addr, b)
		return request[1].Len, true
	}
	return d
}

func open(d *virtiotest.Device) (*virtio.Device, error) {
	const config = 16
	if d.Transport == virtiotest.MMIO {
		return virtio.OpenMMIO(d.Machine, d.Registers(), virtio.Network, config)
	}
	return virtio.OpenPCI(d.Machine, d.PCI.Function(), d.Map, config)
}

func transports(t *testing.T, test func(t *testing.T, d *virtiotest.Device)) {
	for _, kind := range virtiotest.Transports {
		t.Run(kind.String(), func(t *testing.T) { test(t, newEcho(kind)) })
	}
}

// start returns the device with one queue.
func start(t *testing.T, fake *virtiotest.Device, index uint16, slots, each int) (*virtio.Device, *virtio.Queue) {
	t.Helper()
	d, err := open(fake)
	if err != nil {
		t.Fatal(err)
	}
	features, err := d.Start(featEcho)
	if err != nil || features != featEcho {
		t.Fatalf("features %#x, %v", features, err)
	}
	q, err := d.Queue(index, slots, each, 2)
	if err != nil {
		t.Fatal(err)
	}
	d.Ready()
	return d, q
}

func put(t *testing.T, m bus.Machine, q *virtio.Queue, slot int, b []byte) (answer []byte) {
	t.Helper()
	mem, err := m.DMA(2 * len(b))
	if err != nil {
		t.Fatal(err)
	}
	copy(mem.Bytes, b)
	if err := q.Put(slot, []bus.Segment{{Addr: mem.Addr, N: len(b)}}, []bus.Segment{{Addr: mem.Addr + uint64(len(b)), N: len(b)}}); err != nil {
		t.Fatal(err)
	}
	return mem.Bytes[len(b):]
}

// wait returns the next request that ends.
func wait(m bus.Machine, q *virtio.Queue) (slot, written int, err error) {
	waitErr := bus.Wait(m, time.Second, "an answer", func() bool {
		slot, written, err = q.Done()
		return slot >= 0 || err != nil
	})
	return slot, written, errors.Join(err, waitErr)
}

// TestQueues: every queue of a device carries requests, and they are told apart.
func TestQueues(t *testing.T) {
	transports(t, func(t *testing.T, fake *virtiotest.Device) {
		d, err := open(fake)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Start(featEcho); err != nil {
			t.Fatal(err)
		}
		var queues []*virtio.Queue
		for i := range fake.Sizes {
			q, err := d.Queue(uint16(i), 4, 4, 2)
			if err != nil {
				t.Fatal(err)
			}
			queues = append(queues, q)
		}
		d.Ready()
		const version1 = 1 << 32
		if fake.Accepted != featEcho|version1 && fake.Transport != virtiotest.Legacy || fake.Accepted&^version1 != featEcho {
			t.Errorf("accepted features %#x", fake.Accepted)
		}
		answers := map[[2]int][]byte{}
		for i, q := range queues {
			for slot := range q.Slots() {
				answers[[2]int{i, slot}] = put(t, fake.Machine, q, slot, []byte{byte(10*i + slot), 7, 8})
			}
			q.Notify()
		}
		for i, q := range queues {
			seen := map[int]bool{}
			for range q.Slots() {
				slot, written, err := wait(fake.Machine, q)
				if err != nil || written != 3 || seen[slot] {
					t.Fatalf("queue %d: slot %d, %d bytes, %v", i, slot, written, err)
				}
				seen[slot] = true
				if b := answers[[2]int{i, slot}][:3]; b[0] != byte(10*i+slot+1) || b[2] != 9 {
					t.Errorf("queue %d, slot %d: answer %v", i, slot, b)
				}
			}
			if slot, _, err := q.Done(); slot != -1 || err != nil {
				t.Errorf("queue %d: slot %d once more, %v", i, slot, err)
			}
		}
		if err := d.Close(); err != nil || fake.Status != 0 || fake.PCI != nil && fake.PCI.Master() {
			t.Errorf("close: %v, status %#x", err, fake.Status)
		}
	})
}

// TestShapes: slots and segments follow the size of the queue, which only legacy devices fix.
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		size               uint16
		slots, each        int
		wantSlots, wantSeg int
		legacySeg          int
	}{
		{256, 16, 8, 16, 8, 16}, {64, 16, 8, 8, 8, 8}, {4, 16, 8, 1, 4, 4}, {256, 256, 1, 256, 1, 1}, {1024, 64, 2, 64, 2, 16}, {2, 8, 2, 1, 2, 2},
	} {
		transports(t, func(t *testing.T, fake *virtiotest.Device) {
			fake.Sizes = []uint16{0, c.size}
			_, q := start(t, fake, 1, c.slots, c.each)
			want := c.wantSeg
			if fake.Transport == virtiotest.Legacy {
				want = c.legacySeg
			}
			if q.Slots() != c.wantSlots || q.Segments() != want {
				t.Errorf("queue of %d: %d slots of %d segments, want %d of %d", c.size, q.Slots(), q.Segments(), c.wantSlots, want)
			}
		})
	}
}

// TestRestart: started again, a device has given up its requests, and needs no new memory.
func TestRestart(t *testing.T) {
	transports(t, func(t *testing.T, fake *virtiotest.Device) {
		d, q := start(t, fake, 0, 4, 4)
		put(t, fake.Machine, q, 0, []byte{1})
		fake.Machine.NoDMA = true
		if _, err := d.Start(featEcho); err != nil {
			t.Fatal(err)
		}
		again, err := d.Queue(0, 4, 4, 2)
		if err != nil || again != q {
			t.Fatalf("%p, want %p: %v", again, q, err)
		}
		d.Ready()
		fake.Machine.NoDMA = false
		answer := put(t, fake.Machine, q, 0, []byte{5})
		q.Notify()
		if slot, n, err := wait(fake.Machine, q); slot != 0 || n != 1 || err != nil || answer[0] != 6 {
			t.Errorf("slot %d, %d bytes, %v, answer %d", slot, n, err, answer[0])
		}
	})
}

// TestNoNotify: a device that looks by itself is not disturbed.
func TestNoNotify(t *testing.T) {
	transports(t, func(t *testing.T, fake *virtiotest.Device) {
		fake.NoNotify = true
		_, q := start(t, fake, 0, 4, 4)
		fake.Machine.Sleep(1)
		for range 5 {
			put(t, fake.Machine, q, 2, []byte{1, 2})
			q.Notify()
			if slot, _, err := wait(fake.Machine, q); slot != 2 || err != nil {
				t.Fatal(slot, err)
			}
		}
		if fake.Notified != 0 {
			t.Errorf("%d notifications", fake.Notified)
		}
	})
}

func TestPutRefuses(t *testing.T) {
	fake := newEcho(virtiotest.Modern)
	_, q := start(t, fake, 0, 2, 4)
	put(t, fake.Machine, q, 0, []byte{1})
	one := make([]bus.Segment, 1)
	for name, err := range map[string]error{
		"a slot in use":       q.Put(0, one, nil),
		"no segments":         q.Put(1, nil, nil),
		"too many segments":   q.Put(1, make([]bus.Segment, 4), one),
		"a negative slot":     q.Put(-1, one, nil),
		"a slot out of range": q.Put(2, one, nil),
	} {
		if !errors.Is(err, bus.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBrokenRings: what a device says about ended requests is not believed.
func TestBrokenRings(t *testing.T) {
	for name, spoil := range map[string]func(*virtiotest.Device){
		"a descriptor amid a slot":      func(d *virtiotest.Device) { d.StrangeID = 1 },
		"a descriptor far away":         func(d *virtiotest.Device) { d.StrangeID = 0xfffffff0 },
		"a slot without a request":      func(d *virtiotest.Device) { d.StrangeID = 4 },
		"more requests than there were": func(d *virtiotest.Device) { d.TooMany = true },
	} {
		transports(t, func(t *testing.T, fake *virtiotest.Device) {
			fake.Sizes[0] = 16
			_, q := start(t, fake, 0, 4, 4)
			spoil(fake)
			put(t, fake.Machine, q, 0, []byte{1})
			q.Notify()
			if slot, _, err := wait(fake.Machine, q); slot != -1 || !errors.Is(err, bus.ErrProtocol) {
				t.Errorf("%s: slot %d, %v", name, slot, err)
			}
		})
	}
	transports(t, func(t *testing.T, fake *virtiotest.Device) {
		_, q := start(t, fake, 0, 4, 4)
		fake.TooLong = true
		put(t, fake.Machine, q, 3, make([]byte, 9))
		q.Notify()
		if slot, n, err := wait(fake.Machine, q); slot != 3 || n != 9 || err != nil {
			t.Errorf("slot %d, %d bytes of 9, %v", slot, n, err)
		}
	})
}

func TestConfig(t *testing.T) {
	transports(t, func(t *testing.T, fake *virtiotest.Device) {
		d, err := open(fake)
		if err != nil {
			t.Fatal(err)
		}
		if a, b, c := d.Config8(5), d.Config16(6), d.Config32(8); a != 5 || b != 2<<8+6 || c != 4<<8+8 {
			t.Errorf("%#x %#x %#x", a, b, c)
		}
		if v := d.Config64(8); v != (4<<8+12)<<32|4<<8+8 {
			t.Errorf("%#x", v)
		}
		if fake.Transport == virtiotest.Legacy {
			return // has no generation
		}
		for _, changes := range []int{3, 1 << 20} { // some, and without an end
			reads := 0
			fake.Generation = changes
			fake.Config = func(off uint32, _ int) uint32 {
				reads++
				return uint32(reads)
			}
			d.Config64(0)
			if want := min(changes+1, 16); reads != want {
				t.Errorf("%d changes: %d reads, want %d", changes, reads, want)
			}
		}
	})
}

// FuzzRing: whatever a device writes into the used ring, requests end or fail.
func FuzzRing(f *testing.F) {
	f.Add(uint8(0), []byte{0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0})
	f.Add(uint8(1), []byte{1, 0, 255, 255, 9, 0, 0, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, kind uint8, ring []byte) {
		fake := newEcho(virtiotest.Transports[int(kind)%len(virtiotest.Transports)])
		fake.Sizes[0] = 4
		_, q := start(t, fake, 0, 2, 2)
		var used []byte
		fake.Handle = func(_ int, request []virtiotest.Segment) (uint32, bool) {
			used = fake.UsedRing(0)
			return 0, false
		}
		for slot := range q.Slots() {
			put(t, fake.Machine, q, slot, make([]byte, 4))
		}
		q.Notify()
		fake.Machine.Sleep(1)
		copy(used, ring)
		for range q.Slots() + 1 {
			slot, n, err := q.Done()
			if slot < 0 || err != nil {
				return
			}
			if slot >= q.Slots() || n < 0 || n > 4 {
				t.Fatalf("slot %d wrote %d bytes", slot, n)
			}
		}
		if head := binary.LittleEndian.Uint16(used[2:]); int(head) > q.Slots() {
			t.Errorf("%d requests ended of %d", head, q.Slots())
		}
	})
}

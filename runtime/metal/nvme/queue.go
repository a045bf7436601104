package nvme

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// Sizes of the entries (sections 4.2 and 4.6).
const (
	commandSize    = 64
	completionSize = 16
)

// queue is a submission queue with its completion queue.
type queue struct {
	r                bus.Registers
	submit, complete bus.Memory
	tail, head       uint32 // doorbells
	entries          int
	next             int    // submission entry to write
	done             int    // completion entry to look at
	flying           int    // commands not completed
	old              uint32 // phase tag of entries not yet written: 0 in the first round
}

// clear makes the queue empty, as after a reset.
func (q *queue) clear() {
	clear(q.submit.Bytes)
	clear(q.complete.Bytes)
	q.next, q.done, q.flying, q.old = 0, 0, 0, 0
}

// put hands a command to the controller, with slot as its identifier. Bytes 4 to 63 are
// written by fill. The queue has more entries than there are slots, so it never is full.
func (q *queue) put(op byte, slot int, fill func(cmd []byte)) {
	cmd := q.submit.At(q.next*commandSize, commandSize)
	clear(cmd.Bytes)
	fill(cmd.Bytes)
	cmd.Store32(0, uint32(op)|uint32(slot)<<16)
	q.next = (q.next + 1) % q.entries
	q.flying++
	q.r.Write32(q.tail, uint32(q.next))
}

// completion is an entry of a completion queue.
type completion struct {
	slot   int
	status uint32 // status field without the phase tag
	result uint32 // command-specific
}

// get returns the next completion, if there is one.
func (q *queue) get() (c completion, ok bool) {
	at := q.done * completionSize
	const phase = 1 << 16
	dw3 := q.complete.Load32(at + 12)
	if dw3&phase>>16 == q.old {
		return c, false
	}
	c = completion{slot: int(dw3 & 0xffff), status: dw3 >> 17, result: q.complete.Load32(at)}
	q.flying--
	if q.done++; q.done == q.entries {
		q.done, q.old = 0, q.old^1
	}
	q.r.Write32(q.head, uint32(q.done))
	return c, true
}

// err turns a status into an error (section 4.6.1).
func (c completion) err() error {
	const code, kind = 0xff, 7 << 8
	if c.status&(code|kind) == 0 {
		return nil
	}
	return fmt.Errorf("%w: NVMe status type %d code %#02x", bus.ErrDevice, c.status&kind>>8, c.status&code)
}

// Admin commands (section 5) and their fields.
const (
	adminCreateSQ    = 0x01
	adminCreateCQ    = 0x05
	adminIdentify    = 0x06
	adminSetFeatures = 0x09

	featureQueues = 0x07
	contiguous    = 1 // PC: queues in one piece
	ioQueue       = 1 // identifier of ours

	identifyNamespace  = 0x00
	identifyController = 0x01
	identifyActive     = 0x02
)

// fields is what a command says besides its operation.
type fields struct {
	namespace uint32
	prp1      uint64
	dw10      uint32
	dw11      uint32
}

// command carries out an admin command.
func (c *controller) command(what string, op byte, f fields) error {
	c.admin.put(op, 0, func(cmd []byte) {
		le.PutUint32(cmd[4:], f.namespace)
		le.PutUint64(cmd[24:], f.prp1)
		le.PutUint32(cmd[40:], f.dw10)
		le.PutUint32(cmd[44:], f.dw11)
	})
	var done completion
	err := bus.Wait(c.machine, adminTime, what, func() (ok bool) {
		done, ok = c.admin.get()
		return ok
	})
	if err != nil {
		c.dead = err
		return err
	}
	if err := done.err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// makeQueues creates the I/O queues (sections 5.3 and 5.4).
func (c *controller) makeQueues() error {
	// One queue pair is always granted; asking is what the specification wants (5.21.1.7),
	// and a refusal shows when the queues are made.
	if err := c.command("setting the number of queues", adminSetFeatures, fields{dw10: featureQueues}); err != nil && !errors.Is(err, bus.ErrDevice) {
		return err
	}
	size := uint32(c.io.entries-1) << 16
	if err := c.command("making the completion queue", adminCreateCQ,
		fields{prp1: c.io.complete.Addr, dw10: size | ioQueue, dw11: contiguous}); err != nil {
		return err
	}
	return c.command("making the submission queue", adminCreateSQ,
		fields{prp1: c.io.submit.Addr, dw10: size | ioQueue, dw11: ioQueue<<16 | contiguous})
}

// identify asks for a 4096-byte structure (section 5.15); it is valid until the next call.
func (c *controller) identify(what string, kind, namespace uint32) ([]byte, error) {
	clear(c.buffer.Bytes)
	err := c.command("identifying "+what, adminIdentify, fields{namespace: namespace, prp1: c.buffer.Addr, dw10: kind})
	return c.buffer.Bytes, err
}

// Package link is what a network driver offers to a network stack: Ethernet frames in and
// out. Package linktest fakes a cable that loses, repeats, reorders and corrupts frames.
//
// References: IEEE 802.3-2018 clause 3 (frames) and clause 4.2.3 (their lengths).
//
// Drivers are polled, as all drivers here are (package bus): one goroutine of the stack
// calls Receive until it returns no frame, then sleeps bus.PollEvery or until it has a frame
// to send. Send and Receive may be called by two goroutines at a time, one each.
package link

import (
	"errors"
	"fmt"
)

// Sizes of frames without their checksum, in bytes.
const (
	// HeaderSize is destination, source and EtherType.
	HeaderSize = 14
	// MinFrame is the shortest frame on a wire; drivers pad what is shorter.
	MinFrame = 60
	// EthernetMTU is the longest payload every Ethernet takes.
	EthernetMTU = 1500
)

// MAC is a hardware address.
type MAC [6]byte

// Broadcast is the address of all stations.
var Broadcast = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// Unicast reports whether m can be the address of one station.
func (m MAC) Unicast() bool { return m[0]&1 == 0 && m != MAC{} }

var (
	// ErrFull says that all buffers for sending are in use: the frame was not sent and may be
	// offered again a little later.
	ErrFull = errors.New("no room for another frame to send")
	// ErrFrame says that a frame has a length that the link cannot carry.
	ErrFrame = errors.New("frame of a length the link does not carry")
)

// Link is a network interface.
type Link interface {
	// Name says which one it is, for messages: virtio0.
	Name() string
	// MAC is its own address.
	MAC() MAC
	// MTU is the longest payload of a frame in bytes, at least EthernetMTU.
	MTU() int
	// Carrier reports whether a cable connects it to something. It may change at any time.
	Carrier() bool
	// Send sends a frame, from the destination address to the end of the payload, and does
	// not keep it. A nil error does not mean that it arrived. The error is ErrFull when the
	// frame may be sent later, ErrFrame when it never can (see CheckFrame), or the driver's:
	// the link is of no more use then.
	Send(frame []byte) error
	// Receive copies a received frame into b, which holds HeaderSize + MTU bytes, and returns
	// its length, 0 when there is none; it does not wait. Frames that do not fit or that
	// arrived damaged are left out. After an error the link is of no more use.
	Receive(b []byte) (n int, err error)
	// Close stops the device: it touches memory no more.
	Close() error
}

// CheckFrame returns ErrFrame for a frame that a link with this MTU cannot send.
func CheckFrame(frame []byte, mtu int) error {
	if len(frame) < HeaderSize || len(frame) > HeaderSize+mtu {
		return fmt.Errorf("%w: %d bytes, want %d to %d", ErrFrame, len(frame), HeaderSize, HeaderSize+mtu)
	}
	return nil
}

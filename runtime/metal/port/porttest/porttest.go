// Package porttest fakes an I/O address space: devices are functions at their ports.
package porttest

import "fmt"

// Device is what answers at a port; size is that of the access in bytes. A nil function
// ignores the access, and reads return all ones.
type Device struct {
	In  func(size int) uint32
	Out func(size int, v uint32)
}

// Space is an address space, by port. It implements port.IO.
type Space struct {
	Devices map[uint16]Device
	// Log lists all writes: "out8 0xf4 = 0x10".
	Log []string
}

// New returns an empty address space.
func New() *Space { return &Space{Devices: map[uint16]Device{}} }

// Register adds a register that keeps what is written to it.
func (s *Space) Register(port uint16, v *uint32) {
	s.Devices[port] = Device{In: func(int) uint32 { return *v }, Out: func(_ int, w uint32) { *v = w }}
}

func (s *Space) in(port uint16, size int) uint32 {
	if d := s.Devices[port]; d.In != nil {
		return d.In(size)
	}
	return 0xffffffff
}

func (s *Space) out(port uint16, size int, v uint32) {
	s.Log = append(s.Log, fmt.Sprintf("out%d %#x = %#x", 8*size, port, v))
	if d := s.Devices[port]; d.Out != nil {
		d.Out(size, v)
	}
}

func (s *Space) In8(port uint16) uint8       { return uint8(s.in(port, 1)) }
func (s *Space) In16(port uint16) uint16     { return uint16(s.in(port, 2)) }
func (s *Space) In32(port uint16) uint32     { return s.in(port, 4) }
func (s *Space) Out8(port uint16, v uint8)   { s.out(port, 1, uint32(v)) }
func (s *Space) Out16(port uint16, v uint16) { s.out(port, 2, uint32(v)) }
func (s *Space) Out32(port uint16, v uint32) { s.out(port, 4, v) }

//go:build tamago && amd64

package microvm

// ports implements port.IO. (TamaGo's own functions for this are in an internal package.)
type ports struct{}

func (ports) In8(p uint16) uint8       { return uint8(in8(uint32(p))) }
func (ports) In16(p uint16) uint16     { return uint16(in16(uint32(p))) }
func (ports) In32(p uint16) uint32     { return in32(uint32(p)) }
func (ports) Out8(p uint16, v uint8)   { out8(uint32(p), uint32(v)) }
func (ports) Out16(p uint16, v uint16) { out16(uint32(p), uint32(v)) }
func (ports) Out32(p uint16, v uint32) { out32(uint32(p), v) }

// Defined in machine_amd64.s.
func in8(p uint32) uint32
func in16(p uint32) uint32
func in32(p uint32) uint32
func out8(p, v uint32)
func out16(p, v uint32)
func out32(p, v uint32)

// enableAVX switches on what the processor has of AVX and AVX-512 (Intel SDM volume 1,
// section 13.2 and volume 3, section 2.6). No state needs saving: a processor runs one thread
// of Go's runtime for ever, and interrupt handlers use no vector registers.
func enableAVX()

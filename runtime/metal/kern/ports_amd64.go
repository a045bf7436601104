package kern

// Port input and output for the board.

// Out8 and Out16, Out32 write to an I/O port; In8, In16, In32 read.
func Out8(port uint16, v uint8)   { out8(uint32(port), uint32(v)) }
func Out16(port uint16, v uint16) { out16(uint32(port), uint32(v)) }
func Out32(port uint16, v uint32) { out32(uint32(port), v) }
func In8(port uint16) uint8       { return uint8(in8(uint32(port))) }
func In16(port uint16) uint16     { return uint16(in16(uint32(port))) }
func In32(port uint16) uint32     { return in32(uint32(port)) }

package compute

// Types of one or two bits, and NVFP4. All but the latter have one scale for a block.

// fill sets all scales of a block to the same.
func fill(sc []float32, d float32) {
	for i := range sc {
		sc[i] = d
	}
}

// digit is ternary digit n of a byte, 0 the first: the byte is the fraction of 256, rounded up, of five digits after the
// point, so a multiple of it by 3^n loses the digits before, and one by 3 more carries the digit out.
func digit(b byte, n int) uint8 {
	pow := [5]byte{1, 3, 9, 27, 81}
	return uint8(uint16(b*pow[n]) * 3 >> 8)
}

// splitTQ1: qs 48, qh 4, d f16. Digit n of byte m of the first 32 is element 32n+m; the next 16 bytes and the last 4, of
// which four digits count, follow likewise.
func splitTQ1(b []byte, q []uint8, sc []float32) {
	fill(sc[:256/32], f16At(b, 52))
	at := 0
	for _, part := range []struct{ from, bytes, digits int }{{0, 32, 5}, {32, 16, 5}, {48, 4, 4}} {
		for n := range part.digits {
			for _, v := range b[part.from : part.from+part.bytes] {
				q[at] = digit(v, n)
				at++
			}
		}
	}
}

// splitTQ2: qs 64, d f16. Bits 2n of byte m of 32 are element 32n+m.
func splitTQ2(b []byte, q []uint8, sc []float32) {
	fill(sc[:256/32], f16At(b, 64))
	for h := range 2 {
		for n := range 4 {
			for m, v := range b[32*h : 32*h+32] {
				q[128*h+32*n+m] = v >> (2 * n) & 3
			}
		}
	}
}

// splitQ1: d f16, qs 16. Bit i%8 of byte i/8 says whether element i is d or -d.
func splitQ1(b []byte, q []uint8, sc []float32) {
	fill(sc[:128/32], f16At(b, 0))
	for i := range q {
		q[i] = b[2+i/8] >> (i % 8) & 1 << 1
	}
}

// splitQ2: d f16, qs 16. Bits 2(i%4) of byte i/4 are element i, plus one.
func splitQ2(b []byte, q []uint8, sc []float32) {
	fill(sc[:64/32], f16At(b, 0))
	for i := range q {
		q[i] = b[2+i/4] >> (2 * (i % 4)) & 3
	}
}

// splitNVFP4: d 4 floats of 4 and 3 bits, qs 32. Low nibbles of 8 bytes are the first 8 of 16 elements, high ones the
// others; the table holds twice the values.
func splitNVFP4(b []byte, q []uint8, sc []float32) {
	for s := range 4 {
		sc[s] = e4m3Half(b[s])
		for j, v := range b[4+8*s : 12+8*s] {
			q[16*s+j], q[16*s+8+j] = mxfp4Values[v&15], mxfp4Values[v>>4]
		}
	}
}

// e4m3Half is half of an unsigned float of 4 bits of exponent (bias 7) and 3 of mantissa (OCP 8-bit floating point, E4M3).
// Bit 7 is not looked at; 127, which is no number, is 0 as in ggml.
func e4m3Half(b byte) float32 {
	e, m := int(b>>3&15), float32(b&7)
	switch {
	case b&0x7f == 0x7f:
		return 0
	case e == 0:
		return m / 8 / 64 / 2
	}
	v := (1 + m/8) / 2
	for ; e > 7; e-- {
		v *= 2
	}
	for ; e < 7; e++ {
		v /= 2
	}
	return v
}

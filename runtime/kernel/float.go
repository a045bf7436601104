package kernel

import "unsafe"

// genericFloatTile is floatTile in Go: eight partial sums, added pairwise.
func genericFloatTile(t Type, w *byte, rowBytes int, x *float32, xs, n, rows, cols int, out *float32, stride int, _ uintptr) {
	o := unsafe.Slice(out, (cols-1)*stride+rows)
	var row [256]float32
	for r := range rows {
		src := unsafe.Slice(at(w, r*rowBytes), t.RowBytes(n))
		for c := range cols {
			col := unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(x), 4*c*xs)), n)
			var s float32
			for i := 0; i < n; i += len(row) {
				k := min(len(row), n-i)
				Dequantize(t, row[:k], src[t.RowBytes(i):])
				s += genericDot(row[:k], col[i:i+k])
			}
			o[c*stride+r] = s
		}
	}
}

// genericDot is the sum of a[i]*b[i], in eight partial sums.
func genericDot(a, b []float32) float32 {
	b = b[:len(a)]
	var s [8]float32
	n := len(a) &^ 7
	for i := 0; i < n; i += 8 {
		x, y := a[i:i+8:i+8], b[i:i+8:i+8]
		for j := range 8 {
			s[j] += x[j] * y[j]
		}
	}
	sum := (s[0] + s[4]) + (s[1] + s[5]) + ((s[2] + s[6]) + (s[3] + s[7]))
	for i := n; i < len(a); i++ {
		sum += a[i] * b[i]
	}
	return sum
}

package compute

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// genericFloatTile is floatTile in Go: eight partial sums, added pairwise.
func genericFloatTile(t tensor.Type, w *byte, rowBytes int, x *float32, xs, n, rows, cols int, out *float32, stride int, _ uintptr) {
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

// farRows multiplies rows first to last, but for up to three, with the single
// column, and returns the first row left: four streams from the quarters of the item are read
// faster than one.
func (m *product) farRows(s *scratch, q *part, first, last int) int {
	const streams = 4
	w, far := q.w, (last-first)/streams
	s.out = growFloats(s.out, streams)
	for r := first; r < first+far; r++ {
		m.level.floatTile(w.t, w.row(r), far*w.rowBytes, &m.x[0], w.cols, w.cols, streams, 1, &s.out[0], streams, uintptr(unsafe.Pointer(w.row(r))))
		for i, v := range s.out[:streams] {
			q.dst[r+i*far] = v
		}
	}
	return first + streams*far
}

// floatRows does item i of a product with float weights; following is the item
// this thread is likely to take next, -1 for none.
func (m *product) floatRows(s *scratch, i, following int) {
	q, first, last := m.at(i, 1)
	w := q.w
	next := w.row(first) // where nothing is to be fetched: something already here
	if following >= 0 {
		f, from, _ := m.at(following, 1)
		next = f.w.row(from)
	}
	if m.n == 1 {
		first = m.farRows(s, q, first, last)
	}
	for c := 0; c < m.n; c += m.level.floatCols {
		cols := min(m.level.floatCols, m.n-c)
		for r := first; r < last; r += m.level.floatRows {
			rows := min(m.level.floatRows, last-r)
			ahead := next
			if r+rows < last {
				ahead = w.row(r + rows)
			}
			m.level.floatTile(w.t, w.row(r), w.rowBytes, &m.x[c*w.cols], w.cols, w.cols, rows, cols,
				&q.dst[c*w.rows+r], w.rows, uintptr(unsafe.Pointer(ahead)))
		}
	}
}

package compute

import "unsafe"

// intStrips does item i of a quantised product; following is the item this
// thread is likely to take next, -1 for none.
func (m *product) intStrips(s *scratch, i, following int) {
	q, first, last := m.at(i, stripRows)
	if m.n == 1 && m.decodeFar(s, q, first, last) {
		return
	}
	var raw []byte            // the weights of the next item
	ahead := q.address(first) // where nothing is to be fetched: something already here
	if following >= 0 {
		next, from, to := m.at(following, stripRows)
		ahead, raw = next.address(from), next.raw(from, to)
	}
	after := func(t int) uintptr {
		if t+1 < last {
			return q.address(t + 1)
		}
		return ahead
	}
	if m.n == 1 {
		for t := first; t < last; t++ {
			m.decodeStrip(s, q, t, after(t))
		}
		return
	}
	if m.few {
		for t := first; t < last; t++ {
			m.decodeFew(s, q, t, after(t), &m.level.few[q.w.t])
		}
		return
	}
	f, k := formOf(q.w.t), m.cols
	units := k / unitCols
	size := units * f.unitBytes()
	s.strip = grow(s.strip, (last-first)*size)
	for t := first; t < last; t++ {
		q.unpack(s, s.strip[(t-first)*size:], t, 0, k, after(t))
	}
	// While tiles compute, memory is idle: a piece of the next item's weights
	// is fetched with every one of them.
	count := panels(m.level.widths, m.n)
	piece := ceilDiv(len(raw), count*(last-first))
	whole := min(last, q.w.rows/stripRows) // strips before it have all rows
	for i := range count {
		c, width := panelAt(m.level.widths, m.n, i)
		panel := &m.panel[c*units*f.colBytes()]
		for t := first; t < last; {
			strip, done := &s.strip[(t-first)*size], 1
			if m.level.pair != nil && width == m.level.widths[0] && t+2 <= whole {
				done = 2
				m.level.pair(f, strip, panel, units, &q.dst[c*q.w.rows+t*stripRows], q.w.rows)
			} else {
				q.tile(s, strip, panel, t, c, width, units, false)
			}
			t += done
			n := min(done*piece, len(raw))
			fetch(raw[:n])
			raw = raw[n:]
		}
	}
}

// address is where strip t begins. It is no pointer, for what is fetched from
// there may lie behind the matrix.
func (q *part) address(t int) uintptr { return uintptr(unsafe.Pointer(q.w.row(t * stripRows))) }

// raw is the weights of strips first to last-1.
func (q *part) raw(first, last int) []byte {
	return q.w.data[first*stripRows*q.w.rowBytes : min(last*stripRows, q.w.rows)*q.w.rowBytes]
}

// tailRows copies n bytes at byte from of the last rows, rows of them from r
// on, into scratch and fills it up with zeros to 16 rows.
func (q *part) tailRows(s *scratch, r, rows, from, n int) *byte {
	s.tail = grow(s.tail, stripRows*n)
	clear(s.tail)
	for i := range rows {
		copy(s.tail[i*n:(i+1)*n], q.w.data[(r+i)*q.w.rowBytes+from:])
	}
	return &s.tail[0]
}

// unpack fills dst with columns c..c+n of strip t; ahead is where a strip to
// fetch begins.
func (q *part) unpack(s *scratch, dst []byte, t, c, n int, ahead uintptr) {
	ti := q.w.t.Info()
	from, blocks := c/ti.Elems*ti.Bytes, n/ti.Elems
	r := t * stripRows
	rows := min(stripRows, q.w.rows-r)
	u := q.level.unpack[q.w.t]
	if u == nil {
		genericUnpack(q.w.t, dst, q.w.data[r*q.w.rowBytes+from:], q.w.rowBytes, rows, blocks, q.level.signed8 && ti.Form.Bits == 8)
		return
	}
	src, rowBytes := at(q.w.row(r), from), q.w.rowBytes
	if rows < stripRows {
		rowBytes = blocks * ti.Bytes
		src = q.tailRows(s, r, rows, from, rowBytes)
	}
	// The next strip is fetched from end to end, in step with this one.
	u(&dst[0], src, rowBytes, blocks, ahead+uintptr(stripRows*from))
}

// tile multiplies units units of strip t with the panel of width columns at c.
func (q *part) tile(s *scratch, strip, panel *byte, t, c, width, units int, add bool) {
	f, rows := formOf(q.w.t), q.w.rows
	r := t * stripRows
	if r+stripRows <= rows {
		q.level.tile(f, strip, panel, units, width, &q.dst[c*rows+r], rows, add)
		return
	}
	s.out = growFloats(s.out, width*stripRows)
	if add {
		for i := range width {
			copy(s.out[i*stripRows:], q.dst[(c+i)*rows+r:(c+i+1)*rows])
		}
	}
	q.level.tile(f, strip, panel, units, width, &s.out[0], stripRows, add)
	for i := range width {
		copy(q.dst[(c+i)*rows+r:(c+i+1)*rows], s.out[i*stripRows:])
	}
}

func growFloats(b []float32, n int) []float32 {
	if cap(b) >= n {
		return b[:n]
	}
	return make([]float32, n)
}

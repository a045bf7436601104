package compute

// decodeStrip multiplies strip t of q with the single column, unpacking a piece
// at a time; ahead is the address of the strip that will be needed next.
func (m *product) decodeStrip(s *scratch, q *part, t int, ahead uintptr) {
	f, k := formOf(q.w.t), q.w.cols
	if d := &m.level.decode[q.w.t]; d.one != nil {
		m.decodeFused(s, q, t, ahead, d)
		return
	}
	s.strip = grow(s.strip, decodeCols/unitCols*f.unitBytes())
	for c := 0; c < k; c += decodeCols {
		n := min(decodeCols, k-c)
		q.unpack(s, s.strip, t, c, n, ahead)
		q.tile(s, &s.strip[0], &m.panel[c/unitCols*f.colBytes()], t, 0, 1, n/unitCols, c > 0)
	}
}

// decodeScales is the scratch a fused decode routine needs: scales and minima
// of a superblock.
const decodeScales = 2 * maxBlock / minSub * laneBytes

// decodeFused is decodeStrip with a routine that needs no strip.
func (m *product) decodeFused(s *scratch, q *part, t int, ahead uintptr, d *decoder) {
	s.strip = grow(s.strip, decodeScales)
	r := t * stripRows
	src := q.w.row(r)
	rows := min(stripRows, q.w.rows-r)
	dst := q.dst[r : r+rows]
	if rows < stripRows {
		s.out = growFloats(s.out, stripRows)
		src, dst = q.tailRows(s, r, rows, 0, q.w.rowBytes), s.out
	}
	ti := q.w.t.Info()
	blocks, done := q.w.cols/ti.Elems, 0
	if d.group > 0 && blocks >= d.group {
		done = blocks / d.group * d.group
		d.many(src, q.w.rowBytes, done/d.group, ahead, &m.panel[0], &dst[0], &s.strip[0], 0)
	}
	if done < blocks {
		from, fetched := done*ti.Bytes, stripRows*done*ti.Bytes
		if d.halves {
			fetched /= 2
		}
		d.one(at(src, from), q.w.rowBytes, blocks-done, ahead+uintptr(fetched),
			&m.panel[done*ti.Elems/unitCols*form(ti.Form).colBytes()], &dst[0], &s.strip[0], min(done, 1))
	}
	if rows < stripRows {
		copy(q.dst[r:], s.out[:rows])
	}
}

// decodeFew multiplies strip t of q with a panel of fewCols columns, of which
// the first m.n count, as decodeFused does with one.
func (m *product) decodeFew(s *scratch, q *part, t int, ahead uintptr, d *fewDecoder) {
	s.strip = grow(s.strip, decodeScales)
	r, stride := t*stripRows, q.w.rows
	src, dst := q.w.row(r), q.dst[r:]
	rows := min(stripRows, q.w.rows-r)
	apart := rows < stripRows || m.n < fewCols // there is no room for all results in dst
	if apart {
		s.out = growFloats(s.out, fewCols*stripRows)
		dst, stride = s.out, stripRows
	}
	if rows < stripRows {
		src = q.tailRows(s, r, rows, 0, q.w.rowBytes)
	}
	ti := q.w.t.Info()
	blocks, done := q.w.cols/ti.Elems, 0
	if d.group > 0 && blocks >= d.group {
		done = blocks / d.group * d.group
		d.many(src, q.w.rowBytes, done/d.group, ahead, &m.panel[0], &dst[0], stride, &s.strip[0], 0)
	}
	if done < blocks {
		from, fetched := done*ti.Bytes, stripRows*done*ti.Bytes
		if d.halves {
			fetched /= 2
		}
		d.one(at(src, from), q.w.rowBytes, blocks-done, ahead+uintptr(fetched),
			&m.panel[done*ti.Elems/unitCols*fewCols*form(ti.Form).colBytes()], &dst[0], stride, &s.strip[0], min(done, 1))
	}
	if apart {
		for c := range m.n {
			copy(q.dst[c*q.w.rows+r:(c+1)*q.w.rows], s.out[c*stripRows:][:rows])
		}
	}
}

package kernel

import "unsafe"

// product is one multiplication dst = x w^T in progress.
type product struct {
	dst   []float32 // n x rows
	w     *Matrix   // rows x cols
	x     []float32 // n x cols
	n     int
	panel []byte // the quantised columns, panel after panel
	step  int    // strips (rows for float types) of one item
}

// scratch is the memory of one thread.
type scratch struct {
	strip []byte    // unpacked strips
	tail  []byte    // the last rows, filled up to 16
	out   []float32 // their results
	args  panelArgs // of the column being quantised; here so as not to be allocated
}

const (
	// stripBudget bounds the unpacked strips of one item, which the second
	// level cache should hold beside a panel.
	stripBudget = 384 << 10
	// decodeCols is how many columns are unpacked at a time for one vector:
	// the units stay in the first level cache.
	decodeCols = 512
	// floatBudget bounds the float weights of one item: they stay in the second
	// level cache while all columns pass. floatDecode is the same for one vector,
	// large for the streams of farRows to be far apart.
	floatBudget = 256 << 10
	floatDecode = 1 << 20
	// itemsPerThread: enough items that threads finish together, though each
	// holds the item after its own.
	itemsPerThread = 16
)

// MatMul sets dst to the product of w and n vectors: dst[c*Rows+r] is row r of
// w times x[c*Cols:(c+1)*Cols]. dst has n*Rows elements, x n*Cols; they do not
// overlap. Nothing is allocated once the largest shape has been seen.
func (p *Pool) MatMul(dst []float32, w *Matrix, x []float32, n int) {
	if n <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := &p.job.mm
	m.dst, m.w, m.x, m.n = dst[:n*w.rows], w, x[:n*w.cols], n
	if w.t.isFloat() {
		budget := floatBudget
		if n == 1 {
			budget = floatDecode
		}
		m.step = m.balance(w.rows, budget/w.rowBytes, p.threads)
		m.step = max(1, m.step/cur.floatRows) * cur.floatRows
		p.run(jobFloat, ceilDiv(w.rows, m.step))
	} else {
		f := w.t.info().form
		m.panel = grow(m.panel, n*(w.cols/unitCols)*f.colBytes()+cacheLine)
		p.run(jobQuantize, n)
		strips := ceilDiv(w.rows, stripRows)
		most := max(1, stripBudget/(w.cols/unitCols*f.unitBytes()))
		m.step = m.balance(strips, most, p.threads)
		p.run(jobInt, ceilDiv(strips, m.step))
	}
	m.dst, m.w, m.x = nil, nil, nil
}

// balance returns how many of total rows or strips make one item: at most
// most, but few enough that every thread gets several items.
func (m *product) balance(total, most, threads int) int {
	if threads == 1 {
		return min(total, most)
	}
	return max(1, min(most, total/(itemsPerThread*threads)))
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// panelOf returns the first column and the width of the panel that holds
// column c: the widest first, the rest in ever narrower ones.
func panelOf(widths []int, n, c int) (first, width int) {
	for _, w := range widths {
		k := (n - first) / w * w // columns in panels of this width
		if c < first+k {
			return first + (c-first)/w*w, w
		}
		first += k
	}
	return c, 1
}

// quantizeColumn puts column c into its panel.
func (m *product) quantizeColumn(s *scratch, c int) {
	f, k := m.w.t.info().form, m.w.cols
	first, width := panelOf(cur.widths, m.n, c)
	s.args = panelArgsFor(f, width, c-first)
	cur.quantize(&m.panel[first*(k/unitCols)*f.colBytes()], &m.x[c*k], k, &s.args)
}

// intStrips does item i of a quantised product.
func (m *product) intStrips(s *scratch, i, following int, more bool) {
	first := i * m.step
	last := min(first+m.step, ceilDiv(m.w.rows, stripRows))
	next := following * m.step
	if !more {
		next = first // nothing to fetch: name something already here
	}
	if m.n == 1 {
		for ; first < last; first++ {
			ahead := first + 1
			if ahead == last {
				ahead = next
			}
			m.decodeStrip(s, first, ahead)
		}
		return
	}
	f, k := m.w.t.info().form, m.w.cols
	size := k / unitCols * f.unitBytes()
	s.strip = grow(s.strip, (last-first)*size)
	for t := first; t < last; t++ {
		m.unpack(s, s.strip[(t-first)*size:], t, 0, k, next)
	}
	for c := 0; c < m.n; {
		_, width := panelOf(cur.widths, m.n, c)
		panel := &m.panel[c*(k/unitCols)*f.colBytes()]
		for t := first; t < last; t++ {
			m.tile(s, &s.strip[(t-first)*size], panel, t, c, width, k/unitCols, false)
		}
		c += width
	}
}

// decodeStrip multiplies strip t with the single column, unpacking a piece at
// a time; ahead is the strip that will be needed next.
func (m *product) decodeStrip(s *scratch, t, ahead int) {
	f, k := m.w.t.info().form, m.w.cols
	if d := &cur.decode[m.w.t]; d.one != nil {
		m.decodeFused(s, t, ahead, d)
		return
	}
	s.strip = grow(s.strip, decodeCols/unitCols*f.unitBytes())
	for c := 0; c < k; c += decodeCols {
		n := min(decodeCols, k-c)
		m.unpack(s, s.strip, t, c, n, ahead)
		m.tile(s, &s.strip[0], &m.panel[c/unitCols*f.colBytes()], t, 0, 1, n/unitCols, c > 0)
	}
}

// decodeScales is the scratch a fused decode routine needs: scales and minima
// of a superblock.
const decodeScales = 2 * maxBlock / minSub * laneBytes

// decodeFused is decodeStrip with a routine that needs no strip.
func (m *product) decodeFused(s *scratch, t, ahead int, d *decoder) {
	s.strip = grow(s.strip, decodeScales)
	r := t * stripRows
	src := m.w.row(r)
	rows := min(stripRows, m.w.rows-r)
	dst := m.dst[r : r+rows]
	if rows < stripRows {
		s.out = growFloats(s.out, stripRows)
		src, dst = m.tailRows(s, r, rows, 0, m.w.rowBytes), s.out
	}
	ti := m.w.t.info()
	next := uintptr(unsafe.Pointer(m.w.row(ahead * stripRows)))
	blocks, done := m.w.cols/ti.elems, 0
	if d.group > 0 && blocks >= d.group {
		done = blocks / d.group * d.group
		d.many(src, m.w.rowBytes, done/d.group, next, &m.panel[0], &dst[0], &s.strip[0], 0)
	}
	if done < blocks {
		from, fetched := done*ti.bytes, stripRows*done*ti.bytes
		if d.halves {
			fetched /= 2
		}
		d.one(at(src, from), m.w.rowBytes, blocks-done, next+uintptr(fetched),
			&m.panel[done*ti.elems/unitCols*ti.form.colBytes()], &dst[0], &s.strip[0], min(done, 1))
	}
	if rows < stripRows {
		copy(m.dst[r:], s.out[:rows])
	}
}

// tailRows copies n bytes at byte from of the last rows, rows of them from r
// on, into scratch and fills it up with zeros to 16 rows.
func (m *product) tailRows(s *scratch, r, rows, from, n int) *byte {
	s.tail = grow(s.tail, stripRows*n)
	clear(s.tail)
	for i := range rows {
		copy(s.tail[i*n:(i+1)*n], m.w.data[(r+i)*m.w.rowBytes+from:])
	}
	return &s.tail[0]
}

// unpack fills dst with columns c..c+n of strip t; ahead is a strip to fetch.
func (m *product) unpack(s *scratch, dst []byte, t, c, n, ahead int) {
	ti := m.w.t.info()
	from, blocks := c/ti.elems*ti.bytes, n/ti.elems
	r := t * stripRows
	rows := min(stripRows, m.w.rows-r)
	u := cur.unpack[m.w.t]
	if u == nil {
		genericUnpack(m.w.t, dst, m.w.data[r*m.w.rowBytes+from:], m.w.rowBytes, rows, blocks, cur.signed8 && ti.form.bits == 8)
		return
	}
	src, rowBytes := at(m.w.row(r), from), m.w.rowBytes
	if rows < stripRows {
		rowBytes = blocks * ti.bytes
		src = m.tailRows(s, r, rows, from, rowBytes)
	}
	// The next strip is fetched from end to end, in step with this one.
	// The address may lie behind the matrix, so it is no pointer.
	next := uintptr(unsafe.Pointer(m.w.row(ahead * stripRows)))
	u(&dst[0], src, rowBytes, blocks, next+uintptr(stripRows*from))
}

// tile multiplies units units of strip t with the panel of width columns at c.
func (m *product) tile(s *scratch, strip, panel *byte, t, c, width, units int, add bool) {
	f, rows := m.w.t.info().form, m.w.rows
	r := t * stripRows
	if r+stripRows <= rows {
		cur.tile(f, strip, panel, units, width, &m.dst[c*rows+r], rows, add)
		return
	}
	s.out = growFloats(s.out, width*stripRows)
	if add {
		for i := range width {
			copy(s.out[i*stripRows:], m.dst[(c+i)*rows+r:(c+i+1)*rows])
		}
	}
	cur.tile(f, strip, panel, units, width, &s.out[0], stripRows, add)
	for i := range width {
		copy(m.dst[(c+i)*rows+r:(c+i+1)*rows], s.out[i*stripRows:])
	}
}

func growFloats(b []float32, n int) []float32 {
	if cap(b) >= n {
		return b[:n]
	}
	return make([]float32, n)
}

// farRows multiplies rows first to last, but for up to three, with the single
// column, and returns the first row left: four streams far apart are read
// faster than one.
func (m *product) farRows(s *scratch, first, last int) int {
	const streams = 4
	w, far := m.w, (last-first)/streams
	s.out = growFloats(s.out, streams)
	for r := first; r < first+far; r++ {
		cur.floatTile(w.t, w.row(r), far*w.rowBytes, &m.x[0], w.cols, w.cols, streams, 1, &s.out[0], streams, uintptr(unsafe.Pointer(w.row(r))))
		for i, v := range s.out[:streams] {
			m.dst[r+i*far] = v
		}
	}
	return first + streams*far
}

// floatRows does item i of a product with float weights.
func (m *product) floatRows(s *scratch, i, following int, more bool) {
	w := m.w
	first := i * m.step
	last := min(first+m.step, w.rows)
	next := following * m.step
	if !more {
		next = first
	}
	if m.n == 1 {
		first = m.farRows(s, first, last)
	}
	for c := 0; c < m.n; c += cur.floatCols {
		cols := min(cur.floatCols, m.n-c)
		for r := first; r < last; r += cur.floatRows {
			rows := min(cur.floatRows, last-r)
			ahead := r + rows
			if ahead >= last {
				ahead = next
			}
			cur.floatTile(w.t, w.row(r), w.rowBytes, &m.x[c*w.cols], w.cols, w.cols, rows, cols,
				&m.dst[c*w.rows+r], w.rows, uintptr(unsafe.Pointer(w.row(ahead))))
		}
	}
}

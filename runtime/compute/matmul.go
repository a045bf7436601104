package compute

import "github.com/llamaboot/llamaboot/runtime/tensor"

// Product is one of the products MatMuls computes from the same vectors: Dst,
// of n*W.Rows() elements, is set to them times W.
type Product struct {
	Dst []float32
	W   *Matrix
}

// product is the products in progress, dst = x w^T each, whose matrices take
// the vectors in the same form.
type product struct {
	level *Level
	parts []part
	x     []float32 // n x cols
	n     int
	cols  int
	panel []byte // the quantised columns, panel after panel
	few   bool   // they are one panel of fewCols columns, the last of them zero where there are fewer
}

// part is one matrix of a product. Items are numbered through all parts.
type part struct {
	level *Level
	dst   []float32 // n x rows
	w     *Matrix   // rows x cols
	item  int       // number of its first item
	step  int       // strips (rows for float types) of an item
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
	// level cache while all columns pass.
	floatBudget = 256 << 10
	// decodeBudget bounds the weights of one item for one vector: large, because farRows reads its four quarters side by
	// side, and yet done in 50 microseconds.
	decodeBudget = 1 << 20
	// itemsPerThread: enough items that threads finish together.
	itemsPerThread = 16
)

// MatMul sets dst to the product of w and n vectors: dst[c*Rows+r] is row r of
// w times x[c*Cols:(c+1)*Cols]. dst has n*Rows elements, x n*Cols; they do not
// overlap. Nothing is allocated once the largest shape has been seen.
func (p *Pool) MatMul(dst []float32, w *Matrix, x []float32, n int) {
	p.MatMuls(x, n, Product{dst, w})
}

// MatMuls computes several products of the same n vectors as MatMul does, the
// vectors being rounded once for all matrices that want them in the same form,
// and the threads waiting for each other once.
func (p *Pool) MatMuls(x []float32, n int, list ...Product) {
	if n <= 0 || len(list) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := &p.job.mm
	m.n, m.cols = n, list[0].W.cols
	m.x = x[:n*m.cols]
	for i, l := range list {
		if l.W.cols != m.cols {
			panic("compute: products of the same vectors with matrices of different widths")
		}
		m.parts = append(m.parts, part{level: p.level, dst: l.Dst[:n*l.W.rows], w: l.W})
		if i+1 == len(list) || !sameColumns(l.W.t, list[i+1].W.t) {
			p.multiply(m)
			clear(m.parts)
			m.parts = m.parts[:0]
		}
	}
	m.x = nil
}

// sameColumns reports whether matrices of two types take columns in one form.
func sameColumns(a, b tensor.Type) bool {
	f, g := formOf(a), formOf(b)
	return a.IsFloat() == b.IsFloat() && f.Sub == g.Sub && f.Min == g.Min && f.Off == g.Off
}

// multiply computes the parts of m.
func (p *Pool) multiply(m *product) {
	t := m.parts[0].w.t
	unit := stripRows
	if t.IsFloat() {
		unit = 1
	} else {
		m.few = m.n > 1 && m.n <= fewCols
		for i := range m.parts {
			m.few = m.few && p.level.few[m.parts[i].w.t].one != nil
		}
		count, columns := panels(p.level.widths, m.n), m.n
		if m.few {
			count, columns = 1, fewCols
		}
		m.panel = grow(m.panel, columns*(m.cols/unitCols)*formOf(t).colBytes()+cacheLine)
		p.run(jobQuantize, count)
	}
	total, items := 0, 0
	for i := range m.parts {
		total += ceilDiv(m.parts[i].w.rows, unit)
	}
	for i := range m.parts {
		q := &m.parts[i]
		q.step = q.most(m.n)
		if p.threads > 1 {
			q.step = min(q.step, total/(itemsPerThread*p.threads))
		}
		q.step = max(1, q.step/q.together(m.n)) * q.together(m.n)
		q.item = items
		items += ceilDiv(ceilDiv(q.w.rows, unit), q.step)
	}
	if t.IsFloat() {
		p.run(jobFloat, items)
	} else {
		p.run(jobInt, items)
	}
}

// most bounds the strips or rows of an item by what caches hold.
func (q *part) most(n int) int {
	switch float := q.w.t.IsFloat(); {
	case n == 1 && float:
		return decodeBudget / q.w.rowBytes
	case n == 1:
		return decodeBudget / (stripRows * q.w.rowBytes)
	case float:
		return floatBudget / q.w.rowBytes
	}
	return stripBudget / (q.w.cols / unitCols * formOf(q.w.t).unitBytes())
}

// together is how many strips or rows a routine computes at once; an item is a multiple of that.
func (q *part) together(n int) int {
	switch {
	case q.w.t.IsFloat():
		return q.level.floatRows
	case q.level.pair != nil && n >= q.level.widths[0]:
		return 2
	}
	return 1
}

// at finds item i: its part and its strips, or rows for float types.
func (m *product) at(i, unit int) (q *part, first, last int) {
	k := len(m.parts) - 1
	for m.parts[k].item > i {
		k--
	}
	q = &m.parts[k]
	first = (i - q.item) * q.step
	return q, first, min(first+q.step, ceilDiv(q.w.rows, unit))
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// Columns are dealt out to panels, as many as possible of the widest, the rest
// in ever narrower ones. panels counts them.
func panels(widths []int, n int) int {
	count := 0
	for _, w := range widths {
		count += n / w
		n %= w
	}
	return count
}

// panelAt returns the first column and the width of panel i.
func panelAt(widths []int, n, i int) (first, width int) {
	for _, w := range widths {
		k := (n - first) / w // panels of this width
		if i < k {
			return first + i*w, w
		}
		first += k * w
		i -= k
	}
	return first, 1
}

// quantizePanel rounds the columns of panel i.
func (m *product) quantizePanel(s *scratch, i int) {
	f := formOf(m.parts[0].w.t)
	first, width := 0, fewCols
	if !m.few {
		first, width = panelAt(m.level.widths, m.n, i)
	} else if m.n < fewCols {
		clear(m.panel)
	}
	panel := &m.panel[first*(m.cols/unitCols)*f.colBytes()]
	for c := range min(width, m.n) {
		s.args = panelArgsFor(f, width, c)
		m.level.quantize(panel, &m.x[(first+c)*m.cols], m.cols, &s.args)
	}
}

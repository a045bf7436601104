package compute

// farStreams is how many rows a far routine multiplies at a time.
const farStreams = 4

// farDecoder is a routine for a matrix and one vector that walks four rows in
// step, one of each quarter of the matrix, to the ends of their quarters. It
// sets out[i] and so on to out[i+rows-1], for each of the four i outFar apart,
// to the products of the rows that start at src and far bytes apart. Rows have
// groups groups of group blocks, scratch farScratch bytes for each of them. The
// bits are those of unpack and tile.
type farDecoder struct {
	f     func(src *byte, far, rows, groups int, panel *byte, out *float32, outFar int, scratch *byte)
	group int
}

// farScratch holds a superblock's activations in the order a routine wants.
const farScratch = 3 * maxBlock

// decodeFar does item strips first to last of q with a far routine: as many
// rows of every quarter, so that items in order make long streams. It returns
// false if there is none that fits.
func (m *product) decodeFar(s *scratch, q *part, first, last int) bool {
	d, ti := &m.level.far[q.w.t], q.w.t.Info()
	if d.f == nil || q.w.rows%stripRows != 0 || q.w.cols/ti.Elems%d.group != 0 {
		return false
	}
	const share = stripRows / farStreams
	far, r, rows := q.w.rows/farStreams, first*share, (last-first)*share
	groups := q.w.cols / ti.Elems / d.group
	s.strip = grow(s.strip, groups*farScratch)
	d.f(q.w.row(r), far*q.w.rowBytes, rows, groups, &m.panel[0], &q.dst[r], far, &s.strip[0])
	return true
}

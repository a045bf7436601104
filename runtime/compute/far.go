package compute

// farStreams is how many rows a far routine multiplies at a time, one of each quarter of the matrix.
const farStreams = 4

// farDecoder is a routine for a matrix and one vector x that reads four rows side by side (doc.go):
//
//	out[k*outFar+i] = row i of stream k times x,  0 <= k < 4, 0 <= i < rows
//
// Stream k starts at src + k*far bytes. A row has groups groups of group blocks; scratch has farScratch bytes for each
// of them. The results are bit for bit those of unpack and tile.
type farDecoder struct {
	f     func(src *byte, far, rows, groups int, panel *byte, out *float32, outFar int, scratch *byte)
	group int
}

// farScratch holds a superblock's activations in the order a routine wants.
const farScratch = 3 * maxBlock

// decodeFar multiplies the rows that are due for strips first to last of q with a far routine. They are not the rows of
// these strips but as many, a quarter of them from each quarter of the matrix, so that items in order make long streams.
// It returns false if no routine fits the type and shape.
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

package compute

// KeyBlock is how many keys of a cache lie side by side: a block of KeyBlock
// keys of dim elements is stored as [dim][KeyBlock], so that a vector holds
// one element of every key and no lanes need be added up.
const KeyBlock = 16

// PutKey stores key i of a cache of blocks, as binary16. len(key) is the
// dimension; k holds whole blocks.
func (l *Level) PutKey(k []uint16, i int, key []float32) {
	l.putKey(k[i/KeyBlock*KeyBlock*len(key)+i%KeyBlock:], key)
}

// genericPutKey writes element d of a key to k[d*KeyBlock].
func genericPutKey(k []uint16, key []float32) {
	for d, v := range key {
		k[d*KeyBlock] = F32ToF16(v)
	}
}

// Key reads key i back.
func Key(key []float32, k []uint16, i int) {
	k = k[i/KeyBlock*KeyBlock*len(key)+i%KeyBlock:]
	for d := range key {
		key[d] = F16ToF32(k[d*KeyBlock])
	}
}

// ScoresF16 sets dst[c*dstStride+i] to the inner product of query c and key i,
// for n queries of dim elements, qStride apart in q, and blocks*KeyBlock keys.
// It may also write up to 7 blocks more, as far as k has them: dst has room
// for as many keys as k. Each product is one sum in the order of elements,
// whatever n is.
func (l *Level) ScoresF16(dst []float32, dstStride int, q []float32, qStride, n int, k []uint16, blocks, dim int) {
	if blocks <= 0 || n <= 0 {
		return
	}
	_, _, _ = dst[(n-1)*dstStride+blocks*KeyBlock-1], q[(n-1)*qStride+dim-1], k[blocks*KeyBlock*dim-1]
	l.scoresF16(dst, dstStride, q, qStride, n, k, blocks, dim)
}

// MixF16 adds to dst[c*dstStride+d] the sum over i of w[c*wStride+i] times
// v[i*dim+d], for n rows of weights and rows values of dim elements: one sum
// in the order of i, whatever n is.
func (l *Level) MixF16(dst []float32, dstStride int, w []float32, wStride, n int, v []uint16, rows, dim int) {
	if rows <= 0 || n <= 0 {
		return
	}
	_, _, _ = dst[(n-1)*dstStride+dim-1], w[(n-1)*wStride+rows-1], v[rows*dim-1]
	l.mixF16(dst, dstStride, w, wStride, n, v, rows, dim)
}

func genericScoresF16(dst []float32, dstStride int, q []float32, qStride, n int, k []uint16, blocks, dim int) {
	for b := range blocks {
		for c := range n {
			var s [KeyBlock]float32
			for d, x := range q[c*qStride:][:dim] {
				for i, h := range k[(b*dim+d)*KeyBlock:][:KeyBlock] {
					s[i] = fma32(x, F16ToF32(h), s[i])
				}
			}
			copy(dst[c*dstStride+b*KeyBlock:], s[:])
		}
	}
}

func genericMixF16(dst []float32, dstStride int, w []float32, wStride, n int, v []uint16, rows, dim int) {
	for c := range n {
		o := dst[c*dstStride:][:dim]
		for i, x := range w[c*wStride:][:rows] {
			for d, h := range v[i*dim:][:dim] {
				o[d] = fma32(x, F16ToF32(h), o[d])
			}
		}
	}
}

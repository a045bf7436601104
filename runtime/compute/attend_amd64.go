//go:build !noasm

package compute

import "unsafe"

// scoreFunc and mixFunc are the attention routines of one number of queries.
type (
	scoreFunc func(k *uint16, blocks, dim int, q *float32, qStride int, dst *float32, dstStride int)
	mixFunc   func(v *uint16, rows, vStride int, w *float32, wStride int, dst *float32, dstStride int)
)

// attender holds the routines of a level by number of queries. wide mixes
// four vectors of elements at once, narrow 16 elements.
type attender struct {
	scores       [9]scoreFunc
	wide, narrow [7]mixFunc
	lanes        int
}

var (
	attendAVX512 = attender{
		scores: [9]scoreFunc{1: scoresAVX512n1, 2: scoresAVX512n2, 3: scoresAVX512n3, 4: scoresAVX512n4, 8: scoresAVX512n8},
		wide:   [7]mixFunc{1: mixAVX512n1v4, 2: mixAVX512n2v4, 3: mixAVX512n3v4, 4: mixAVX512n4v4, 6: mixAVX512n6v4},
		narrow: [7]mixFunc{1: mixAVX512n1v1, 2: mixAVX512n2v1, 3: mixAVX512n3v1, 4: mixAVX512n4v1, 6: mixAVX512n6v1},
		lanes:  16,
	}
	attendAVX2 = attender{
		scores: [9]scoreFunc{1: scoresAVX2n1, 2: scoresAVX2n2, 3: scoresAVX2n3, 4: scoresAVX2n4},
		wide:   [7]mixFunc{1: mixAVX2n1v4, 2: mixAVX2n2v4},
		narrow: [7]mixFunc{1: mixAVX2n1v2, 2: mixAVX2n2v2},
		lanes:  8,
	}
)

// putKeyAsm is genericPutKey, most of it rounded with AVX2.
func putKeyAsm(k []uint16, key []float32) {
	var part [4 * vecStep]uint16
	for len(key) >= vecStep {
		n := min(len(part), len(key)&^(vecStep-1))
		f32ToF16sAVX2(part[:n], key)
		for d, h := range part[:n] {
			k[d*KeyBlock] = h
		}
		if key = key[n:]; len(key) > 0 {
			k = k[n*KeyBlock:]
		}
	}
	genericPutKey(k, key)
}

func floatAt(p *float32, n int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), 4*n)) }

// mostScoreBlocks is how many blocks a score routine takes at a time at most.
const mostScoreBlocks = 8

func (a *attender) scoresF16(dst []float32, dstStride int, q []float32, qStride, n int, k []uint16, blocks, dim int) {
	have := min(len(k)/(KeyBlock*dim), (len(dst)-(n-1)*dstStride)/KeyBlock)
	if (blocks+mostScoreBlocks-1)/mostScoreBlocks*mostScoreBlocks > have {
		genericScoresF16(dst, dstStride, q, qStride, n, k, blocks, dim)
		return
	}
	for c := 0; c < n; {
		w := min(n-c, len(a.scores)-1)
		for a.scores[w] == nil {
			w--
		}
		a.scores[w](&k[0], blocks, dim, &q[c*qStride], qStride, &dst[c*dstStride], dstStride)
		c += w
	}
}

func (a *attender) mixF16(dst []float32, dstStride int, w []float32, wStride, n int, v []uint16, rows, dim int) {
	if dim%16 != 0 {
		genericMixF16(dst, dstStride, w, wStride, n, v, rows, dim)
		return
	}
	for d := 0; d < dim; {
		fs, size := &a.wide, 4*a.lanes
		if dim-d < size {
			fs, size = &a.narrow, 16
		}
		for c := 0; c < n; {
			k := min(n-c, len(fs)-1)
			for fs[k] == nil {
				k--
			}
			fs[k](&v[d], rows, dim, &w[c*wStride], wStride, floatAt(&dst[0], c*dstStride+d), dstStride)
			c += k
		}
		d += size
	}
}

package bench

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/llamaboot/llamaboot/runtime/kernel"
)

var le = binary.LittleEndian

// scales says where a block keeps its float16 scales (ggml-common.h) and the
// root mean square of what they multiply when the other bits are random.
var scales = map[kernel.Type]struct {
	at  []int
	rms float64
}{
	kernel.Q4_0: {[]int{0}, 4.6}, kernel.Q4_1: {[]int{0, 2}, 9}, kernel.Q5_0: {[]int{0}, 9.2}, kernel.Q5_1: {[]int{0, 2}, 18},
	kernel.Q8_0: {[]int{0}, 74}, kernel.IQ4_NL: {[]int{0}, 67}, kernel.IQ4_XS: {[]int{0}, 67 * 18},
	kernel.Q2_K: {[]int{80, 82}, 16}, kernel.Q3_K: {[]int{108}, 2.3 * 18}, kernel.Q4_K: {[]int{0, 2}, 320}, kernel.Q5_K: {[]int{0, 2}, 650},
	kernel.Q6_K: {[]int{208}, 18.5 * 74},
}

// maxDistinct bounds how many different blocks a matrix is made of: random
// bits are slow to make, and speed does not depend on them.
const maxDistinct = 4096

// randomBlocks makes n blocks whose values have about the given root mean
// square. The same seed gives the same blocks.
func randomBlocks(t kernel.Type, n int, rms float64, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(t)))
	size := t.BlockBytes()
	distinct := min(n, maxDistinct-1) // odd, so that rows differ
	b := make([]byte, n*size)
	for i := 0; i < distinct; i++ {
		randomBlock(r, t, b[i*size:(i+1)*size], rms)
	}
	for done := distinct * size; done < len(b); done *= 2 {
		copy(b[done:], b[:done])
	}
	return b
}

func randomBlock(r *rand.Rand, t kernel.Type, b []byte, rms float64) {
	v := float32(r.NormFloat64() * rms)
	switch t {
	case kernel.F32:
		le.PutUint32(b, math.Float32bits(v))
		return
	case kernel.F16:
		le.PutUint16(b, kernel.F32ToF16(v))
		return
	case kernel.BF16:
		le.PutUint16(b, kernel.F32ToBF16(v))
		return
	}
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	s := scales[t]
	for i, at := range s.at {
		d := float32(rms / s.rms)
		if i == 1 { // a minimum: centres the unsigned values, roughly
			d *= float32(map[kernel.Type]float64{kernel.Q4_1: -7.5, kernel.Q5_1: -15.5, kernel.Q2_K: 1.5, kernel.Q4_K: 7.5, kernel.Q5_K: 15.5}[t])
		}
		le.PutUint16(b[at:], kernel.F32ToF16(d))
	}
	if t == kernel.MXFP4 {
		b[0] = byte(127 + int(math.Round(math.Log2(rms/2.6))))
	}
}

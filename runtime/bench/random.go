package bench

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

var le = binary.LittleEndian

// scales says where a block keeps its float16 scales (ggml-common.h) and the
// root mean square of what they multiply when the other bits are random.
var scales = map[compute.Type]struct {
	at  []int
	rms float64
}{
	compute.Q4_0: {[]int{0}, 4.6}, compute.Q4_1: {[]int{0, 2}, 9}, compute.Q5_0: {[]int{0}, 9.2}, compute.Q5_1: {[]int{0, 2}, 18},
	compute.Q8_0: {[]int{0}, 74}, compute.IQ4_NL: {[]int{0}, 67}, compute.IQ4_XS: {[]int{0}, 67 * 18},
	compute.Q2_K: {[]int{80, 82}, 16}, compute.Q3_K: {[]int{108}, 2.3 * 18}, compute.Q4_K: {[]int{0, 2}, 320}, compute.Q5_K: {[]int{0, 2}, 650},
	compute.Q6_K: {[]int{208}, 18.5 * 74},
}

// maxDistinct bounds how many different blocks a matrix is made of: random
// bits are slow to make, and speed does not depend on them.
const maxDistinct = 4096

// randomBlocks makes n blocks whose values have about the given root mean
// square. The same seed gives the same blocks.
func randomBlocks(t compute.Type, n int, rms float64, seed uint64) []byte {
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

func randomBlock(r *rand.Rand, t compute.Type, b []byte, rms float64) {
	v := float32(r.NormFloat64() * rms)
	switch t {
	case compute.F32:
		le.PutUint32(b, math.Float32bits(v))
		return
	case compute.F16:
		le.PutUint16(b, compute.F32ToF16(v))
		return
	case compute.BF16:
		le.PutUint16(b, compute.F32ToBF16(v))
		return
	}
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	s := scales[t]
	for i, at := range s.at {
		d := float32(rms / s.rms)
		if i == 1 { // a minimum: centres the unsigned values, roughly
			d *= float32(map[compute.Type]float64{compute.Q4_1: -7.5, compute.Q5_1: -15.5, compute.Q2_K: 1.5, compute.Q4_K: 7.5, compute.Q5_K: 15.5}[t])
		}
		le.PutUint16(b[at:], compute.F32ToF16(d))
	}
	if t == compute.MXFP4 {
		b[0] = byte(127 + int(math.Round(math.Log2(rms/2.6))))
	}
}

package bench

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

var le = binary.LittleEndian

// maxDistinct bounds how many different blocks a matrix is made of: random
// bits are slow to make, and speed does not depend on them.
const maxDistinct = 4096

// randomBlocks makes n blocks whose values have about the given root mean
// square. The same seed gives the same blocks.
func randomBlocks(t tensor.Type, n int, rms float64, seed uint64) []byte {
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

func randomBlock(r *rand.Rand, t tensor.Type, b []byte, rms float64) {
	v := float32(r.NormFloat64() * rms)
	switch t {
	case tensor.F32:
		le.PutUint32(b, math.Float32bits(v))
		return
	case tensor.F16:
		le.PutUint16(b, compute.F32ToF16(v))
		return
	case tensor.BF16:
		le.PutUint16(b, compute.F32ToBF16(v))
		return
	}
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	random := t.Info().Random
	d := rms / random.RMS
	if random.E8M0 {
		b[random.Scale] = byte(127 + int(math.Round(math.Log2(d))))
		return
	}
	if random.E4M3 > 0 {
		for i := range random.E4M3 {
			b[random.Scale+i] = byte(max(7+int(math.Round(math.Log2(d))), 0) << 3)
			if d < 1.0/64 { // subnormal
				b[random.Scale+i] = byte(math.Round(d * 512))
			}
		}
		return
	}
	le.PutUint16(b[random.Scale:], compute.F32ToF16(float32(d)))
	if random.Centre != 0 {
		le.PutUint16(b[random.Min:], compute.F32ToF16(float32(d)*float32(random.Centre)))
	}
}

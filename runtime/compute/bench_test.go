package compute

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// benchBytes is more than the caches hold.
const benchBytes = 200 << 20

// BenchmarkDecode multiplies matrices of a 1B model's shapes with one vector;
// MB/s are bytes of weights.
func BenchmarkDecode(b *testing.B) {
	for _, threads := range []int{1, 2} {
		for _, ty := range tensor.Supported() {
			for _, cols := range []int{2048, 5632} {
				b.Run(fmt.Sprintf("%v/%d/t%d", ty, cols, threads), func(b *testing.B) {
					r := rand.New(rand.NewPCG(30, 30))
					p := NewPool(threads, nil)
					defer p.Close()
					rows := 2048
					one := randBlocks(r, ty, 64*cols/ty.BlockLen())
					all := make([]byte, 0, benchBytes)
					for len(all)+len(one) <= benchBytes {
						all = append(all, one...)
					}
					var ms []*Matrix
					for size := ty.RowBytes(rows * cols); len(all) >= size; all = all[size:] {
						m, err := NewMatrix(ty, rows, cols, all)
						if err != nil {
							b.Fatal(err)
						}
						ms = append(ms, m)
					}
					x, dst := randFloats(r, cols), make([]float32, rows)
					b.SetBytes(int64(ms[0].Bytes()))
					b.ResetTimer()
					for i := range b.N {
						p.MatMul(dst, ms[i%len(ms)], x, 1)
					}
				})
			}
		}
	}
}

// BenchmarkPrefill multiplies one matrix with many vectors; GMAC/s is the
// number of products a nanosecond.
func BenchmarkPrefill(b *testing.B) {
	for _, threads := range []int{1, 2} {
		for _, ty := range tensor.Supported() {
			for _, n := range []int{16, 512} {
				b.Run(fmt.Sprintf("%v/n%d/t%d", ty, n, threads), func(b *testing.B) {
					r := rand.New(rand.NewPCG(31, 31))
					p := NewPool(threads, nil)
					defer p.Close()
					const rows, cols = 2048, 2048
					w := randMatrix(b, r, ty, rows, cols)
					x, dst := randFloats(r, n*cols), make([]float32, n*rows)
					b.ResetTimer()
					for range b.N {
						p.MatMul(dst, w, x, n)
					}
					b.ReportMetric(float64(rows*cols*n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GMAC/s")
				})
			}
		}
	}
}

// BenchmarkVectors times what lies between the products of a 1B model's layer.
func BenchmarkVectors(b *testing.B) {
	l := BestLevel()
	r := rand.New(rand.NewPCG(32, 32))
	x, y, z := randFloats(r, 2048), randFloats(r, 2048), randFloats(r, 2048)
	h := make([]uint16, 2048)
	l.F32ToF16s(h, x)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"RMSNorm2048", func() { l.RMSNorm(z, x, y, 1e-5) }},
		{"Softmax2048", func() { l.Softmax(z) }},
		{"SiLUMul2048", func() { l.SiLUMul(z, x, y) }},
		{"Add2048", func() { l.Add(z, x) }},
		{"DotF16-64", func() { l.DotF16(x[:64], h) }},
		{"AxpyF16-64", func() { l.AxpyF16(z[:64], 0.5, h) }},
		{"RopeNorm64", func() { l.RopeNorm(z[:64], x[:32], y[:32]) }},
		{"RopeNeoX64", func() { l.RopeNeoX(z[:64], x[:32], y[:32]) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				c.f()
			}
		})
	}
}

// BenchmarkUnpack and BenchmarkTile split decoding into its halves, on data in
// the first or second level cache.
func BenchmarkUnpack(b *testing.B) {
	r := rand.New(rand.NewPCG(33, 33))
	for _, ty := range tensor.Supported() {
		u := BestLevel().unpack[ty]
		if u == nil {
			continue
		}
		b.Run(ty.String(), func(b *testing.B) {
			ti := ty.Info()
			blocks := decodeCols / ti.Elems
			src := randBlocks(r, ty, stripRows*blocks)
			dst := grow(nil, decodeCols/unitCols*form(ti.Form).unitBytes())
			b.SetBytes(int64(len(src)))
			for range b.N {
				u(&dst[0], &src[0], blocks*ti.Bytes, blocks, uintptr(unsafe.Pointer(&src[0])))
			}
		})
	}
}

func BenchmarkTile(b *testing.B) {
	r := rand.New(rand.NewPCG(34, 34))
	for _, ty := range []tensor.Type{tensor.Q4_0, tensor.Q4_K, tensor.Q6_K, tensor.Q2_K} {
		for _, cols := range BestLevel().widths {
			b.Run(fmt.Sprintf("%v/n%d", ty, cols), func(b *testing.B) {
				f, units := formOf(ty), decodeCols/unitCols
				strip, panel := grow(nil, units*f.unitBytes()), grow(nil, units*cols*f.colBytes())
				for i := range panel {
					panel[i] = byte(r.Uint32())
				}
				out := make([]float32, cols*stripRows)
				for range b.N {
					BestLevel().tile(f, &strip[0], &panel[0], units, cols, &out[0], stripRows, false)
				}
				b.ReportMetric(float64(stripRows*decodeCols*cols)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GMAC/s")
			})
		}
	}
}

// BenchmarkDecodeHot is BenchmarkDecode with weights in the second level
// cache: how fast decoding could go with faster memory.
func BenchmarkDecodeHot(b *testing.B) {
	for _, ty := range tensor.Supported() {
		b.Run(ty.String(), func(b *testing.B) {
			r := rand.New(rand.NewPCG(35, 35))
			p := NewPool(1, nil)
			defer p.Close()
			w := randMatrix(b, r, ty, 128, 2048)
			x, dst := randFloats(r, 2048), make([]float32, 128)
			b.SetBytes(int64(w.Bytes()))
			for range b.N {
				p.MatMul(dst, w, x, 1)
			}
		})
	}
}

// thiefEnv makes this test program a thief: it computes until it is killed.
const thiefEnv = "LLAMABOOT_TEST_THIEF"

func init() {
	for os.Getenv(thiefEnv) != "" {
		pause()
	}
}

// BenchmarkStolenCore is decoding with as many threads as processors while
// other programs compute all the time: speed may fall by the share they take,
// but must not collapse, as it does when threads wait for each other by
// spinning.
func BenchmarkStolenCore(b *testing.B) {
	for _, thieves := range []int{0, 1, 2} {
		b.Run(fmt.Sprintf("thieves%d", thieves), func(b *testing.B) {
			for range thieves {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), thiefEnv+"=1")
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				defer cmd.Wait()
				defer cmd.Process.Kill()
			}
			time.Sleep(100 * time.Millisecond) // until they run
			r := rand.New(rand.NewPCG(36, 36))
			p := NewPool(runtime.NumCPU(), nil)
			defer p.Close()
			w := randMatrix(b, r, tensor.Q4_0, 2048, 2048)
			x, dst := randFloats(r, 2048), make([]float32, 2048)
			b.SetBytes(int64(w.Bytes()))
			b.ResetTimer()
			for range b.N {
				p.MatMul(dst, w, x, 1)
			}
		})
	}
}

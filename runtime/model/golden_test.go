package model

import (
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// argmax returns the best index and its distance to the next.
func argmax(x []float32) (best int, gap float64) {
	second := float32(math.Inf(-1))
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	for i, v := range x {
		if i != best {
			second = max(second, v)
		}
	}
	return best, float64(x[best] - second)
}

// sequence feeds ids one call after another and keeps the position.
type sequence struct {
	t     testing.TB
	m     *Model
	cache *Cache
	pos   int
}

// feed computes ids and returns the logits after the last one.
func (s *sequence) feed(ids ...int32) []float32 {
	s.t.Helper()
	toks := make([]Token, len(ids))
	for i, id := range ids {
		toks[i] = Token{ID: id, Pos: s.pos, Cache: s.cache, Logits: i == len(ids)-1}
		s.pos++
	}
	return forward(s.t, s.m, toks)
}

// forward computes toks and wants finite logits: comparisons with NaN are false, so a bar would not notice one.
func forward(t testing.TB, m *Model, toks []Token) []float32 {
	t.Helper()
	l, err := m.Forward(nil, toks)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range l {
		if v-v != 0 {
			t.Fatalf("logit %d of row %d is %v", i%m.Vocab, i/m.Vocab, v)
		}
	}
	return l
}

func openModel(t testing.TB, name string, o Options) *Model {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(f, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	if m.Arch == "gemma4" { // whose random weights magnify the difference, and whose routers choose by it
		m.Act = tableGELU
	}
	return m
}

// tableGELU is llama.cpp's GELU: looked up in a table of binary16 numbers, by binary16 numbers.
func tableGELU(l *compute.Level, dst, gate, up []float32) {
	half := make([]uint16, len(gate))
	l.F32ToF16s(half, gate)
	x := make([]float32, len(gate))
	l.F16ToF32s(x, half)
	one := make([]float32, len(gate))
	for i := range one {
		one[i] = 1
	}
	l.GELUMul(x, x, one)
	l.F32ToF16s(half, x)
	l.F16ToF32s(x, half)
	for i, g := range gate {
		const end = 10 // beyond it the table is not asked
		switch {
		case g <= -end:
			x[i] = 0
		case g >= end:
			x[i] = g
		}
		dst[i] = x[i] * up[i]
	}
}

// TestGolden compares every model with llama.cpp's result for the same weights in F32, which is the exact answer.
// llama.cpp itself, which rounds activations, is off by far more than the bar for all other types.
func TestGolden(t *testing.T) {
	for _, file := range golden.Models(t) {
		t.Run(file.Name, func(t *testing.T) {
			m := openModel(t, file.File, Options{Threads: 2, Context: 512})
			exact := file.Exact(t)
			bar := 5e-3
			if strings.HasPrefix(m.Arch, "gemma") {
				bar = 1e-2 // llama.cpp looks GELU up in a table of binary16
			}
			checkGolden(t, m, exact, func(got []float32) float64 {
				_, most := golden.Distance(got, exact.Logits)
				if most > bar {
					t.Errorf("max |diff| of logits is %g, want at most %g", most, bar)
				}
				return 2 * bar
			})
			if nll := meanNLL(t, m, exact.PPLTokens); math.Abs(nll-exact.NLL) > 1e-3*exact.NLL {
				t.Errorf("mean negative log likelihood is %g, want %g within 0.1 %%", nll, exact.NLL)
			}
		})
	}
}

// TestRefused opens the models that are not supported and wants an error that names what is missing.
func TestRefused(t *testing.T) {
	for _, file := range golden.All(t) {
		if !file.Refused() {
			continue
		}
		b, err := os.ReadFile(file.File)
		if err != nil {
			t.Fatal(err)
		}
		f, err := gguf.Parse(b)
		if err == nil {
			_, err = Open(f, Options{})
		}
		if !errors.Is(err, ErrArch) && !errors.Is(err, ErrType) && !errors.Is(err, gguf.ErrUnsupported) {
			t.Errorf("%s: %v, want what is not supported", file.Name, err)
		}
	}
}

// TestCacheTypes wants the same likelihood of a text from every type of cache, within what its precision allows.
func TestCacheTypes(t *testing.T) {
	for _, file := range golden.Models(t) {
		name := file.Name
		if name != "demo" && name != "t-llama-F16" && name != "t-gemma3-Q4_K_M" && name != "t-qwen3-Q4_K_M" {
			continue
		}
		m := openModel(t, file.File, Options{Threads: 2, Context: 512})
		exact := file.Exact(t)
		for _, c := range []struct {
			typ CacheType
			rms float64
		}{{CacheF32, 1e-3}, {CacheF16, 0.01}, {CacheQ8, 0.15}} {
			s := &sequence{t, m, m.NewCache(c.typ), 0}
			if rms, _ := golden.Distance(s.feed(exact.PromptTokens...), exact.Logits); rms > c.rms {
				t.Errorf("%s, cache type %d: rms of logits is %g, want at most %g", name, c.typ, rms, c.rms)
			}
			size := map[CacheType]int{CacheF32: 128, CacheF16: 64, CacheQ8: 34}[c.typ] // bytes of 32 elements
			if want := 2 * m.Layers * m.KVHeads * m.HeadDim * pageLen / 32 * size; s.cache.Bytes() != want {
				t.Errorf("%s, cache type %d: %d bytes, want %d", name, c.typ, s.cache.Bytes(), want)
			}
		}
	}
}

// checkGolden compares logits after the prompt, greedy ids where the gap to the runner-up is larger than the noise the
// callback returns.
func checkGolden(t *testing.T, m *Model, g *golden.Answer, logits func(got []float32) (noise float64)) {
	s := &sequence{t, m, m.NewCache(CacheF32), 0}
	got := s.feed(g.PromptTokens...)
	noise := logits(got)
	for i, want := range g.Greedy {
		best, _ := argmax(got)
		if int32(best) != want && g.Gap[i] > noise {
			t.Fatalf("greedy id %d is %d, want %d, which leads by %g", i, best, want, g.Gap[i])
		}
		got = s.feed(want)
	}
}

// meanNLL is the mean over all predicted tokens of -log p(token).
func meanNLL(t testing.TB, m *Model, ids []int32) float64 {
	l := textLogits(t, m, ids)
	sum := 0.0
	for i := range len(ids) - 1 {
		row := l[i*m.Vocab : (i+1)*m.Vocab]
		best, _ := argmax(row)
		e := 0.0
		for _, v := range row {
			e += math.Exp(float64(v - row[best]))
		}
		sum += math.Log(e) - float64(row[ids[i+1]]-row[best])
	}
	return sum / float64(len(ids)-1)
}

// matrix asks for every combination of files, instruction-set levels and threads instead of a choice of them.
var matrix = os.Getenv("LLAMABOOT_MATRIX") != ""

// TestLevels runs golden models at every instruction-set level of this processor: with weights in F32 the bar of
// TestGolden holds, with quantised weights the greedy ids are the exact ones wherever they lead by more than the noise
// (whose size TestNoise looks at).
func TestLevels(t *testing.T) {
	threads := []int{2}
	if matrix {
		threads = []int{1, 2, 4}
	}
	for _, level := range compute.Levels() {
		for _, file := range golden.Models(t) {
			for _, n := range threads {
				checkLevel(t, file, level.String(), n)
			}
		}
	}
}

func checkLevel(t *testing.T, file golden.Model, level string, threads int) {
	name := file.Name
	if matrix || name == "t-llama-F16" || name == "t-gemma3-Q4_K_M" || name == "t-qwen3moe-Q4_K_M" || name == "stories260K-F32" {
		m := openModel(t, file.File, Options{Threads: threads, Context: 512, Level: level})
		bar := 5e-3
		if strings.HasPrefix(m.Arch, "gemma") {
			bar = 1e-2
		}
		exact := file.Exact(t)
		checkGolden(t, m, exact, func(got []float32) float64 {
			if _, most := golden.Distance(got, exact.Logits); most > bar {
				t.Errorf("%s, %s: max |diff| of logits is %g, want at most %g", level, name, most, bar)
			}
			return 2 * bar
		})
	}
	if file.Trained() || name == "demo" || matrix {
		m := openModel(t, file.File, Options{Threads: threads, Context: 512, Level: level, keepQuantised: true})
		exact, own := file.Exact(t), file.Own(t)
		llama, _ := golden.Distance(own.Logits, exact.Logits)
		checkGolden(t, m, exact, func(got []float32) float64 {
			rms, _ := golden.Distance(got, exact.Logits)
			return 8*max(rms, llama) + 1e-2 // the largest of 512 errors is about 4 rms, and two logits compete
		})
	}
}

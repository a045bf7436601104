//go:build !noasm

package compute

import "golang.org/x/sys/cpu"

//go:generate go run -C _asm . -o ..

// spinPauses is how often a waiting thread looks before it sleeps: with about
// 15 to 50 ns for a PAUSE, half a millisecond to one and a half. Waking a thread
// of a virtual machine costs 50 microseconds and more, as much as many a job:
// with 10 microseconds of looking, two threads were only 1.1 times as fast as one
// in prompts, with a millisecond 1.6 times.
const spinPauses = 30000

// pause executes one PAUSE instruction.
//
//go:noescape
func pause()

// prefetch starts loading n bytes at p into the first level cache.
//
//go:noescape
func prefetch(p *byte, n int)

// fetch prefetches b.
func fetch(b []byte) {
	if len(b) > 0 {
		prefetch(&b[0], len(b))
	}
}

// init adds the levels this processor and its operating system can run. The
// cpu package looks at XCR0 too, so a level is there only if its registers
// are kept.
func init() {
	x := &cpu.X86
	levels = append(levels, &sse2Level) // part of every amd64
	if x.HasAVX2 && x.HasFMA && hasF16C() {
		levels = append(levels, &avx2Level)
		if x.HasAVXVNNI {
			levels = append(levels, &avxVNNILevel)
		}
		if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VNNI {
			if x.HasAVX512VBMI {
				useVBMI(&avx512Level.decode)
				avx512Level.far = farVBMI
			}
			levels = append(levels, &avx512Level)
		}
	}
}

// hasF16C reads CPUID leaf 1, ECX bit 29 (Intel SDM volume 2, CPUID), which
// the cpu package does not export.
func hasF16C() bool {
	_, _, c, _ := cpuid(1, 0)
	return c>>29&1 == 1
}

// threadsPerCore reads CPUID leaf 0BH, subleaf 0, EBX bits 15..0: the logical
// processors of a core (Intel SDM volume 2, CPUID; AMD APM volume 3, E.3.10).
func threadsPerCore() int {
	const leaf = 0x0b
	if most, _, _, _ := cpuid(0, 0); most < leaf {
		return 1
	}
	_, b, _, _ := cpuid(leaf, 0)
	return max(1, int(b&0xffff))
}

// cpuid executes CPUID.
//
//go:noescape
func cpuid(leaf, sub uint32) (a, b, c, d uint32)

var sse2Level = Level{
	name:      "sse2",
	widths:    []int{1},
	unpack:    unpackSSE2,
	tile:      tileSSE2,
	quantize:  genericLevel.quantize,
	floatRows: 4,
	floatCols: 1,
	floatTile: floatTileSSE2,
	putKey:    genericPutKey,
	scoresF16: genericScoresF16,
	mixF16:    genericMixF16,
	vec:       genericVec,
}

var avx2Level = Level{
	name:      "avx2",
	widths:    []int{4, 2, 1},
	signed8:   true,
	unpack:    unpackAVX2,
	decode:    decodeAVX2,
	far:       farAVX2,
	tiles:     func(f form) bool { return tilesAVX2(f) != nil },
	tile:      tileAVX2,
	quantize:  quantizeAsm,
	floatRows: 4,
	floatCols: 3,
	floatTile: floatTileAVX2,
	putKey:    putKeyAsm,
	scoresF16: attendAVX2.scoresF16,
	mixF16:    attendAVX2.mixF16,
	vec:       avx2Vec,
}

var avxVNNILevel = Level{
	name:      "avx-vnni",
	widths:    []int{4, 2, 1},
	unpack:    unpackAVXVNNI,
	decode:    decodeAVX2,
	far:       farAVX2,
	tile:      tileAVXVNNI,
	quantize:  quantizeAsm,
	floatRows: 4,
	floatCols: 3,
	floatTile: floatTileAVX2,
	putKey:    putKeyAsm,
	scoresF16: attendAVX2.scoresF16,
	mixF16:    attendAVX2.mixF16,
	vec:       avx2Vec,
}

var avx512Level = Level{
	name:      "avx512-vnni",
	widths:    []int{12, 8, 4, 2, 1},
	unpack:    unpackAVX512,
	decode:    decodeAVX512,
	few:       fewAVX512,
	tile:      tileAVX512,
	pair:      pairAVX512,
	quantize:  quantizeAsm,
	floatRows: 4,
	floatCols: 6,
	floatTile: floatTileAVX512,
	putKey:    putKeyAsm,
	scoresF16: attendAVX512.scoresF16,
	mixF16:    attendAVX512.mixF16,
	vec:       avx512Vec,
}

// quantizeAsm is genericQuantize with AVX2.
func quantizeAsm(panel *byte, x *float32, n int, a *panelArgs) {
	mode := 0
	if a.f.Min {
		mode = 1
	}
	if a.f.subs() == 2 {
		mode |= 2
	}
	quantizeAVX2(at(panel, a.q), at(panel, a.slot), at(panel, a.scale), x,
		n/unitCols, a.stride, a.slotStride, int(a.f.Off), mode)
}

// tileKind numbers the forms for levels whose integer sums are exact.
func tileKind(f form) int {
	k := 0
	if f.Min {
		k = 1
	}
	if f.Sub == 16 {
		k += 2
	}
	return k
}

// flag is 1 for true.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// tileFunc is an assembly tile; its width is part of the name.
type tileFunc func(strip, panel *byte, units int, out *float32, stride, add int)

var tilesAVX512 = [4][13]tileFunc{
	{1: tile32xAVX512n1, 2: tile32xAVX512n2, 4: tile32xAVX512n4, 8: tile32xAVX512n8, 12: tile32xAVX512n12},
	{1: tile32mAVX512n1, 2: tile32mAVX512n2, 4: tile32mAVX512n4, 8: tile32mAVX512n8, 12: tile32mAVX512n12},
	{1: tile16xAVX512n1, 2: tile16xAVX512n2, 4: tile16xAVX512n4, 8: tile16xAVX512n8, 12: tile16xAVX512n12},
	{1: tile16mAVX512n1, 2: tile16mAVX512n2, 4: tile16mAVX512n4, 8: tile16mAVX512n8, 12: tile16mAVX512n12},
}

func tileAVX512(f form, strip, panel *byte, units, cols int, out *float32, stride int, add bool) {
	tilesAVX512[tileKind(f)][cols](strip, panel, units, out, stride, flag(add))
}

var pairsAVX512 = [4]func(strips, panel *byte, units int, out *float32, stride int){
	tile32xAVX512n12p, tile32mAVX512n12p, tile16xAVX512n12p, tile16mAVX512n12p,
}

func pairAVX512(f form, strips, panel *byte, units int, out *float32, stride int) {
	pairsAVX512[tileKind(f)](strips, panel, units, out, stride)
}

var tilesAVXVNNI = [4][5]tileFunc{
	{1: tile32xAVXVNNIn1, 2: tile32xAVXVNNIn2, 4: tile32xAVXVNNIn4},
	{1: tile32mAVXVNNIn1, 2: tile32mAVXVNNIn2, 4: tile32mAVXVNNIn4},
	{1: tile16xAVXVNNIn1, 2: tile16xAVXVNNIn2, 4: tile16xAVXVNNIn4},
	{1: tile16mAVXVNNIn1, 2: tile16mAVXVNNIn2, 4: tile16mAVXVNNIn4},
}

func tileAVXVNNI(f form, strip, panel *byte, units, cols int, out *float32, stride int, add bool) {
	tilesAVXVNNI[tileKind(f)][cols](strip, panel, units, out, stride, flag(add))
}

// The tiles of AVX2 differ by the bits of q too: VPMADDUBSW sums in int16. A routine adds widen of its results, two
// products each, before it widens them to int32, so q may have the bits for which
//
//	widen * 2 * (1<<bits - 1) * 127 < 1<<15
//
// 4 bits with widen 8, 5 with 4, 6 with 2. Signed q of 8 bits (Level.signed8) take a way of their own.
var (
	tiles32x4AVX2 = [5]tileFunc{1: tile32x4AVX2n1, 2: tile32x4AVX2n2, 4: tile32x4AVX2n4}
	tiles32x5AVX2 = [5]tileFunc{1: tile32x5AVX2n1, 2: tile32x5AVX2n2, 4: tile32x5AVX2n4}
	tiles32x8AVX2 = [5]tileFunc{1: tile32x8AVX2n1, 2: tile32x8AVX2n2, 4: tile32x8AVX2n4}
	tiles32m4AVX2 = [5]tileFunc{1: tile32m4AVX2n1, 2: tile32m4AVX2n2, 4: tile32m4AVX2n4}
	tiles32m5AVX2 = [5]tileFunc{1: tile32m5AVX2n1, 2: tile32m5AVX2n2, 4: tile32m5AVX2n4}
	tiles16x6AVX2 = [5]tileFunc{1: tile16x6AVX2n1, 2: tile16x6AVX2n2, 4: tile16x6AVX2n4}
	tiles16m5AVX2 = [5]tileFunc{1: tile16m2AVX2n1, 2: tile16m2AVX2n2, 4: tile16m2AVX2n4}
)

// tilesAVX2 returns the routines whose sums hold the form's products; nil when there are none.
func tilesAVX2(f form) *[5]tileFunc {
	switch {
	case f.Sub == 32 && f.Min && f.Bits <= 4:
		return &tiles32m4AVX2
	case f.Sub == 32 && f.Min && f.Bits <= 5:
		return &tiles32m5AVX2
	case f.Sub == 32 && !f.Min && f.Bits <= 4:
		return &tiles32x4AVX2
	case f.Sub == 32 && !f.Min && f.Bits <= 5:
		return &tiles32x5AVX2
	case f.Sub == 32 && !f.Min && f.Bits == 8:
		return &tiles32x8AVX2
	case f.Sub == 16 && f.Min && f.Bits <= 5:
		return &tiles16m5AVX2
	case f.Sub == 16 && !f.Min && f.Bits <= 6:
		return &tiles16x6AVX2
	}
	return nil
}

func tileAVX2(f form, strip, panel *byte, units, cols int, out *float32, stride int, add bool) {
	tilesAVX2(f)[cols](strip, panel, units, out, stride, flag(add))
}

var tilesSSE2 = [4]tileFunc{tile32xSSE2n1, tile32mSSE2n1, tile16xSSE2n1, tile16mSSE2n1}

func tileSSE2(f form, strip, panel *byte, units, _ int, out *float32, stride int, add bool) {
	tilesSSE2[tileKind(f)](strip, panel, units, out, stride, flag(add))
}

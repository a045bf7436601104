package model

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
)

func buildModel(t testing.TB, b *modeltest.Model, o Options) *Model {
	t.Helper()
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(f, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// TestPeer compares every architecture and kind of rope scaling with llama.cpp. Both cache keys and values in float16,
// which is where the difference comes from.
func TestPeer(t *testing.T) {
	b, err := os.ReadFile("testdata/llamacpp.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]float64
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	for name, build := range modeltest.Peers(Architectures()) {
		if len(want[name]) == 0 {
			t.Errorf("no result for %s; make one with go run ./tools/oracle peer", name)
			continue
		}
		m := buildModel(t, build, Options{Context: 64, Threads: 2})
		if m.Encoder || m.Pooling != PoolNone {
			comparePeerVector(t, m, want[name])
			continue
		}
		s := &sequence{t, m, m.NewCache(CacheF16), 0}
		logits := s.feed(modeltest.PeerIDs...)
		best, _ := argmax(logits)
		sum := 0.0
		for _, l := range logits {
			sum += math.Exp(float64(l - logits[best]))
		}
		if len(logits) != len(want[name]) {
			t.Fatalf("%s: %d logits, want %d", name, len(logits), len(want[name]))
		}
		most := 0.0
		for i, l := range logits {
			most = max(most, math.Abs(float64(l-logits[best])-math.Log(sum)-want[name][i]))
		}
		if most > 0.005 {
			t.Errorf("%s: log probabilities differ by up to %.5f", name, most)
		}
	}
}

// comparePeerVector compares the embedding of the text.
func comparePeerVector(t *testing.T, m *Model, want []float64) {
	got, err := m.Embed(t.Context(), modeltest.PeerIDs, PoolNone)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d elements, want %d", len(got), len(want))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= 0.002) { // llama.cpp looks GELU up in a table
			t.Fatalf("element %d of the vector is %v, want %v", i, got[i], w)
		}
	}
}

// TestPooling compares poolings with each other, for an encoder and a decoder.
func TestPooling(t *testing.T) {
	for _, arch := range []string{"bert", "llama"} {
		m := buildModel(t, &modeltest.Model{Arch: arch}, Options{Context: 64, Threads: 2})
		embed := func(ids []int32, p Pooling) []float32 {
			v, err := m.Embed(t.Context(), ids, p)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		one := modeltest.PeerIDs[:1]
		if a, b, c := embed(one, PoolMean), embed(one, PoolCLS), embed(one, PoolLast); !slices.Equal(a, b) || !slices.Equal(a, c) {
			t.Errorf("%s: poolings of one token differ", arch)
		}
		if a, b := embed(modeltest.PeerIDs, PoolNone), embed(modeltest.PeerIDs, PoolMean); !slices.Equal(a, b) {
			t.Errorf("%s: the mean is not the default", arch)
		}
		if a, b := embed(modeltest.PeerIDs, PoolCLS), embed(modeltest.PeerIDs, PoolLast); slices.Equal(a, b) {
			t.Errorf("%s: first and last token are the same", arch)
		}
		if _, err := m.Embed(t.Context(), nil, PoolMean); !errors.Is(err, ErrToken) {
			t.Errorf("%s: no tokens: %v", arch, err)
		}
		if _, err := m.Embed(t.Context(), make([]int32, 65), PoolMean); !errors.Is(err, ErrContext) {
			t.Errorf("%s: too many tokens: %v", arch, err)
		}
		if _, err := m.Embed(t.Context(), one, 4); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: unknown pooling: %v", arch, err)
		}
	}
	m := buildModel(t, &modeltest.Model{Arch: "bert"}, Options{})
	if _, err := m.Forward(nil, []Token{{ID: 1, Cache: m.NewCache(CacheF16)}}); !errors.Is(err, ErrArch) {
		t.Errorf("text from an encoder: %v", err)
	}
}

// TestSequences computes several sequences in one batch and wants what each gives alone, to the bit.
func TestSequences(t *testing.T) {
	for _, arch := range append([]string{"qwen3moe"}, hybrids...) {
		testSequences(t, buildModel(t, &modeltest.Model{Arch: arch}, Options{Context: 64, Threads: 2}))
	}
}

func testSequences(t *testing.T, m *Model) {
	texts := [][]int32{{1, 260, 270}, {1, 280, 261, 290, 262}, {1, 275}}
	var alone [][]float32
	for _, ids := range texts {
		s := &sequence{t, m, m.NewCache(CacheF16), 0}
		alone = append(alone, s.feed(ids...))
	}
	var batch []Token
	for i, ids := range texts {
		c := m.NewCache(CacheF16)
		for pos, id := range ids {
			batch = append(batch, Token{ID: id, Pos: pos, Cache: c, Logits: pos == len(texts[i])-1})
		}
	}
	l := forward(t, m, batch)
	for i := range texts {
		for j, want := range alone[i] {
			if got := l[i*m.Vocab+j]; got != want {
				t.Fatalf("%s: sequence %d, logit %d is %v in a batch, %v alone", m.Arch, i, j, got, want)
			}
		}
	}
}

// TestShift shifts a cache and compares with a sequence that never had the forgotten tokens but for what they left in
// the values: with one layer there is nothing left, so the result must be the same but for rounding.
func TestShift(t *testing.T) {
	for _, arch := range []string{"llama", "qwen3", "phi3", "starcoder2"} {
		b := &modeltest.Model{Arch: arch, Few: 1}
		m := buildModel(t, b, Options{Context: 64})
		ids := modeltest.PeerIDs
		const keep, drop = 3, 7
		s := &sequence{t, m, m.NewCache(CacheF32), 0}
		s.feed(ids[:19]...)
		if err := m.Shift(s.cache, keep, drop, 19); err != nil {
			t.Fatal(err)
		}
		s.pos -= drop
		got := s.feed(ids[19])
		fresh := &sequence{t, m, m.NewCache(CacheF32), 0}
		fresh.feed(append(append([]int32{}, ids[:keep]...), ids[keep+drop:19]...)...)
		want := fresh.feed(ids[19])
		if _, most := golden.Distance(got, want); most > 1e-4 {
			t.Errorf("%s: logits differ by %g", arch, most)
		}
		if err := m.Shift(s.cache, 3, 30, 13); err == nil {
			t.Errorf("%s: more can be dropped than there is", arch)
		}
	}
}

// TestUnused: a tensor no part of the network asks for means something that would not be computed.
func TestUnused(t *testing.T) {
	for name, c := range map[string]*modeltest.Model{
		"rope_factors_long.weight": {Arch: "gemma3", LongRope: true},
		"blk.5.attn_norm.weight":   {Arch: "llama", Keys: map[string]any{"llama.block_count": 5}},
	} {
		data, err := c.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		f, err := gguf.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(f, Options{}); !errors.Is(err, ErrTensor) || !strings.Contains(err.Error(), strconv.Quote(name)) {
			t.Errorf("%v; want %v and %q", err, ErrTensor, name)
		}
	}
}

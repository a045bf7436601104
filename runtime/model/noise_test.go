package model

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
	"github.com/llamaboot/llamaboot/runtime/compute"
)

// Multiplying quantised weights rounds the activations to 8 bits, in llama.cpp and here, so both are off the exact
// logits by some noise. At a single position the noise of two correct programs differs by a factor of two and more
// either way: one activation at the edge between two integers decides. What a program can be held to is its noise over
// many positions. testdata/noise.json has llama.cpp's over the text of each golden file, measured by
//
//	go run ./tools/oracle noise
const (
	noiseFile = "testdata/noise.json"
	noiseBar  = 1.1 // times llama.cpp's noise
)

// noise is the distance of logits to the exact ones over the positions of a text.
type noise struct {
	RMS    float64 `json:"rms"`    // over all positions
	Median float64 `json:"median"` // of the positions' rms
}

func noiseOf(got, exact []float32, vocab int) noise {
	var each []float64
	sum := 0.0
	for i := 0; i < len(exact); i += vocab {
		rms, _ := golden.Distance(got[i:i+vocab], exact[i:i+vocab])
		each = append(each, rms)
		sum += rms * rms
	}
	slices.Sort(each)
	return noise{math.Sqrt(sum / float64(len(each))), each[len(each)/2]}
}

// textLogits are the logits at every position of ids [len(ids), vocab].
func textLogits(t testing.TB, m *Model, ids []int32) []float32 {
	t.Helper()
	c := m.NewCache(CacheF32)
	toks := make([]Token, len(ids))
	for i, id := range ids {
		toks[i] = Token{ID: id, Pos: i, Cache: c, Logits: true}
	}
	return forward(t, m, toks)
}

// quantisedModels are the golden files whose weights are multiplied as integers.
func quantisedModels(t testing.TB) []golden.Model {
	return slices.DeleteFunc(golden.Models(t), golden.Model.Float)
}

// everyForm has files of every form of weights the kernels know (compute.form), for the slow levels.
var everyForm = []string{"demo", "stories260K-Q4_0", "t-llama-Q4_1", "t-llama-Q5_0", "t-llama-Q8_0", "t-llama-Q2_K", "t-llama-Q6_K", "t-llama-IQ4_XS"}

// TestNoise wants no more noise than 1.1 times llama.cpp's from every quantised file at every instruction-set level.
// The number of threads never changes a result, which TestThreads of the engine wants bit by bit.
func TestNoise(t *testing.T) {
	if dir := os.Getenv("LLAMABOOT_PEER_LOGITS"); dir != "" {
		measurePeer(t, dir)
	}
	theirs := map[string]noise{}
	b, err := os.ReadFile(noiseFile)
	if err == nil {
		err = json.Unmarshal(b, &theirs)
	}
	if err != nil {
		t.Fatal(err)
	}
	exact := map[string][]float32{}
	for _, l := range compute.Levels() {
		level := l.String()
		for _, file := range quantisedModels(t) {
			name := file.Name
			peer, known := theirs[name]
			if !known {
				t.Logf("%s: llama.cpp's noise was not measured", name)
				continue
			}
			if slow := level == "generic" || level == "sse2"; slow && !matrix && !slices.Contains(everyForm, name) {
				continue
			}
			ids := file.Own(t).PPLTokens
			if exact[name] == nil {
				exact[name] = textLogits(t, openModel(t, file.File, Options{Threads: 2, Context: 512}), ids)
			}
			m := openModel(t, file.File, Options{Threads: 2, Context: 512, Level: level, keepQuantised: true})
			ours := noiseOf(textLogits(t, m, ids), exact[name], m.Vocab)
			t.Logf("%-12s %-20s rms %.4f, %.2f of llama.cpp's; median %.4f, %.2f", level, name,
				ours.RMS, ours.RMS/peer.RMS, ours.Median, ours.Median/peer.Median)
			// Where a router chooses another expert the logits are others altogether; one such position decides the
			// mean of all, so models with experts are held to the median.
			if ours.Median > noiseBar*peer.Median || m.Experts == 0 && ours.RMS > noiseBar*peer.RMS {
				t.Errorf("%s, %s: noise is %+v, want at most %g times llama.cpp's %+v", level, name, ours, noiseBar, peer)
			}
		}
	}
}

// measurePeer writes testdata/noise.json from llama.cpp's logits, dir/NAME.f32: [len(ids), vocab] of the golden text.
func measurePeer(t *testing.T, dir string) {
	theirs := map[string]noise{}
	for _, file := range quantisedModels(t) {
		name := file.Name
		m := openModel(t, file.File, Options{Threads: 2, Context: 512})
		exact := textLogits(t, m, file.Own(t).PPLTokens)
		b, err := os.ReadFile(filepath.Join(dir, name+".f32"))
		if err != nil || len(b) != 4*len(exact) {
			t.Fatalf("%s: %d bytes of llama.cpp's logits, want %d: %v", name, len(b), 4*len(exact), err)
		}
		theirs[name] = noiseOf(golden.Float32s(b), exact, m.Vocab)
	}
	b, err := json.MarshalIndent(theirs, "", "  ")
	if err == nil {
		err = os.WriteFile(noiseFile, append(b, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

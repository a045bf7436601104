// Package golden finds models whose answers llama.cpp has computed, for tests.
//
// The repository has the demo model with its answers in testdata/golden, made by tools/oracle. Many more lie beside the
// module in ../shared/data where that folder exists; they only add cases.
package golden

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Answer is what llama.cpp computed for a model: one thread, F32 keys and values, no flash attention.
type Answer struct {
	Vocab        int `json:"n_vocab"`
	Prompt       string
	PromptTokens []int32   `json:"prompt_tokens"`
	Greedy       []int32   // ids after the prompt
	Gap          []float64 `json:"greedy_top2_gap"` // of the logit of each greedy id to the runner-up's
	Text         string    `json:"greedy_text"`
	PPLTokens    []int32   `json:"ppl_tokens"`
	NLL          float64   `json:"nll_mean"` // mean over PPLTokens[1:] of -ln p(token)

	Logits []float32 `json:"-"` // after the prompt, [Vocab]
}

// Model is a GGUF file with answers.
type Model struct {
	Name    string // file name without .gguf
	File    string
	answers string // path of the answers without ending
}

// refused are the models whose network or weight type is not supported yet, by the start of their names: opening one
// must fail with an error that names what is missing. Whoever adds the support removes the line.
var refused = []string{
	"t-bitnet", "t-deepseek2", "t-falcon-h1", "t-granitehybrid", "t-iq-IQ", "t-mamba",
	"t-nemotron_h",
}

// Refused reports whether opening the model must fail.
func (m Model) Refused() bool {
	for _, r := range refused {
		if strings.HasPrefix(m.Name, r) {
			return true
		}
	}
	return false
}

// Trained reports whether the model was trained: its best token leads by more than rounding.
func (m Model) Trained() bool { return strings.HasPrefix(m.Name, "stories") }

// Float reports whether the weights are floating-point numbers, so that llama.cpp's own answers are exact.
func (m Model) Float() bool {
	return strings.HasSuffix(m.Name, "F32") || strings.HasSuffix(m.Name, "F16")
}

// root is the module's folder as seen from the package under test.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the package under test")
		}
	}
}

// Shared is the path of a folder of ../shared/data, which may not exist.
func Shared(t testing.TB, folder string) string {
	t.Helper()
	return filepath.Join(root(t), "..", "shared", "data", folder)
}

// All returns the models of the repository and of ../shared/data, refused ones included, in order of their names.
func All(t testing.TB) (models []Model) {
	t.Helper()
	own := filepath.Join(root(t), "testdata")
	add := func(dir, answers string) {
		files, err := filepath.Glob(filepath.Join(dir, "*.gguf"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := strings.TrimSuffix(filepath.Base(f), ".gguf")
			models = append(models, Model{Name: name, File: f, answers: filepath.Join(answers, name)})
		}
	}
	add(own, filepath.Join(own, "golden"))
	if len(models) == 0 {
		t.Fatalf("no models in %s", own)
	}
	add(Shared(t, "models"), Shared(t, "golden"))
	return models
}

// Models returns the models of All that can be opened.
func Models(t testing.TB) (models []Model) {
	t.Helper()
	for _, m := range All(t) {
		if !m.Refused() {
			models = append(models, m)
		}
	}
	return models
}

// Own returns llama.cpp's answer for the file as it is.
func (m Model) Own(t testing.TB) *Answer { return read(t, m.answers) }

// Exact returns the answer for the same weights in F32, which is the exact one: with other weights llama.cpp rounds
// activations.
func (m Model) Exact(t testing.TB) *Answer {
	t.Helper()
	if strings.HasSuffix(m.Name, "F32") {
		return m.Own(t)
	}
	return read(t, m.answers+".deq")
}

// Positions returns the exact logits after every token of the prompt [tokens, Vocab], nil where they were not computed.
func (m Model) Positions(t testing.TB) []float32 {
	t.Helper()
	base := m.answers
	if !strings.HasSuffix(m.Name, "F32") {
		base += ".deq"
	}
	b, err := os.ReadFile(base + ".all.f32")
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return Float32s(b)
}

func read(t testing.TB, base string) *Answer {
	t.Helper()
	b, err := os.ReadFile(base + ".json")
	if err != nil {
		t.Fatal(err)
	}
	a := &Answer{}
	if err := json.Unmarshal(b, a); err != nil {
		t.Fatalf("%s.json: %v", base, err)
	}
	if b, err = os.ReadFile(base + ".logits.f32"); err != nil {
		t.Fatal(err)
	}
	a.Logits = Float32s(b)
	if len(a.Logits) != a.Vocab || len(a.Gap) != len(a.Greedy) || len(a.PromptTokens) == 0 {
		t.Fatalf("%s: %d logits of %d, %d gaps of %d ids", base, len(a.Logits), a.Vocab, len(a.Gap), len(a.Greedy))
	}
	return a
}

// Float32s decodes little-endian float32 numbers.
func Float32s(b []byte) (x []float32) {
	for ; len(b) >= 4; b = b[4:] {
		x = append(x, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return x
}

// Distance returns the root mean square and the largest of the absolute differences of two vectors of one length.
func Distance(a, b []float32) (rms, most float64) {
	if len(a) != len(b) {
		return math.Inf(1), math.Inf(1)
	}
	for i := range a {
		d := math.Abs(float64(a[i]) - float64(b[i]))
		rms += d * d
		most = max(most, d)
	}
	return math.Sqrt(rms / float64(len(a))), most
}

// TypeAnswer is what ggml makes of Source in one weight type.
type TypeAnswer struct {
	Name   string // in lower case but for the K of k-quants
	ID     uint32 // of enum ggml_type
	Blocks []byte
	Values []float32 // of Blocks
}

// Types returns rows of 256 numbers and what ggml makes of them in every weight type (tools/oracle types).
func Types(t testing.TB) (source []float32, types []TypeAnswer) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), "testdata", "golden", "ggml.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Source []byte
		Types  []struct {
			Name           string
			ID             uint32
			Blocks, Values []byte
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	source = Float32s(file.Source)
	for _, x := range file.Types {
		types = append(types, TypeAnswer{x.Name, x.ID, x.Blocks, Float32s(x.Values)})
		if n := len(types[len(types)-1].Values); n != len(source) || n == 0 {
			t.Fatalf("%s: %d values of %d", x.Name, n, len(source))
		}
	}
	return source, types
}

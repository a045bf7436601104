package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// peer is what llama.cpp computed for a model.
type peer struct {
	Prompt string
	Tokens []int32   `json:"prompt_tokens"`
	Greedy []int32   // ids after the prompt
	Gap    []float64 `json:"greedy_top2_gap"` // of each to the runner-up

	logits []float32 // after the prompt
}

func readPeer(t *testing.T, base string) *peer {
	t.Helper()
	b, err := os.ReadFile(base + ".json")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{}
	if err := json.Unmarshal(b, p); err != nil {
		t.Fatal(err)
	}
	if b, err = os.ReadFile(base + ".logits.f32"); err != nil {
		t.Fatal(err)
	}
	p.logits = float32s(b)
	return p
}

func float32s(b []byte) (x []float32) {
	for ; len(b) >= 4; b = b[4:] {
		x = append(x, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return x
}

// distance returns the root mean square and the largest of the differences.
func distance(a, b []float32) (rms, most float64) {
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

// verb runs a command line and returns what it prints.
func verb(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), args, &stdout, &stderr); code != exitOK {
		t.Fatalf("%v: status %d: %s", args, code, stderr.String())
	}
	return stdout.String()
}

// TestGolden asks the verbs what llama.cpp was asked about every model in ../shared/data: ids of the prompt, logits
// after it, ids that follow. With LLAMABOOT_MATRIX set it does so at every instruction-set level with 1, 2 and 4
// threads and all of them; the logits must be the same bytes then.
func TestGolden(t *testing.T) {
	const data = "../../../shared/data/"
	files, _ := filepath.Glob(data + "models/*.gguf")
	if len(files) == 0 {
		t.Skip("no ../shared/data/models beside the module; the tests of runtime/model and runtime/engine cover the same code")
	}
	was := compute.Level()
	defer compute.SetLevel(was)
	levels, threads := []string{was}, []string{"0"}
	if os.Getenv("LLAMABOOT_MATRIX") != "" {
		levels, threads = compute.Levels(), []string{"0", "1", "2", "4"}
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".gguf")
		own := readPeer(t, data+"golden/"+name)
		exact := own
		if !strings.HasSuffix(name, "F32") {
			exact = readPeer(t, data+"golden/"+name+".deq") // for the same weights in F32
		}
		noise, _ := distance(own.logits, exact.logits)
		bar := 5e-3
		if strings.HasPrefix(name, "t-gemma") {
			bar = 1e-2 // llama.cpp looks GELU up in a table of binary16
		}
		prompt := filepath.Join(t.TempDir(), "prompt")
		if err := os.WriteFile(prompt, []byte(own.Prompt), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := ids(t, verb(t, "tokenize", file, "--file", prompt)); !slices.Equal(got, own.Tokens) {
			t.Errorf("%s: prompt is %v, want %v", name, got, own.Tokens)
		}
		for _, level := range levels {
			t.Setenv("LLAMABOOT_CPU", level)
			var first []byte
			for _, n := range threads {
				out := filepath.Join(t.TempDir(), "out.f32")
				verb(t, "logits", file, "--ids", strings.Trim(fmt.Sprint(own.Tokens), "[]"), "-t", n, "-o", out)
				b, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = b
				}
				if !bytes.Equal(b, first) {
					t.Errorf("%s, %s, %s threads: logits differ from those of %s threads", name, level, n, threads[0])
				}
				rms, most := distance(float32s(b), exact.logits)
				quantised := !strings.HasSuffix(name, "F32") && !strings.HasSuffix(name, "F16")
				if !quantised && most > bar || quantised && rms > 1.1*noise {
					t.Errorf("%s, %s: logits are off by rms %g, max %g; llama.cpp by rms %g", name, level, rms, most, noise)
				}
			}
			greedy(t, name+", "+level, exact, ids(t, verb(t, "run", file, "--cli", "--ids", "-p", own.Prompt,
				"-n", strconv.Itoa(len(exact.Greedy)), "--temp", "0", "--ignore-eos")))
		}
	}
}

// greedy wants the ids llama.cpp chose for the exact weights up to the first that leads by less than what keys and
// values in binary16 move logits by, and all of them from the trained model.
func greedy(t *testing.T, name string, want *peer, got []int32) {
	t.Helper()
	const noise = 0.05
	if len(got) != len(want.Greedy) {
		t.Errorf("%s: %d ids, want %d", name, len(got), len(want.Greedy))
		return
	}
	for i, id := range got {
		if id == want.Greedy[i] {
			continue
		}
		if want.Gap[i] > noise || strings.HasPrefix(name, "stories") {
			t.Errorf("%s: greedy id %d is %d, want %d, which leads by %g", name, i, id, want.Greedy[i], want.Gap[i])
		}
		return
	}
}

func ids(t *testing.T, s string) []int32 {
	t.Helper()
	l, err := parseIDs(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

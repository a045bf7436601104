package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
	"github.com/llamaboot/llamaboot/runtime/compute"
)

// verb runs a command line and returns what it prints.
func verb(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), args, &stdout, &stderr); code != exitOK {
		t.Fatalf("%v: status %d: %s", args, code, stderr.String())
	}
	return stdout.String()
}

// TestGolden asks the verbs what llama.cpp was asked about every model it has computed: ids of the prompt, logits
// after it, ids that follow. With LLAMABOOT_MATRIX set it does so at every instruction-set level with 1, 2 and 4
// threads and all of them; the logits must be the same bytes then.
func TestGolden(t *testing.T) {
	levels, threads := compute.Levels(), []string{"0"}
	levels = levels[len(levels)-1:]
	if os.Getenv("LLAMABOOT_MATRIX") != "" {
		levels, threads = compute.Levels(), []string{"0", "1", "2", "4"}
	}
	for _, m := range golden.Models(t) {
		name, file := m.Name, m.File
		own, exact := m.Own(t), m.Exact(t)
		noise, _ := golden.Distance(own.Logits, exact.Logits)
		bar := 5e-3
		if strings.HasPrefix(name, "t-gemma") {
			bar = 1e-2 // llama.cpp looks GELU up in a table of binary16
		}
		if strings.HasPrefix(name, "t-gemma4") {
			bar = 3e-2 // whose weights magnify that
		}
		prompt := filepath.Join(t.TempDir(), "prompt")
		if err := os.WriteFile(prompt, []byte(own.Prompt), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := ids(t, verb(t, "tokenize", file, "--file", prompt)); !slices.Equal(got, own.PromptTokens) {
			t.Errorf("%s: prompt is %v, want %v", name, got, own.PromptTokens)
		}
		for _, level := range levels {
			t.Setenv("LLAMABOOT_CPU", level.String())
			var first []byte
			for _, n := range threads {
				out := filepath.Join(t.TempDir(), "out.f32")
				verb(t, "logits", file, "--ids", strings.Trim(fmt.Sprint(own.PromptTokens), "[]"), "-t", n, "-o", out)
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
				rms, most := golden.Distance(golden.Float32s(b), exact.Logits)
				if m.Float() && most > bar || !m.Float() && rms > 1.1*noise {
					t.Errorf("%s, %s: logits are off by rms %g, max %g; llama.cpp by rms %g", name, level, rms, most, noise)
				}
			}
			greedy(t, m, level.String(), exact, ids(t, verb(t, "run", file, "--cli", "--ids", "-p", own.Prompt,
				"-n", strconv.Itoa(len(exact.Greedy)), "--temp", "0", "--ignore-eos")))
		}
	}
}

// greedy wants the ids llama.cpp chose for the exact weights up to the first that leads by less than what keys and
// values in binary16 move logits by, and all of them from the trained model.
func greedy(t *testing.T, m golden.Model, level string, want *golden.Answer, got []int32) {
	t.Helper()
	const noise = 0.05
	if len(got) != len(want.Greedy) {
		t.Errorf("%s, %s: %d ids, want %d", m.Name, level, len(got), len(want.Greedy))
		return
	}
	for i, id := range got {
		if id == want.Greedy[i] {
			continue
		}
		if want.Gap[i] > noise || m.Trained() {
			t.Errorf("%s, %s: greedy id %d is %d, want %d, which leads by %g", m.Name, level, i, id, want.Greedy[i], want.Gap[i])
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

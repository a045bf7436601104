package app

import (
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/selftest"
)

func TestSelftest(t *testing.T) {
	model := demo(t)
	e, err := engine.Open("demo.gguf", model, engine.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	golden, err := selftest.Record(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := (&format.Manifest{Members: []format.RecordedMember{{Name: "demo.gguf", Golden: &golden}}}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--selftest", "--cli", "-p", "Once", "-n", "1", "--temp", "0"}
	good := files{"demo.gguf": string(model), format.ManifestName: string(manifest)}
	out, stderr := newWorld(t, good, "", args...).run(t, ExitOK)
	if !strings.Contains(stderr, "self-test: passed: Q8_0 at level ") || !strings.Contains(stderr, "CRC-32 of 1.1 MB of weights, ") ||
		!strings.Contains(stderr, " recorded tokens\n") || len(out) < 2 {
		t.Errorf("stdout %q, stderr %q", out, stderr)
	}
	_, stderr = newWorld(t, files{"demo.gguf": string(model)}, "", args...).run(t, ExitOK)
	if !strings.Contains(stderr, "no tokens were recorded for this model") {
		t.Errorf("without a record: %q", stderr)
	}
	bad := files{"demo.gguf": string(model), "llamaboot.json": strings.Replace(string(manifest), `"ids": "`, `"ids": "1 `, 1)}
	out, stderr = newWorld(t, bad, "", args...).run(t, ExitFailure)
	if !strings.Contains(stderr, "self-test: FAILED: this machine computes wrongly: after \"Once upon a time\" and 0 recorded tokens the model wants") || out != "" {
		t.Errorf("other tokens: stdout %q, stderr %q", out, stderr)
	}
	// One bit of the weights, as bad memory or a damaged file changes it: the archive's checksum is the right one's.
	w := newWorld(t, good, "", args...)
	damaged := []byte(w.image)
	damaged[strings.Index(w.image, string(model[len(model)-4096:]))+5] ^= 1
	w.OpenSelf = openImage(string(damaged))
	if _, stderr = w.run(t, ExitFailure); !strings.Contains(stderr, "self-test: FAILED: the weights of demo.gguf in memory have CRC-32") {
		t.Errorf("a flipped bit: %q", stderr)
	}
	broken := files{"demo.gguf": string(model), "llamaboot.json": "{"}
	if _, stderr = newWorld(t, broken, "", args...).run(t, ExitFailure); !strings.Contains(stderr, "member llamaboot.json") {
		t.Errorf("a broken manifest: %q", stderr)
	}
}

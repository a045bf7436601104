//go:build unix

package engine

import (
	"context"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/sample"
)

// What a small file may cost, however damaged: an undamaged one takes a thousandth of the time and two megabytes.
const (
	mostTime   = 2 * time.Second // of processor
	mostMemory = 100 << 20       // bytes allocated, freed or not
)

// cost is the processor time and the memory taken since the process began.
func cost(t testing.TB) (cpu time.Duration, allocated uint64) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return time.Duration(r.Utime.Nano()), s[0].Value.Uint64()
}

// FuzzOpen feeds damaged models (damage_test.go): what opens must tokenize, render a chat, compute, sample and embed
// without a panic, and all of it in bounded time and memory; errors name the file.
func FuzzOpen(f *testing.F) {
	var models []parts
	values := encoded(f, badValues())
	for i, arch := range model.Architectures() {
		models = append(models, smallParts(f, arch))
		f.Add(uint8(i), []byte{})
	}
	everything := sample.Params{Temp: 0.8, TopK: 40, TopP: 0.9, MinP: 0.05, TypicalP: 0.9, TopNSigma: 2, XTCProbability: 0.5, XTCThreshold: 0.1,
		RepeatPenalty: 1.1, FrequencyPenalty: 0.1, PresencePenalty: 0.1, RepeatLastN: 64, DRYMultiplier: 0.8, Seed: 1}
	f.Fuzz(func(t *testing.T, arch uint8, script []byte) {
		script = script[:min(len(script), 64)] // with more the fuzzer would spend its time on shortening
		p := models[int(arch)%len(models)]
		for _, l := range []*[]string{&p.texts, &p.merges} {
			*l = slices.Clone(*l)
		}
		p.keys, p.tensors, p.kinds, p.scores = slices.Clone(p.keys), slices.Clone(p.tensors), slices.Clone(p.kinds), slices.Clone(p.scores)
		p.damage(script, values)
		cpu, mem := cost(t)
		use(t, &p, everything)
		cpu2, mem2 := cost(t)
		if cpu2-cpu > mostTime || mem2-mem > mostMemory {
			t.Errorf("took %v and %d MiB, want at most %v and %d MiB", cpu2-cpu, (mem2-mem)>>20, mostTime, mostMemory>>20)
		}
	})
}

// use does with a model what programs do.
func use(t *testing.T, p *parts, params sample.Params) {
	const name = "fuzz.gguf"
	named := func(err error) {
		if err != nil && !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("error without the file: %v", err)
		}
	}
	e, err := Open(name, p.file(t), Options{Threads: 1})
	if err != nil {
		named(err)
		return
	}
	defer e.Close()
	e.Info()
	s, err := e.NewSession()
	if err != nil {
		t.Error(err)
		return
	}
	ids := e.Tokenize(p.prompt, true, true)
	d := e.Detokenizer()
	for _, id := range ids {
		d.Add(id)
	}
	ids = ids[:min(len(ids), 8)]
	ctx, emit := context.Background(), func(int32, string) error { return nil }
	s.Generate(ctx, ids, Params{N: 2, Shift: true}, emit)
	s.Generate(ctx, ids, Params{N: 2, Params: params, Shift: true}, emit)
	e.Embed(context.Background(), ids, model.PoolNone)
	_, err = e.ChatPrompt([]chat.Message{{Role: "system", Content: "s"}, {Role: "user", Content: "x"}, {Role: "assistant", Content: "y"}, {Role: "user", Content: "z"}}, true)
	named(err)
}

package app

import (
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/selftest"
)

// selftest is --selftest: kernels, weights as they lie in memory, and the recorded tokens. The verdict is one line on
// standard error; an error says what was wrong and ends the program.
func (p *program) selftest(e *engine.Engine, m *loadedModel) error {
	verdict, err := p.runSelftest(e, m)
	if err != nil {
		return fmt.Errorf("self-test: FAILED: %w", err)
	}
	fmt.Fprintf(p.Stderr, "self-test: passed: %s\n", verdict)
	return nil
}

func (p *program) runSelftest(e *engine.Engine, m *loadedModel) (verdict string, err error) {
	r, err := selftest.Kernels(e.File(), p.level)
	if err != nil {
		return "", err
	}
	cpus := "1 CPU"
	if r.CPUs != 1 {
		cpus = fmt.Sprintf("%d CPUs", r.CPUs)
	}
	parts := []string{fmt.Sprintf("%s at level %s on %s", strings.Join(r.Types, " "), r.Level, cpus)}
	if want, ok := m.file.Checksum(m.name); ok {
		if got := crc32.ChecksumIEEE(m.data); got != want {
			return "", fmt.Errorf("the weights of %s in memory have CRC-32 %08x, want %08x: bad memory, or the file is damaged (llamaboot verify tells)", m.name, got, want)
		}
		parts = append(parts, fmt.Sprintf("CRC-32 of %.1f MB of weights", float64(len(m.data))/1e6))
	}
	golden, err := m.file.Golden(m.name)
	if err != nil {
		return "", err
	}
	if golden == nil {
		return strings.Join(append(parts, "no tokens were recorded for this model (llamaboot build --golden does)"), ", "), nil
	}
	ctx, stop := p.interruptible()
	defer stop()
	n, err := selftest.CheckGolden(ctx, e, golden)
	if err != nil {
		return "", err
	}
	return strings.Join(append(parts, fmt.Sprintf("%d recorded tokens", n)), ", "), nil
}

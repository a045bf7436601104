package block

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/block/blocktest"
)

// TestPatienceEnds: firmware that takes long for every failure is not asked to the last block.
func TestPatienceEnds(t *testing.T) {
	for took, want := range map[time.Duration]struct {
		reads int
		text  string
	}{
		// 4 blocks at a time, of which number 2 is bad: 4, then 1, 1, and 3 times the bad one.
		time.Millisecond: {6, "512 bytes at disk offset 1024"},
		// The first failure alone uses all patience up.
		time.Minute: {1, "2048 bytes at disk offset 0"},
	} {
		m := &blocktest.Memory{Data: make([]byte, 64<<10), Block: 512, Most: 4, Bad: 2}
		clock := time.Unix(0, 0)
		p := Patient(m, nil).(*patient)
		p.now = func() time.Time { clock = clock.Add(took); return clock }
		err := p.ReadBlocks(0, make([]byte, 4096))
		if !errors.Is(err, blocktest.ErrBad) || !strings.Contains(err.Error(), want.text) || m.Reads != want.reads {
			t.Errorf("failures of %v: %d reads, %v; want %d, %q", took, m.Reads, err, want.reads, want.text)
		}
	}
}

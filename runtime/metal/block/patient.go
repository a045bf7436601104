package block

import (
	"fmt"
	"time"
)

const (
	// patientTries is how often a single block is read before its error counts.
	patientTries = 3
	// patience bounds the repetitions after a failure: some firmware takes half a minute for each.
	patience = 20 * time.Second
)

// Patient returns b with errors forgiven that need not be the medium's: a read that fails is repeated with fewer blocks
// at a time, which is how b is read from then on, and at last several times with one. again, if not nil, is called
// after each failure.
func Patient(b Device, again func()) Device {
	return &patient{Device: b, most: b.MaxBlocks(), again: again, now: time.Now}
}

type patient struct {
	Device
	most  int
	again func()
	now   func() time.Time
}

// ReadBlocks implements Device.
func (p *patient) ReadBlocks(lba uint64, b []byte) error {
	size := p.BlockSize()
	var since time.Time // the failure that is being dealt with; zero: none
	for tries := 0; len(b) > 0; {
		n := min(len(b)/size, p.most)
		before := p.now()
		err := p.Device.ReadBlocks(lba, b[:n*size])
		if err == nil {
			lba, b, tries = lba+uint64(n), b[n*size:], 0
			continue
		}
		if since.IsZero() {
			since = before
		}
		if n == 1 {
			tries++
		}
		if tries == patientTries || p.now().Sub(since) > patience {
			return fmt.Errorf("%d bytes at disk offset %d: %w", n*size, lba*uint64(size), err)
		}
		if p.again != nil {
			p.again()
		}
		p.most = max(n/8, 1)
	}
	return nil
}

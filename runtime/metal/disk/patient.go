package disk

import "fmt"

// patientTries is how often a single block is read before its error counts.
const patientTries = 3

// Patient returns b with errors forgiven that need not be the medium's: a read that fails is repeated with fewer blocks
// at a time, which is how b is read from then on, and at last several times with one. again, if not nil, is called
// after each failure.
func Patient(b Blocks, again func()) Blocks {
	return &patient{Blocks: b, most: b.MaxBlocks(), again: again}
}

type patient struct {
	Blocks
	most  int
	again func()
}

// ReadBlocks implements Blocks.
func (p *patient) ReadBlocks(lba uint64, b []byte) error {
	size := p.BlockSize()
	for tries := 0; len(b) > 0; {
		n := min(len(b)/size, p.most)
		err := p.Blocks.ReadBlocks(lba, b[:n*size])
		if err == nil {
			lba, b, tries = lba+uint64(n), b[n*size:], 0
			continue
		}
		if p.again != nil {
			p.again()
		}
		if n > 1 {
			p.most = max(n/8, 1)
			continue
		}
		if tries++; tries == patientTries {
			return fmt.Errorf("%d bytes at disk offset %d: %w", size, lba*uint64(size), err)
		}
	}
	return nil
}

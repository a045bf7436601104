// Package blocktest fakes disks for tests: what they hold, and a device that holds it.
package blocktest

import (
	"errors"
)

// Pattern is what sector-like test disks hold: byte i of the disk.
func Pattern(i uint64) byte { return byte(i ^ i>>9*7 ^ i>>17) }

// Fill makes b the bytes of such a disk from off on.
func Fill(b []byte, off uint64) {
	for i := range b {
		b[i] = Pattern(off + uint64(i))
	}
}

// Wrong returns the index of the first byte of b that is not the disk's, or -1.
func Wrong(b []byte, off uint64) int {
	for i := range b {
		if b[i] != Pattern(off+uint64(i)) {
			return i
		}
	}
	return -1
}

// ErrBad is the error of Memory's bad block.
var ErrBad = errors.New("medium error")

// Memory is a disk in memory. It panics at reads that break the rules of block.Device.
type Memory struct {
	Data  []byte
	Block int    // bytes
	Most  int    // blocks of one read
	Bad   uint64 // block that cannot be read; 0: none
	Reads int    // calls of ReadBlocks
}

// BlockSize implements block.Device.
func (m *Memory) BlockSize() int { return m.Block }

// MaxBlocks implements block.Device.
func (m *Memory) MaxBlocks() int { return m.Most }

// Name implements block.Device.
func (m *Memory) Name() string { return "fake" }

// ReadBlocks implements block.Device.
func (m *Memory) ReadBlocks(lba uint64, b []byte) error {
	m.Reads++
	n := uint64(len(b) / m.Block)
	if len(b)%m.Block != 0 || n > uint64(m.Most) {
		panic("not whole blocks, or too many")
	}
	if m.Bad != 0 && lba <= m.Bad && m.Bad < lba+n || (lba+n)*uint64(m.Block) > uint64(len(m.Data)) {
		return ErrBad
	}
	copy(b, m.Data[lba*uint64(m.Block):])
	return nil
}

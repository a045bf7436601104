// Package block reads disks: Device is a disk that reads whole blocks, through a driver of
// ours or the firmware; Disk is the Device that keeps several reads of a Controller in
// flight, so that a driver has only to write down one request; Patient repeats reads of a
// Device that fails now and then. Package blocktest fakes disks.
//
// Reads only: the core writes to no disk. No Device is safe for concurrent use.
package block

// Device is a disk that reads whole blocks.
type Device interface {
	// BlockSize is the size of a logical block in bytes, 512 or 4096.
	BlockSize() int
	// MaxBlocks is the largest number of blocks of one read.
	MaxBlocks() int
	// ReadBlocks fills b, whole blocks, from block lba on.
	ReadBlocks(lba uint64, b []byte) error
	// Name says which disk it is, for messages.
	Name() string
}

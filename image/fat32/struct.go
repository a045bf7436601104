// Package fat32 lays out FAT32 volumes whose files are contiguous and start at known,
// 4 KiB-aligned offsets, and reads files of volumes that anybody may have changed since:
// the EFI System Partition of a boot disk, where an owner's settings lie.
//
// Implements the Microsoft Extensible Firmware Initiative FAT32 File System
// Specification, version 1.03 (December 2000). Section numbers are those of its edition
// of August 2005 (Microsoft FAT Specification), the first that has any.
//
// Writing (New): fresh volumes only, 512-byte sectors, upper-case 8.3 names, long names
// of files, directories of any depth. It is hand-written because 16-bit code, the Linux
// ELF loader and a shell script all read the metal core out of the volume by offset: the
// place of each file must be chosen and known before anything is written, which the fat32
// package of go-diskfs does not offer (it also stamps the current time and a random
// serial number, and wraps at 4 GiB). That package reads ours in the tests.
//
// Reading (Open): long and short names compared without case, fragmented files, sectors
// of 512 to 4096 bytes, clusters up to 128 KiB. Every byte is treated as foreign: all
// sizes and places are checked, and no directory, chain or file makes it read more than a
// bounded amount.
//
// Not supported: FAT12 and FAT16, changing a volume.
package fat32

import "errors"

// Sizes and limits, sections 3 to 6 of the specification.
const (
	SectorSize = 512 // of volumes we write, and of the boot sector of all
	EntrySize  = 32
	// MinClusters is the count from which a volume is FAT32 (section 3.5); the
	// specification asks to stay 16 clear of the boundaries.
	MinClusters = 65525 + 16
	MaxClusters = lastCluster - firstCluster + 1 - 16
	MaxFile     = 1<<32 - 1
	maxSectors  = 1<<32 - 1 // of the volume, and before it: 32-bit fields
)

// Entries of the allocation table (section 4). The upper four bits are reserved.
const (
	fatEntrySize = 4
	clusterMask  = 0x0fffffff
	firstCluster = 2
	lastCluster  = 0x0ffffff6 // the largest number of a cluster with data
	badCluster   = 0x0ffffff7
	endOfChain   = 0x0fffffff // this and everything above badCluster
)

// Offsets in the boot sector (section 3.1, 3.3).
const (
	offJump          = 0x00
	offOEMName       = 0x03
	offSectorSize    = 0x0b
	offClusterSize   = 0x0d // sectors
	offReserved      = 0x0e // sectors before the first table
	offFATs          = 0x10
	offRootEntries   = 0x11 // FAT12 and FAT16
	offSectors16     = 0x13 // FAT12 and FAT16
	offMedia         = 0x15
	offFATSize16     = 0x16 // FAT12 and FAT16
	offTrackSectors  = 0x18
	offHeads         = 0x1a
	offHidden        = 0x1c // sectors of the disk before the volume
	offSectors       = 0x20
	offFATSize       = 0x24 // sectors
	offFATFlags      = 0x28 // 0: all tables are kept equal
	offVersion       = 0x2a
	offRoot          = 0x2c // cluster
	offInfoSector    = 0x30
	offBackupSector  = 0x32
	offDrive         = 0x40
	OffMountFlags    = 0x41 // in which systems note that a volume is mounted
	offExtended      = 0x42 // signature of the three fields that follow
	offSerial        = 0x43
	offLabel         = 0x47
	offType          = 0x52
	offCode          = 0x5a
	offBootSignature = 0x1fe

	bootSignature     = 0xaa55
	extendedSignature = 0x29
	mediaFixed        = 0xf8
)

// Offsets in the FSInfo sector (section 5) and its signatures.
const (
	offInfoLead   = 0x000
	offInfoStruct = 0x1e4
	offInfoFree   = 0x1e8
	offInfoNext   = 0x1ec
	offInfoTrail  = 0x1fc

	infoLead   = 0x41615252 // "RRaA"
	infoStruct = 0x61417272 // "rrAa"
	infoTrail  = 0xaa550000
)

// Offsets in a directory entry (section 6).
const (
	offName        = 0 // 8 bytes and 3 of the extension, padded with spaces
	offAttributes  = 11
	offCase        = 12
	offCreated     = 16 // date
	offAccessed    = 18 // date
	offClusterHigh = 20
	offWritten     = 24 // date
	offClusterLow  = 26
	offSize        = 28

	nameSize = 11
	baseSize = 8
)

// Attributes, and what bytes 0 and 12 of an entry mean.
const (
	attrVolume    = 0x08
	attrDirectory = 0x10
	attrArchive   = 0x20
	attrLong      = 0x0f // all of read-only, hidden, system, volume: part of a long name
	attrLongMask  = 0x3f

	entryFree  = 0xe5
	entryKanji = 0x05 // stands for a first byte of 0xe5

	lowerBase = 0x08 // as Windows NT and later set it: the name is lower case ...
	lowerExt  = 0x10 // ... the extension is
)

// Errors for errors.Is.
var (
	ErrName     = errors.New("unusable file name")
	ErrTooBig   = errors.New("file or volume too large")
	ErrFormat   = errors.New("not a FAT32 volume")
	ErrDamaged  = errors.New("damaged FAT32 volume")
	ErrNotFound = errors.New("no such file")
)

package format

// The fixed places of the first 64 KiB and what follows, as package ape draws them.
const (
	OffPEPointer = 0x3c // DOS e_lfanew
	OffGPT512    = 0x200
	OffPE        = 0x400 // PE headers, then ELF headers
	OffGPT4096   = 0x1000
	OffScript    = 0x1200
	OffArray512  = 0x2000
	OffArray4096 = 0x6000
	OffStage2    = 0xa000
	HeadSize     = 0x10000
	OffESP       = 1 << 20 // where partitioning tools expect the first partition

	HeadersEnd = OffGPT4096 // of the PE and ELF headers
	ScriptSize = OffArray512 - OffScript
	Stage2Size = HeadSize - OffStage2

	Sector = 512  // the smaller of the two sector sizes
	Page   = 4096 // the larger one, and the pages of memory
)

// What the EFI System Partition says of itself.
const (
	ESPLabel  = "LLAMABOOT"
	ESPSerial = 0x4c4c4254 // "LLBT"; nothing tells volumes apart by it
)

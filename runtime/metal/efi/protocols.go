package efi

// The GUIDs of the protocols and tables in use, as text.
const (
	BlockIOProtocol        = "964E5B21-6459-11D2-8E39-00A0C969723B" // UEFI 2.10 section 13.9.1
	DevicePathProtocol     = "09576E91-6D3F-11D2-8E39-00A0C969723B" // section 10.2
	GraphicsOutputProtocol = "9042A9DE-23DC-4A38-96FB-7ADED080516A" // section 12.9.2
	LoadedImageProtocol    = "5B1B31A1-9562-11D2-8E3F-00A0C969723B" // section 9.1.1
	PCIIOProtocol          = "4CF5B200-68B8-4CA5-9EEC-B23E3F50029A" // section 14.4.1

	ACPI20Table = "8868E871-E4F1-11D3-BC22-0080C73C8881" // section 4.6.1
	ACPI10Table = "EB9D2D30-2D88-11D3-9A16-0090273FC14D"
)

// BlockIO is EFI_BLOCK_IO_PROTOCOL (section 13.9.1).
type BlockIO struct {
	Revision    uint64
	Media       Ptr[BlockIOMedia]
	Reset       Func
	ReadBlocks  Func
	WriteBlocks Func
	FlushBlocks Func
}

// BlockIOMedia is EFI_BLOCK_IO_MEDIA (section 13.9.1).
type BlockIOMedia struct {
	MediaID          uint32
	RemovableMedia   Boolean
	MediaPresent     Boolean
	LogicalPartition Boolean
	ReadOnly         Boolean
	WriteCaching     Boolean
	_                [3]byte
	BlockSize        uint32 // bytes
	IOAlign          uint32 // of buffers: 0 and 1 are any address, else a power of two
	_                uint32
	LastBlock        uint64

	LowestAlignedLBA                 uint64 // from revision 2 on
	LogicalBlocksPerPhysicalBlock    uint32
	OptimalTransferLengthGranularity uint32
}

// GraphicsOutput is EFI_GRAPHICS_OUTPUT_PROTOCOL (section 12.9.2).
type GraphicsOutput struct {
	QueryMode Func
	SetMode   Func
	Blt       Func
	Mode      Ptr[GraphicsMode]
}

// GraphicsMode is EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE (section 12.9.2).
type GraphicsMode struct {
	MaxMode         uint32
	Mode            uint32
	Info            Ptr[GraphicsInfo]
	SizeOfInfo      uintptr
	FrameBufferBase uint64
	FrameBufferSize uintptr
}

// GraphicsInfo is EFI_GRAPHICS_OUTPUT_MODE_INFORMATION (section 12.9.2).
type GraphicsInfo struct {
	Version              uint32
	HorizontalResolution uint32
	VerticalResolution   uint32
	PixelFormat          uint32
	PixelInformation     PixelBitmask
	PixelsPerScanLine    uint32
}

// PixelBitmask is EFI_PIXEL_BITMASK.
type PixelBitmask struct{ Red, Green, Blue, Reserved uint32 }

// EFI_GRAPHICS_PIXEL_FORMAT (section 12.9.2).
const (
	PixelRedGreenBlueReserved8Bit = 0
	PixelBlueGreenRedReserved8Bit = 1
	PixelBitMask                  = 2
	PixelBltOnly                  = 3
)

// PCIIO is EFI_PCI_IO_PROTOCOL (section 14.4.1).
type PCIIO struct {
	PollMem           Func
	PollIO            Func
	MemRead, MemWrite Func
	IORead, IOWrite   Func
	PCIRead, PCIWrite Func
	CopyMem           Func
	Map               Func
	Unmap             Func
	AllocateBuffer    Func
	FreeBuffer        Func
	Flush             Func
	GetLocation       Func
	Attributes        Func
	GetBarAttributes  Func
	SetBarAttributes  Func
	ROMSize           uint64
	ROMImage          uintptr
}

// LoadedImage is EFI_LOADED_IMAGE_PROTOCOL (section 9.1.1).
type LoadedImage struct {
	Revision     uint32
	_            uint32
	ParentHandle Handle
	SystemTable  Ptr[SystemTable]

	DeviceHandle Handle
	FilePath     Ptr[PathHeader]
	Reserved     uintptr

	LoadOptionsSize uint32
	_               uint32
	LoadOptions     uintptr

	ImageBase     uintptr
	ImageSize     uint64
	ImageCodeType uint32
	ImageDataType uint32
	Unload        Func
}

// SimpleTextInput is EFI_SIMPLE_TEXT_INPUT_PROTOCOL (section 12.3.1).
type SimpleTextInput struct {
	Reset         Func
	ReadKeyStroke Func
	WaitForKey    uintptr // EFI_EVENT
}

// InputKey is EFI_INPUT_KEY (section 12.3.3).
type InputKey struct {
	ScanCode    uint16 // Scan...; 0: UnicodeChar is set
	UnicodeChar uint16
}

// Scan codes (section 12.1.2, table 12-1), those in use here.
const (
	ScanUp     = 0x01
	ScanDown   = 0x02
	ScanRight  = 0x03
	ScanLeft   = 0x04
	ScanHome   = 0x05
	ScanEnd    = 0x06
	ScanDelete = 0x08
)

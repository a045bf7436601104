package efi

import "github.com/llamaboot/llamaboot/image/gpt"

// TableHeader begins each of the three tables (UEFI 2.10 section 4.2.1).
type TableHeader struct {
	Signature  uint64
	Revision   uint32
	HeaderSize uint32
	CRC32      uint32
	Reserved   uint32
}

// SystemTable is EFI_SYSTEM_TABLE (section 4.3.1).
type SystemTable struct {
	Header               TableHeader
	FirmwareVendor       Ptr[uint16]
	FirmwareRevision     uint32
	_                    uint32
	ConsoleInHandle      Handle
	ConIn                Ptr[SimpleTextInput]
	ConsoleOutHandle     Handle
	ConOut               uintptr
	StandardErrorHandle  Handle
	StdErr               uintptr
	RuntimeServices      Ptr[RuntimeServices]
	BootServices         Ptr[BootServices]
	NumberOfTableEntries uintptr
	ConfigurationTable   Ptr[ConfigurationTable] // the first of NumberOfTableEntries
}

// ConfigurationTable is EFI_CONFIGURATION_TABLE (section 4.6.1).
type ConfigurationTable struct {
	VendorGUID  gpt.GUID
	VendorTable uintptr
}

// BootServices is EFI_BOOT_SERVICES (section 4.4.1).
type BootServices struct {
	Header TableHeader

	RaiseTPL   Func
	RestoreTPL Func

	AllocatePages Func
	FreePages     Func
	GetMemoryMap  Func
	AllocatePool  Func
	FreePool      Func

	CreateEvent  Func
	SetTimer     Func
	WaitForEvent Func
	SignalEvent  Func
	CloseEvent   Func
	CheckEvent   Func

	InstallProtocolInterface   Func
	ReinstallProtocolInterface Func
	UninstallProtocolInterface Func
	HandleProtocol             Func
	Reserved                   uintptr
	RegisterProtocolNotify     Func
	LocateHandle               Func
	LocateDevicePath           Func
	InstallConfigurationTable  Func

	LoadImage        Func
	StartImage       Func
	Exit             Func
	UnloadImage      Func
	ExitBootServices Func

	GetNextMonotonicCount Func
	Stall                 Func
	SetWatchdogTimer      Func

	ConnectController    Func
	DisconnectController Func

	OpenProtocol            Func
	CloseProtocol           Func
	OpenProtocolInformation Func

	ProtocolsPerHandle                  Func
	LocateHandleBuffer                  Func
	LocateProtocol                      Func
	InstallMultipleProtocolInterfaces   Func
	UninstallMultipleProtocolInterfaces Func

	CalculateCRC32 Func

	CopyMem       Func
	SetMem        Func
	CreateEventEx Func
}

// RuntimeServices is EFI_RUNTIME_SERVICES (section 4.5.1).
type RuntimeServices struct {
	Header TableHeader

	GetTime       Func
	SetTime       Func
	GetWakeupTime Func
	SetWakeupTime Func

	SetVirtualAddressMap Func
	ConvertPointer       Func

	GetVariable         Func
	GetNextVariableName Func
	SetVariable         Func

	GetNextHighMonotonicCount Func
	ResetSystem               Func

	UpdateCapsule            Func
	QueryCapsuleCapabilities Func

	QueryVariableInfo Func
}

// EFI_ALLOCATE_TYPE (section 7.2.1).
const (
	AllocateAnyPages   = 0
	AllocateMaxAddress = 1
	AllocateAddress    = 2
)

// EFI_MEMORY_TYPE (section 7.2.1), those in use here.
const (
	LoaderData         = 2
	ConventionalMemory = 7
)

// PageSize is the unit of AllocatePages and of memory descriptors (section 7.2.1).
const PageSize = 4096

// MemoryDescriptor is EFI_MEMORY_DESCRIPTOR (section 7.2.3). The firmware's may be longer:
// GetMemoryMap returns the distance of two descriptors.
type MemoryDescriptor struct {
	Type          uint32
	_             uint32
	PhysicalStart uint64
	VirtualStart  uint64
	NumberOfPages uint64
	Attribute     uint64
}

// MemorySpecialPurpose is EFI_MEMORY_SP: memory for special purposes, such as a device's.
const MemorySpecialPurpose = 0x40000

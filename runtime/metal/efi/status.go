package efi

import "fmt"

// Status is an EFI_STATUS (UEFI 2.10 appendix D): 0 is success, values with the top bit
// set are errors, all others warnings. It is an error itself, so that errors.Is tells one
// from another; use Err where success must be nil.
type Status uintptr

const errorBit = 1 << 63

// Status codes (tables D-2 to D-4).
const (
	Success Status = 0

	LoadError           Status = errorBit | 1
	InvalidParameter    Status = errorBit | 2
	Unsupported         Status = errorBit | 3
	BadBufferSize       Status = errorBit | 4
	BufferTooSmall      Status = errorBit | 5
	NotReady            Status = errorBit | 6
	DeviceError         Status = errorBit | 7
	WriteProtected      Status = errorBit | 8
	OutOfResources      Status = errorBit | 9
	VolumeCorrupted     Status = errorBit | 10
	VolumeFull          Status = errorBit | 11
	NoMedia             Status = errorBit | 12
	MediaChanged        Status = errorBit | 13
	NotFound            Status = errorBit | 14
	AccessDenied        Status = errorBit | 15
	NoResponse          Status = errorBit | 16
	NoMapping           Status = errorBit | 17
	Timeout             Status = errorBit | 18
	NotStarted          Status = errorBit | 19
	AlreadyStarted      Status = errorBit | 20
	Aborted             Status = errorBit | 21
	ICMPError           Status = errorBit | 22
	TFTPError           Status = errorBit | 23
	ProtocolError       Status = errorBit | 24
	IncompatibleVersion Status = errorBit | 25
	SecurityViolation   Status = errorBit | 26
	CRCError            Status = errorBit | 27
	EndOfMedia          Status = errorBit | 28
	EndOfFile           Status = errorBit | 31
	InvalidLanguage     Status = errorBit | 32
	CompromisedData     Status = errorBit | 33
	IPAddressConflict   Status = errorBit | 34
	HTTPError           Status = errorBit | 35

	WarnUnknownGlyph   Status = 1
	WarnDeleteFailure  Status = 2
	WarnWriteFailure   Status = 3
	WarnBufferTooSmall Status = 4
	WarnStaleData      Status = 5
	WarnFileSystem     Status = 6
	WarnResetRequired  Status = 7
)

// Err returns nil for success and for warnings, else s.
func (s Status) Err() error {
	if s&errorBit == 0 {
		return nil
	}
	return s
}

// Error implements error.
func (s Status) Error() string {
	names, code := warningNames[:], s
	if s&errorBit != 0 {
		names, code = errorNames[:], s&^errorBit
	}
	if code < Status(len(names)) && names[code].name != "" {
		return fmt.Sprintf("the firmware reports %s (%s)", names[code].text, names[code].name)
	}
	return fmt.Sprintf("the firmware reports EFI status %#x", uint64(s))
}

// statusName is the name of a status in the specification and what it means.
type statusName struct{ name, text string }

var errorNames = [...]statusName{
	1:  {"EFI_LOAD_ERROR", "that the image failed to load"},
	2:  {"EFI_INVALID_PARAMETER", "an incorrect parameter"},
	3:  {"EFI_UNSUPPORTED", "an unsupported operation"},
	4:  {"EFI_BAD_BUFFER_SIZE", "a wrong buffer size"},
	5:  {"EFI_BUFFER_TOO_SMALL", "a buffer that is too small"},
	6:  {"EFI_NOT_READY", "no data pending"},
	7:  {"EFI_DEVICE_ERROR", "a device error"},
	8:  {"EFI_WRITE_PROTECTED", "a write-protected device"},
	9:  {"EFI_OUT_OF_RESOURCES", "a lack of resources"},
	10: {"EFI_VOLUME_CORRUPTED", "a damaged file system"},
	11: {"EFI_VOLUME_FULL", "a full file system"},
	12: {"EFI_NO_MEDIA", "no medium in the device"},
	13: {"EFI_MEDIA_CHANGED", "a changed medium"},
	14: {"EFI_NOT_FOUND", "an item that was not found"},
	15: {"EFI_ACCESS_DENIED", "denied access"},
	16: {"EFI_NO_RESPONSE", "no response"},
	17: {"EFI_NO_MAPPING", "a device without a mapping"},
	18: {"EFI_TIMEOUT", "an expired time limit"},
	19: {"EFI_NOT_STARTED", "a protocol that is not started"},
	20: {"EFI_ALREADY_STARTED", "a protocol that is started already"},
	21: {"EFI_ABORTED", "an aborted operation"},
	22: {"EFI_ICMP_ERROR", "an ICMP error"},
	23: {"EFI_TFTP_ERROR", "a TFTP error"},
	24: {"EFI_PROTOCOL_ERROR", "a protocol error"},
	25: {"EFI_INCOMPATIBLE_VERSION", "an incompatible version"},
	26: {"EFI_SECURITY_VIOLATION", "a security violation"},
	27: {"EFI_CRC_ERROR", "a CRC error"},
	28: {"EFI_END_OF_MEDIA", "the end of the medium"},
	31: {"EFI_END_OF_FILE", "the end of the file"},
	32: {"EFI_INVALID_LANGUAGE", "an invalid language"},
	33: {"EFI_COMPROMISED_DATA", "data of unknown or bad security status"},
	34: {"EFI_IP_ADDRESS_CONFLICT", "an IP address conflict"},
	35: {"EFI_HTTP_ERROR", "an HTTP error"},
}

var warningNames = [...]statusName{
	0: {"EFI_SUCCESS", "success"},
	1: {"EFI_WARN_UNKNOWN_GLYPH", "characters that it could not show"},
	2: {"EFI_WARN_DELETE_FAILURE", "a file that was not deleted"},
	3: {"EFI_WARN_WRITE_FAILURE", "a file that was not written"},
	4: {"EFI_WARN_BUFFER_TOO_SMALL", "a truncated result"},
	5: {"EFI_WARN_STALE_DATA", "old data"},
	6: {"EFI_WARN_FILE_SYSTEM", "a file system in the buffer"},
	7: {"EFI_WARN_RESET_REQUIRED", "an operation that a reset completes"},
}

package bundle

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// viewGranularity is what the offset of a view must be a multiple of (SYSTEM_INFO.dwAllocationGranularity, 64 KiB on
// every Windows).
const viewGranularity = 64 << 10

// mapFile maps n bytes of fd at off, read-only.
func mapFile(fd *os.File, off, n int64) ([]byte, func() error, error) {
	if err := checkRange(fd, off, n); err != nil {
		return nil, nil, err
	}
	if n == 0 { // MapViewOfFile takes 0 as "to the end of the file"
		return nil, func() error { return nil }, nil
	}
	mapping, err := windows.CreateFileMapping(windows.Handle(fd.Fd()), nil, windows.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return nil, nil, os.NewSyscallError("CreateFileMapping", err)
	}
	// The view keeps the mapping object alive.
	defer windows.CloseHandle(mapping)
	start, before := mapAround(off, viewGranularity)
	addr, err := windows.MapViewOfFile(mapping, windows.FILE_MAP_READ, uint32(start>>32), uint32(start), uintptr(before)+uintptr(n))
	if err != nil {
		return nil, nil, os.NewSyscallError("MapViewOfFile", err)
	}
	// addr is memory outside the Go heap; going through its own address keeps vet's unsafeptr rule.
	base := *(*unsafe.Pointer)(unsafe.Pointer(&addr))
	b := unsafe.Slice((*byte)(base), before+int(n))
	return b[before:], func() error { return os.NewSyscallError("UnmapViewOfFile", windows.UnmapViewOfFile(addr)) }, nil
}

package efi

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/image/gpt"
)

// LocateProtocol returns the first interface of a protocol (UEFI 2.10 section 7.3.16), 0
// after an error. It allocates nothing and may run before Go's runtime does.
func (f *Firmware) LocateProtocol(protocol string) (uintptr, Status) {
	f.lock.Lock()
	s := &f.scratch
	s.protocol, s.a = gpt.MustGUID(protocol), 0
	status := f.Call(f.boot().LocateProtocol, address(&s.protocol), 0, address(&s.a))
	p := s.a
	f.lock.Unlock()
	if status != Success {
		p = 0
	}
	return p, status
}

// HandleProtocol returns the interface of a protocol on a handle (section 7.3.7).
func (f *Firmware) HandleProtocol(h Handle, protocol string) (uintptr, error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	s := &f.scratch
	s.protocol, s.a = gpt.MustGUID(protocol), 0
	err := f.Call(f.boot().HandleProtocol, uintptr(h), address(&s.protocol), address(&s.a)).Err()
	if err == nil && s.a == 0 {
		err = NotFound
	}
	return s.a, err
}

// LocateHandles returns all handles with a protocol (LocateHandleBuffer, section 7.3.15).
func (f *Firmware) LocateHandles(protocol string) ([]Handle, error) {
	const byProtocol = 2
	f.lock.Lock()
	defer f.lock.Unlock()
	s := &f.scratch
	s.protocol, s.a, s.b = gpt.MustGUID(protocol), 0, 0
	status := f.Call(f.boot().LocateHandleBuffer, byProtocol, address(&s.protocol), 0, address(&s.a), address(&s.b))
	if err := status.Err(); err != nil || s.b == 0 {
		return nil, err
	}
	list := append([]Handle(nil), unsafe.Slice(Ptr[Handle](s.b).At(), s.a)...)
	f.Call(f.boot().FreePool, s.b) // a few bytes stay allocated if it fails
	return list, nil
}

// LocateDevicePath returns the handle with a protocol whose device path is the longest
// beginning of path, and what follows in path (section 7.3.9).
func (f *Firmware) LocateDevicePath(protocol string, path Path) (h Handle, rest Path, err error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	s := &f.scratch
	if len(path) > len(s.path)-len(pathEnd) {
		return 0, nil, BadBufferSize
	}
	copy(s.path[copy(s.path[:], path):], pathEnd)
	start := address(&s.path)
	s.protocol, s.a, s.b = gpt.MustGUID(protocol), start, 0
	if err := f.Call(f.boot().LocateDevicePath, address(&s.protocol), address(&s.a), address(&s.b)).Err(); err != nil {
		return 0, nil, err
	}
	if s.a < start || s.a-start > uintptr(len(path)) {
		return 0, nil, CompromisedData
	}
	return Handle(s.b), path[s.a-start:], nil
}

// DevicePath returns the device path of a handle (section 10.2).
func (f *Firmware) DevicePath(h Handle) (Path, error) {
	p, err := f.HandleProtocol(h, DevicePathProtocol)
	if err != nil {
		return nil, err
	}
	return readPath(Ptr[PathHeader](p)), nil
}

// BootPath returns the device path of the partition that the program was loaded from
// (section 9.1.1).
func (f *Firmware) BootPath() (Path, error) {
	p, err := f.HandleProtocol(f.image, LoadedImageProtocol)
	if err != nil {
		return nil, err
	}
	return f.DevicePath(Ptr[LoadedImage](p).At().DeviceHandle)
}

// ConnectController gives a controller and all below it to the firmware's drivers
// (section 7.3.12).
func (f *Firmware) ConnectController(h Handle) error {
	const recursive = 1
	return f.Call(f.boot().ConnectController, uintptr(h), 0, 0, recursive).Err()
}

// DisconnectController takes a controller from the firmware's drivers (section 7.3.13).
func (f *Firmware) DisconnectController(h Handle) error {
	return f.Call(f.boot().DisconnectController, uintptr(h), 0, 0).Err()
}

// PCILocation returns where the controller with the interface io is (GetLocation, section
// 14.4.18).
func (f *Firmware) PCILocation(io Ptr[PCIIO]) (segment, bus, device, function uintptr, err error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	l := &f.scratch.location
	*l = [4]uintptr{}
	err = f.Call(io.At().GetLocation, uintptr(io), address(&l[0]), address(&l[1]), address(&l[2]), address(&l[3])).Err()
	return l[0], l[1], l[2], l[3], err
}

// ReadBlocks reads n bytes from block lba on to physical memory at addr, which is mapped
// at its own address (section 13.9.3).
func (f *Firmware) ReadBlocks(io Ptr[BlockIO], lba uint64, addr, n uintptr) error {
	p := io.At()
	// A stick that lost contact for a moment comes back with a new number.
	medium := uintptr(p.Media.At().MediaID)
	return f.Call(p.ReadBlocks, uintptr(io), medium, uintptr(lba), n, addr).Err()
}

// ReadKey returns the next key typed on the firmware's console: any keyboard it has a
// driver for, and often the serial line as well. False: none waits (section 12.3.3).
func (f *Firmware) ReadKey() (InputKey, bool) {
	in := f.table.At().ConIn
	if in == 0 {
		return InputKey{}, false
	}
	f.keyLock.Lock()
	defer f.keyLock.Unlock()
	f.key = InputKey{}
	status := f.Call(in.At().ReadKeyStroke, uintptr(in), address(&f.key))
	return f.key, status.Err() == nil
}

// EFI_RESET_TYPE (section 8.5.1).
const (
	ResetCold     = 0
	ResetShutdown = 2
)

// ResetSystem starts the machine again or switches it off (section 8.5.1). It returns if
// the firmware cannot.
func (f *Firmware) ResetSystem(kind uintptr) {
	f.Call(f.table.At().RuntimeServices.At().ResetSystem, kind, uintptr(Success), 0, 0)
}

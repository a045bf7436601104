//go:build metal

package board

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/efi"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
	"github.com/llamaboot/llamaboot/runtime/metal/screen"
)

// Offsets in UEFI tables (UEFI 2.10 sections 4.3, 4.4, 7.3).
const (
	stConIn              = 48
	stBootServices       = 96
	bsHandleProtocol     = 152
	bsLocateHandleBuffer = 312
	bsLocateProtocol     = 320
)

type guid [16]byte

var (
	guidGOP         = guid{0xde, 0xa9, 0x42, 0x90, 0xdc, 0x23, 0x38, 0x4a, 0x96, 0xfb, 0x7a, 0xde, 0xd0, 0x80, 0x51, 0x6a}
	guidBlockIO     = guid{0x21, 0x5b, 0x4e, 0x96, 0x59, 0x64, 0xd2, 0x11, 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}
	guidLoadedImage = guid{0xa1, 0x31, 0x1b, 0x5b, 0x62, 0x95, 0xd2, 0x11, 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}
	guidDevicePath  = guid{0x91, 0x6e, 0x57, 0x09, 0x3f, 0x6d, 0xd2, 0x11, 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}
)

func load64(a uintptr) uintptr { return *(*uintptr)(unsafe.Pointer(a)) }
func load32(a uintptr) uint32  { return *(*uint32)(unsafe.Pointer(a)) }

func bootService(off uintptr, args ...uintptr) error {
	bs := load64(kern.SystemTable() + stBootServices)
	return status(callEFI(load64(bs+off), args...))
}

// callEFI calls a function of the firmware.
func callEFI(fn uintptr, a ...uintptr) efi.Status {
	var args efi.Args
	copy(args[:], a)
	return kern.EFI(efi.Func(fn), args)
}

func status(s efi.Status) error { return s.Err() }

func pointer[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// The firmware writes results through pointers: they live in static memory, because
// a goroutine's stack may move.
var efiOut struct{ a, b uintptr }

// handleProtocol returns the interface of a protocol on a handle.
func handleProtocol(handle uintptr, g *guid) (uintptr, error) {
	efiOut.a = 0
	err := bootService(bsHandleProtocol, handle, pointer(g), pointer(&efiOut.a))
	return efiOut.a, err
}

// handles returns all handles that carry a protocol.
func handles(g *guid) ([]uintptr, error) {
	const byProtocol = 2
	efiOut.a, efiOut.b = 0, 0
	if err := bootService(bsLocateHandleBuffer, byProtocol, pointer(g), 0, pointer(&efiOut.a), pointer(&efiOut.b)); err != nil {
		return nil, err
	}
	return append([]uintptr(nil), unsafe.Slice((*uintptr)(unsafe.Pointer(efiOut.b)), efiOut.a)...), nil
}

// initGOP shows text on the Graphics Output Protocol's display as the firmware set it
// up (UEFI 2.10 section 12.9), when it has a linear framebuffer. It runs before Go's
// runtime.
func initGOP() {
	efiOut.a = 0
	locate := efi.Func(load64(load64(kern.SystemTable()+stBootServices) + bsLocateProtocol))
	if kern.EarlyEFI(locate, efi.Args{pointer(&guidGOP), 0, pointer(&efiOut.a)}) != 0 || efiOut.a == 0 {
		return
	}
	mode := load64(efiOut.a + 24)
	info := load64(mode + 8)
	base, size := load64(mode+24), load64(mode+32)
	width, height := load32(info+4), load32(info+8)
	stride := load32(info + 32)
	if base == 0 || width > stride || uintptr(stride)*uintptr(height)*4 > size {
		return
	}
	red, green, blue, ok := gopChannels(info)
	if !ok {
		return
	}
	kern.EarlyMapFramebuffer(base, size)
	m := screen.Mode{Width: int(width), Height: int(height), Stride: int(stride), Red: red, Green: green, Blue: blue}
	m.Pix32 = unsafe.Slice((*uint32)(unsafe.Pointer(base)), uintptr(stride)*uintptr(height))
	showFramebuffer(m)
}

// gopChannels reads where the colours of a pixel are from the mode information at info;
// false when pixels are not of 32 bits.
func gopChannels(info uintptr) (red, green, blue screen.Channel, ok bool) {
	const rgbx, bgrx, bitMask = 0, 1, 2
	masks := [4]uint32{load32(info + 16), load32(info + 20), load32(info + 24), load32(info + 28)} // the last is reserved
	switch load32(info + 12) {
	case rgbx:
		masks = [4]uint32{0xff, 0xff00, 0xff0000, 0xff000000}
	case bgrx:
		masks = [4]uint32{0xff0000, 0xff00, 0xff, 0xff000000}
	case bitMask:
	default: // pixels can be copied by the firmware only
		return
	}
	red, ok1 := screen.MaskChannel(masks[0])
	green, ok2 := screen.MaskChannel(masks[1])
	blue, ok3 := screen.MaskChannel(masks[2])
	wide := (masks[0]|masks[1]|masks[2]|masks[3])>>24 != 0
	return red, green, blue, ok1 && ok2 && ok3 && wide
}

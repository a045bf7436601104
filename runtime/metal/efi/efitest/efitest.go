// Package efitest fakes UEFI firmware for tests: tables in ordinary memory, whose function
// pointers are numbers of Go functions, and handles with protocols and device paths.
package efitest

import (
	"bytes"
	"fmt"
	"unsafe"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
)

// Firmware is a fake. It implements efi.Caller.
type Firmware struct {
	*efi.Firmware // the one under test, which calls the fake

	Table   efi.SystemTable
	Boot    efi.BootServices
	Runtime efi.RuntimeServices

	// Fail makes services fail, by name.
	Fail map[string]efi.Status
	// Calls are the names of the services called, in order.
	Calls []string
	// Keys are the keys that ReadKeyStroke returns.
	Keys []efi.InputKey
	// Reset receives what ResetSystem was asked for.
	Reset []uintptr
	// Connected is false for the controllers that the firmware's drivers let go of.
	Connected map[efi.Handle]bool

	conIn     efi.SimpleTextInput
	functions []function
	handles   []handle // that of index i is i+1
	alive     []any    // what only numbers point to
	pool      map[uintptr]bool
}

type function struct {
	name string
	call func(efi.Args) efi.Status
}

type handle struct {
	protocols map[gpt.GUID]uintptr
	path      efi.Path
}

// firstFunction is the address of the function with index 0.
const firstFunction = 0x1000

// New returns firmware without devices. Its image handle has no loaded image yet.
func New() *Firmware {
	f := &Firmware{Firmware: new(efi.Firmware), Fail: map[string]efi.Status{}, Connected: map[efi.Handle]bool{}, pool: map[uintptr]bool{}}
	f.Table.BootServices = Address(&f.Boot)
	f.Table.RuntimeServices = Address(&f.Runtime)
	f.Boot.HandleProtocol = f.Func("HandleProtocol", f.handleProtocol)
	f.Boot.LocateProtocol = f.Func("LocateProtocol", f.locateProtocol)
	f.Boot.LocateHandleBuffer = f.Func("LocateHandleBuffer", f.locateHandleBuffer)
	f.Boot.LocateDevicePath = f.Func("LocateDevicePath", f.locateDevicePath)
	f.Boot.FreePool = f.Func("FreePool", f.freePool)
	f.Boot.ConnectController = f.Func("ConnectController", f.connect(true))
	f.Boot.DisconnectController = f.Func("DisconnectController", f.connect(false))
	f.Runtime.ResetSystem = f.Func("ResetSystem", func(a efi.Args) efi.Status {
		f.Reset = append(f.Reset, a[0])
		return efi.Success
	})
	f.conIn.ReadKeyStroke = f.Func("ReadKeyStroke", f.readKeyStroke)
	f.Table.ConIn = Address(&f.conIn)
	image := f.Handle(nil)
	f.Init(Address(&f.Table), image, f)
	return f
}

// Address returns the address of a table or protocol.
func Address[T any](p *T) efi.Ptr[T] { return efi.Ptr[T](uintptr(unsafe.Pointer(p))) }

// store writes a result of the firmware through a pointer of the caller.
func store(addr, v uintptr) { *efi.Ptr[uintptr](addr).At() = v }

// Func makes a function of Go a function of the firmware.
func (f *Firmware) Func(name string, call func(efi.Args) efi.Status) efi.Func {
	f.functions = append(f.functions, function{name, call})
	return efi.Func(firstFunction + len(f.functions) - 1)
}

// Call implements efi.Caller.
func (f *Firmware) Call(fn efi.Func, args efi.Args) efi.Status {
	i := int(fn) - firstFunction
	if i < 0 || i >= len(f.functions) {
		panic(fmt.Sprintf("call of %#x, which is no function of the firmware", uintptr(fn)))
	}
	f.Calls = append(f.Calls, f.functions[i].name)
	if s, ok := f.Fail[f.functions[i].name]; ok {
		return s
	}
	return f.functions[i].call(args)
}

// Handle adds a handle with a device path, nil for none.
func (f *Firmware) Handle(path efi.Path) efi.Handle {
	f.handles = append(f.handles, handle{protocols: map[gpt.GUID]uintptr{}, path: path})
	h := efi.Handle(len(f.handles))
	if path != nil {
		raw := append(append([]byte(nil), path...), EndOfPath()...)
		Install(f, h, efi.DevicePathProtocol, &raw[0])
		f.alive = append(f.alive, raw)
	}
	f.Connected[h] = true
	return h
}

// Install gives a handle a protocol.
func Install[T any](f *Firmware, h efi.Handle, protocol string, p *T) {
	f.alive = append(f.alive, p)
	f.handles[h-1].protocols[gpt.MustGUID(protocol)] = uintptr(Address(p))
}

// Boot from a partition: the handle becomes the device the program was loaded from.
func (f *Firmware) LoadedFrom(device efi.Handle) {
	Install(f, 1, efi.LoadedImageProtocol, &efi.LoadedImage{DeviceHandle: device})
}

// Disk adds a disk of blocks of the given size. read fills n bytes at physical address
// addr from a block on.
func (f *Firmware) Disk(path efi.Path, block uint32, blocks uint64, read func(lba uint64, addr, n uintptr) efi.Status) (efi.Handle, *efi.BlockIOMedia) {
	media := &efi.BlockIOMedia{MediaID: 7, MediaPresent: 1, BlockSize: block, LastBlock: blocks - 1}
	io := &efi.BlockIO{Media: Address(media)}
	io.ReadBlocks = f.Func("ReadBlocks", func(a efi.Args) efi.Status {
		lba, n := uint64(a[2]), a[3]
		switch {
		case a[0] != uintptr(Address(io)):
			return efi.InvalidParameter
		case uint32(a[1]) != media.MediaID:
			return efi.MediaChanged
		case n%uintptr(block) != 0:
			return efi.BadBufferSize
		case lba+uint64(n)/uint64(block) > media.LastBlock+1:
			return efi.InvalidParameter
		}
		return read(lba, a[4], n)
	})
	f.alive = append(f.alive, media)
	h := f.Handle(path)
	Install(f, h, efi.BlockIOProtocol, io)
	return h, media
}

// PCI adds a PCI device.
func (f *Firmware) PCI(path efi.Path, segment, bus, device, function uintptr) efi.Handle {
	h := f.Handle(path)
	Install(f, h, efi.PCIIOProtocol, &efi.PCIIO{GetLocation: f.Func("GetLocation", func(a efi.Args) efi.Status {
		for i, v := range []uintptr{segment, bus, device, function} {
			store(a[1+i], v)
		}
		return efi.Success
	})})
	return h
}

func guidAt(addr uintptr) gpt.GUID { return *efi.Ptr[gpt.GUID](addr).At() }

func (f *Firmware) handleProtocol(a efi.Args) efi.Status {
	if a[0] == 0 || a[0] > uintptr(len(f.handles)) {
		return efi.InvalidParameter
	}
	p, ok := f.handles[a[0]-1].protocols[guidAt(a[1])]
	if !ok {
		return efi.Unsupported
	}
	store(a[2], p)
	return efi.Success
}

func (f *Firmware) locateProtocol(a efi.Args) efi.Status {
	for _, h := range f.handles {
		if p, ok := h.protocols[guidAt(a[0])]; ok {
			store(a[2], p)
			return efi.Success
		}
	}
	return efi.NotFound
}

func (f *Firmware) locateHandleBuffer(a efi.Args) efi.Status {
	const byProtocol = 2
	if a[0] != byProtocol {
		return efi.InvalidParameter
	}
	list := new([64]efi.Handle)
	n := 0
	for i, h := range f.handles {
		if _, ok := h.protocols[guidAt(a[1])]; ok {
			list[n] = efi.Handle(i + 1)
			n++
		}
	}
	if n == 0 {
		return efi.NotFound
	}
	f.alive = append(f.alive, list)
	f.pool[uintptr(Address(list))] = true
	store(a[3], uintptr(n))
	store(a[4], uintptr(Address(list)))
	return efi.Success
}

func (f *Firmware) freePool(a efi.Args) efi.Status {
	if !f.pool[a[0]] {
		return efi.InvalidParameter
	}
	delete(f.pool, a[0])
	return efi.Success
}

// Pool is the number of buffers that the firmware gave out and did not get back.
func (f *Firmware) Pool() int { return len(f.pool) }

func (f *Firmware) locateDevicePath(a efi.Args) efi.Status {
	start := *efi.Ptr[uintptr](a[1]).At()
	path := bytesAt(start)
	best, most := 0, -1
	for i, h := range f.handles {
		if _, ok := h.protocols[guidAt(a[0])]; ok && h.path != nil && bytes.HasPrefix(path, h.path) && len(h.path) > most {
			best, most = i+1, len(h.path)
		}
	}
	if most < 0 {
		return efi.NotFound
	}
	store(a[1], start+uintptr(most))
	store(a[2], uintptr(best))
	return efi.Success
}

// bytesAt returns the device path at an address, up to its end.
func bytesAt(addr uintptr) []byte {
	var b []byte
	for {
		h := efi.Ptr[[4]byte](addr).At()
		n := uintptr(h[2]) | uintptr(h[3])<<8
		if h[0] == 0x7f {
			return b
		}
		b = append(b, unsafe.Slice(&h[0], n)...)
		addr += n
	}
}

func (f *Firmware) connect(on bool) func(efi.Args) efi.Status {
	return func(a efi.Args) efi.Status {
		f.Connected[efi.Handle(a[0])] = on
		return efi.Success
	}
}

func (f *Firmware) readKeyStroke(a efi.Args) efi.Status {
	if len(f.Keys) == 0 {
		return efi.NotReady
	}
	*efi.Ptr[efi.InputKey](a[1]).At() = f.Keys[0]
	f.Keys = f.Keys[1:]
	return efi.Success
}

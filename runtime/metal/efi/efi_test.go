package efi_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
	"github.com/llamaboot/llamaboot/runtime/metal/efi/efitest"
)

// TestLayout compares every structure with the offsets that the specification's C
// declarations have on 64-bit machines.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		table any
		size  uintptr
		at    map[string]uintptr
	}{
		{efi.TableHeader{}, 24, map[string]uintptr{"CRC32": 16}},
		{efi.SystemTable{}, 120, map[string]uintptr{"FirmwareVendor": 24, "ConsoleInHandle": 40, "ConIn": 48, "ConOut": 64, "StdErr": 80,
			"RuntimeServices": 88, "BootServices": 96, "NumberOfTableEntries": 104, "ConfigurationTable": 112}},
		{efi.ConfigurationTable{}, 24, map[string]uintptr{"VendorTable": 16}},
		{efi.BootServices{}, 376, map[string]uintptr{"AllocatePages": 40, "GetMemoryMap": 56, "FreePool": 72, "HandleProtocol": 152,
			"LocateDevicePath": 184, "ExitBootServices": 232, "Stall": 248, "SetWatchdogTimer": 256, "ConnectController": 264,
			"DisconnectController": 272, "LocateHandleBuffer": 312, "LocateProtocol": 320, "CalculateCRC32": 344, "CreateEventEx": 368}},
		{efi.RuntimeServices{}, 136, map[string]uintptr{"GetTime": 24, "GetVariable": 72, "ResetSystem": 104, "QueryVariableInfo": 128}},
		{efi.MemoryDescriptor{}, 40, map[string]uintptr{"PhysicalStart": 8, "NumberOfPages": 24, "Attribute": 32}},
		{efi.BlockIO{}, 48, map[string]uintptr{"Media": 8, "ReadBlocks": 24}},
		{efi.BlockIOMedia{}, 48, map[string]uintptr{"RemovableMedia": 4, "MediaPresent": 5, "LogicalPartition": 6, "ReadOnly": 7,
			"WriteCaching": 8, "BlockSize": 12, "IOAlign": 16, "LastBlock": 24, "LowestAlignedLBA": 32, "OptimalTransferLengthGranularity": 44}},
		{efi.GraphicsOutput{}, 32, map[string]uintptr{"Blt": 16, "Mode": 24}},
		{efi.GraphicsMode{}, 40, map[string]uintptr{"Info": 8, "FrameBufferBase": 24, "FrameBufferSize": 32}},
		{efi.GraphicsInfo{}, 36, map[string]uintptr{"HorizontalResolution": 4, "VerticalResolution": 8, "PixelFormat": 12,
			"PixelInformation": 16, "PixelsPerScanLine": 32}},
		{efi.PCIIO{}, 160, map[string]uintptr{"MemRead": 16, "PCIRead": 48, "Flush": 104, "GetLocation": 112, "ROMImage": 152}},
		{efi.LoadedImage{}, 96, map[string]uintptr{"DeviceHandle": 24, "FilePath": 32, "LoadOptions": 56, "ImageBase": 64, "Unload": 88}},
		{efi.SimpleTextInput{}, 24, map[string]uintptr{"ReadKeyStroke": 8, "WaitForKey": 16}},
		{efi.InputKey{}, 4, map[string]uintptr{"UnicodeChar": 2}},
		{efi.PathHeader{}, 4, map[string]uintptr{"SubType": 1, "Length": 2}},
	} {
		typ := reflect.TypeOf(c.table)
		if typ.Size() != c.size {
			t.Errorf("%v has %d bytes, want %d", typ, typ.Size(), c.size)
		}
		for name, want := range c.at {
			if field, ok := typ.FieldByName(name); !ok || field.Offset != want {
				t.Errorf("%v.%s is at %d (there: %v), want %d", typ, name, field.Offset, ok, want)
			}
		}
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		status efi.Status
		fails  bool
		says   string
	}{
		{efi.Success, false, "EFI_SUCCESS"},
		{efi.WarnStaleData, false, "EFI_WARN_STALE_DATA"},
		{efi.DeviceError, true, "a device error (EFI_DEVICE_ERROR)"},
		{efi.NotFound, true, "EFI_NOT_FOUND"},
		{efi.HTTPError, true, "EFI_HTTP_ERROR"},
		{efi.EndOfMedia + 1, true, "0x800000000000001d"}, // not assigned
		{1<<63 | 1<<62 | 5, true, "0xc000000000000005"},  // an OEM's
		{99, false, "0x63"},
	} {
		if err := c.status.Err(); (err != nil) != c.fails {
			t.Errorf("%#x: Err() = %v, want an error: %v", uintptr(c.status), err, c.fails)
		}
		if got := c.status.Error(); !strings.Contains(got, c.says) {
			t.Errorf("%#x: %q does not say %q", uintptr(c.status), got, c.says)
		}
	}
	err := fmt.Errorf("reading: %w", efi.DeviceError.Err())
	if !errors.Is(err, efi.DeviceError) || errors.Is(err, efi.NoMedia) {
		t.Errorf("%v is not a device error, or is no medium", err)
	}
}

func TestProtocols(t *testing.T) {
	f := efitest.New()
	if _, s := f.LocateProtocol(efi.GraphicsOutputProtocol); s != efi.NotFound {
		t.Errorf("no display: %v", s)
	}
	if list, err := f.LocateHandles(efi.BlockIOProtocol); !errors.Is(err, efi.NotFound) {
		t.Errorf("no disks: %v, %v", list, err)
	}
	gop := &efi.GraphicsOutput{}
	a, b := f.Handle(nil), f.Handle(nil)
	efitest.Install(f, b, efi.GraphicsOutputProtocol, gop)
	if p, s := f.LocateProtocol(efi.GraphicsOutputProtocol); s != efi.Success || efi.Ptr[efi.GraphicsOutput](p).At() != gop {
		t.Errorf("LocateProtocol: %#x, %v, want the display's", p, s)
	}
	if p, err := f.HandleProtocol(b, efi.GraphicsOutputProtocol); err != nil || efi.Ptr[efi.GraphicsOutput](p).At() != gop {
		t.Errorf("HandleProtocol: %#x, %v, want the display's", p, err)
	}
	if _, err := f.HandleProtocol(a, efi.GraphicsOutputProtocol); !errors.Is(err, efi.Unsupported) {
		t.Errorf("a handle without the protocol: %v", err)
	}
	list, err := f.LocateHandles(efi.GraphicsOutputProtocol)
	if err != nil || len(list) != 1 || list[0] != b || f.Pool() != 0 {
		t.Errorf("LocateHandles: %v, %v, %d buffers kept, want handle %v", list, err, f.Pool(), b)
	}
	f.Fail["LocateProtocol"] = efi.WarnStaleData // a warning is no interface either
	if p, s := f.LocateProtocol(efi.GraphicsOutputProtocol); p != 0 {
		t.Errorf("LocateProtocol with %v returned %#x", s, p)
	}
}

func TestControllers(t *testing.T) {
	f := efitest.New()
	h := f.PCI(efitest.PCINode(31, 2), 0, 3, 31, 2)
	p, err := f.HandleProtocol(h, efi.PCIIOProtocol)
	if err != nil {
		t.Fatal(err)
	}
	segment, bus, device, function, err := f.PCILocation(efi.Ptr[efi.PCIIO](p))
	if got, want := [4]uintptr{segment, bus, device, function}, [4]uintptr{0, 3, 31, 2}; got != want || err != nil {
		t.Errorf("location %v, %v, want %v", got, err, want)
	}
	if err := f.DisconnectController(h); err != nil || f.Connected[h] {
		t.Errorf("disconnected: %v, %v", err, !f.Connected[h])
	}
	if err := f.ConnectController(h); err != nil || !f.Connected[h] {
		t.Errorf("connected: %v, %v", err, f.Connected[h])
	}
	f.Fail["DisconnectController"] = efi.DeviceError
	if err := f.DisconnectController(h); !errors.Is(err, efi.DeviceError) {
		t.Errorf("refused: %v", err)
	}
}

func TestKeysAndReset(t *testing.T) {
	f := efitest.New()
	f.Keys = []efi.InputKey{{UnicodeChar: 'a'}, {ScanCode: efi.ScanUp}}
	want := f.Keys
	for _, k := range want {
		if got, ok := f.ReadKey(); !ok || got != k {
			t.Errorf("key %v, %v, want %v", got, ok, k)
		}
	}
	if got, ok := f.ReadKey(); ok {
		t.Errorf("key %v where none was typed", got)
	}
	f.Table.ConIn = 0
	if got, ok := f.ReadKey(); ok {
		t.Errorf("key %v without a console", got)
	}
	f.ResetSystem(efi.ResetShutdown)
	if len(f.Reset) != 1 || f.Reset[0] != efi.ResetShutdown {
		t.Errorf("ResetSystem got %v", f.Reset)
	}
}

func TestReadBlocks(t *testing.T) {
	f := efitest.New()
	var got [3]uint64
	h, media := f.Disk(efitest.USBNode(1), 512, 100, func(lba uint64, addr, n uintptr) efi.Status {
		got = [3]uint64{lba, uint64(addr), uint64(n)}
		return efi.Success
	})
	p, err := f.HandleProtocol(h, efi.BlockIOProtocol)
	if err != nil {
		t.Fatal(err)
	}
	io := efi.Ptr[efi.BlockIO](p)
	if err := f.ReadBlocks(io, 98, 0x12345000, 1024); err != nil || got != [3]uint64{98, 0x12345000, 1024} {
		t.Errorf("%v, read %v", err, got)
	}
	if err := f.ReadBlocks(io, 99, 0, 1024); !errors.Is(err, efi.InvalidParameter) {
		t.Errorf("behind the end: %v", err)
	}
	media.MediaID++ // unplugged and plugged in again
	if err := f.ReadBlocks(io, 0, 0, 512); err != nil {
		t.Errorf("after the medium's number changed: %v", err)
	}
}

// TestWithoutAllocation: the display is found before Go's runtime runs.
func TestWithoutAllocation(t *testing.T) {
	f := new(efi.Firmware)
	fake := efitest.New()
	locate := fake.Boot.LocateProtocol
	f.Init(efitest.Address(&fake.Table), 1, alone{locate})
	if n := testing.AllocsPerRun(10, func() {
		if _, s := f.LocateProtocol(efi.GraphicsOutputProtocol); s != efi.NotFound {
			panic(s)
		}
	}); n != 0 {
		t.Errorf("LocateProtocol allocates %v times", n)
	}
}

// alone is firmware that finds nothing.
type alone struct{ locate efi.Func }

func (a alone) Call(fn efi.Func, args efi.Args) efi.Status {
	if fn != a.locate || args[0] == 0 || *efi.Ptr[gpt.GUID](args[0]).At() != gpt.MustGUID(efi.GraphicsOutputProtocol) {
		return efi.InvalidParameter
	}
	return efi.NotFound
}

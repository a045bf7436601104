package stub

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestStage1Shape(t *testing.T) {
	s := Stage1()
	if len(s) != Stage1Size || s[510] != 0x55 || s[511] != 0xaa {
		t.Fatalf("stage 1: %d bytes ending in % x, want %d ending in 55 aa", len(s), s[len(s)-2:], Stage1Size)
	}
	for i, b := range s {
		if free := i < Stage1Start || i >= offStage1LBA && i < 510; free && b != 0 {
			t.Errorf("byte %#x is %#x: belongs to headers or patch fields, want 0", i, b)
		}
	}
	if s[Stage1Start] != 0xfa {
		t.Errorf("byte %#x is %#x, want cli", Stage1Start, s[Stage1Start])
	}
}

func TestPatchStage1Refuses(t *testing.T) {
	for _, p := range []Stage1Params{{}, {Stage2LBA: 80}, {Stage2LBA: 256, Stage2Bytes: 1}, {Stage2LBA: 80, Stage2Bytes: stage2MaxSize + 1}} {
		if err := PatchStage1(Stage1(), p); err == nil {
			t.Errorf("%+v: no error", p)
		}
	}
	if err := PatchStage1(make([]byte, 511), Stage1Params{Stage2LBA: 80, Stage2Bytes: 1}); err == nil {
		t.Error("short sector: no error")
	}
}

// guestSuccess is QEMU's exit status when the guest wrote 0x10 to isa-debug-exit.
const guestSuccess = 0x10<<1 | 1

// bootDisk is a floppy-sized disk whose stage 2 ends the machine with success
// if DH says what extended says.
func bootDisk(t *testing.T, guid [16]byte, extended byte) string {
	t.Helper()
	const lba, size = 80, 3*512 + 7
	disk := make([]byte, 1440<<10)
	sector := Stage1()
	if err := PatchStage1(sector, Stage1Params{Stage2LBA: lba, Stage2Bytes: size, DiskGUID: guid}); err != nil {
		t.Fatal(err)
	}
	copy(disk, sector)
	copy(disk, "MZqFpD='\n")
	copy(disk[512+0x38:], guid[:])
	// The code jumps to its fourth sector, so that all of them must be there:
	//   jmp near +0x600; at 0x600: cmp dh, extended; jne .; mov al,0x10; out 0xf4,al; hlt
	s2 := disk[lba*512:]
	copy(s2, []byte{0xe9, 0xfd, 0x05})
	copy(s2[0x600:], []byte{0x80, 0xfe, extended, 0x75, 0xfe, 0xb0, 0x10, 0xe6, 0xf4, 0xf4})
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestStage1Boots runs stage 1 in QEMU's BIOS from the kinds of drives it must
// recognise, with a foreign disk before its own.
func TestStage1Boots(t *testing.T) {
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Skip("qemu-system-x86_64 is not installed (package qemu-system-x86)")
	}
	ours, other := [16]byte{1, 2, 3, 15: 16}, [16]byte{1, 2, 3, 15: 17}
	drive := func(path, kind string) []string {
		return []string{"-drive", "file=" + path + ",format=raw,snapshot=on," + kind}
	}
	tests := map[string][]string{
		"ide":              drive(bootDisk(t, ours, 1), "if=ide"),
		"floppy, CHS only": drive(bootDisk(t, ours, 0), "if=floppy"),
		"virtio":           drive(bootDisk(t, ours, 1), "if=virtio"),
		// The BIOS starts our floppy; the scan must pass the foreign hard disk.
		"floppy after foreign disk": append(drive(bootDisk(t, other, 1), "if=ide"), append(drive(bootDisk(t, ours, 0), "if=floppy"), "-boot", "a")...),
	}
	for name, drives := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			args := append([]string{"-accel", "tcg", "-m", "32", "-display", "none", "-nodefaults", "-no-reboot",
				"-device", "isa-debug-exit,iobase=0xf4,iosize=1"}, drives...)
			cmd := exec.CommandContext(ctx, qemu, args...)
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != guestSuccess {
				t.Errorf("QEMU ended with %d (%v), want %d\n%s", code, err, guestSuccess, out)
			}
		})
	}
}

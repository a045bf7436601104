// Package format names what a llamafile consists of: its members and their limits, its
// partition type, and its manifest. The tools that make and check llamafiles and the
// program inside them both import it, so that each of these facts has one home.
//
// The layout of the bytes is drawn in package ape and, for readers, in docs/format.md.
// This package only describes: it opens no file and changes none. The core contains it, so
// it imports no more than the core has anyway (crypto/sha256 alone would cost 32 MiB of RAM).
package format

import (
	"strings"

	"github.com/llamaboot/llamaboot/image/gpt"
)

// Members that llamaboot itself writes. Everything else in the archive is the owner's.
const (
	ManifestName = "llamaboot.json"
	LicenceName  = "LICENSE"
	ESPName      = "boot/esp.img"        // the EFI System Partition
	CoreName     = "boot/core.elf"       // in place of the ESP in images without UEFI
	BackupName   = "boot/gpt-backup.bin" // both backup partition arrays
	programs     = "bin/"                // folder of the hosted programs
)

// ArgsName is the member with the default arguments of the program, one a line.
const ArgsName = ".args"

// Files on the EFI System Partition.
const (
	BootPath = "EFI/BOOT/BOOTX64.EFI" // with the core inside (UEFI 2.10 section 3.5.1.1)
	// SettingsName is the file that the owner of a boot disk may edit; the program reads it
	// when it boots. SettingsShort is its 8.3 name.
	SettingsName  = "llamaboot.cfg"
	SettingsShort = "LLAMAB~1.CFG"
)

// Limits in bytes, for writers and readers.
const (
	MaxText     = 1 << 20   // a member that is read as text: the arguments, a prompt
	MaxSettings = 64 << 10  // the settings
	MaxManifest = 16 << 20  // the manifest
	MaxProgram  = 256 << 20 // one program
)

// CoreTarget is the target whose program is also what boots.
const CoreTarget = "linux/amd64"

// TypeWeights is the type of the partition that covers the models: "LLAMABOOTWEIGHTS" in
// the text's bytes.
var TypeWeights = gpt.MustGUID("4C4C414D-4142-4F4F-5457-454947485453")

// IsModel reports whether a member name is that of model weights, which the weights
// partition covers.
func IsModel(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".gguf") }

// IsOwn reports whether llamaboot itself writes the member of that name.
func IsOwn(name string) bool {
	switch name {
	case ManifestName, BackupName, ESPName, CoreName, LicenceName:
		return true
	}
	return IsProgram(name)
}

// ProgramFile returns the file name of the program for a target: "linux/arm64" gives
// "llamafile-linux-arm64".
func ProgramFile(target string) string {
	os, arch, _ := strings.Cut(target, "/")
	name := "llamafile-" + os + "-" + arch
	if os == "windows" {
		name += ".exe"
	}
	return name
}

// ProgramName returns the member name of the hosted program for a target.
func ProgramName(target string) string { return programs + ProgramFile(target) }

// IsProgram reports whether a member is a hosted program.
func IsProgram(name string) bool { return strings.HasPrefix(name, programs) }

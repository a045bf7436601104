package qemu

import (
	"os"
	"os/exec"
	"path/filepath"
)

// binaryName is the emulator for x86_64 guests.
const binaryName = "qemu-system-x86_64"

// FirmwareEnv overrides the search for OVMF: the path of its code image.
const FirmwareEnv = "LLAMABOOT_OVMF"

// firmware is one OVMF build: flash images of the code and, where it is a file of its own, of the variables.
type firmware struct{ code, vars string }

// ovmfPlaces lists where distributions put OVMF without Secure Boot, 4 MiB builds first.
var ovmfPlaces = []firmware{
	{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},                         // Debian, Ubuntu
	{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},                               // older Debian, Ubuntu
	{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},                     // Fedora
	{"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},                 // Arch
	{"/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "/usr/share/edk2-ovmf/x64/OVMF_VARS.fd"},             // older Arch, Gentoo
	{"/usr/share/qemu/ovmf-x86_64-4m-code.bin", "/usr/share/qemu/ovmf-x86_64-4m-vars.bin"},         // openSUSE
	{"/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/qemu/ovmf-x86_64-vars.bin"},               // older openSUSE
	{"/run/libvirt/nix-ovmf/edk2-x86_64-code.fd", "/run/libvirt/nix-ovmf/edk2-i386-vars.fd"},       // NixOS
	{"/opt/homebrew/share/qemu/edk2-x86_64-code.fd", "/opt/homebrew/share/qemu/edk2-i386-vars.fd"}, // Homebrew
	{"/usr/local/share/qemu/edk2-x86_64-code.fd", "/usr/local/share/qemu/edk2-i386-vars.fd"},       // QEMU's own build
}

// findBinary finds the emulator.
func findBinary() (string, error) {
	path, err := exec.LookPath(binaryName)
	if err != nil {
		return "", &MissingError{What: binaryName, Package: "qemu-system-x86"}
	}
	return path, nil
}

// findOVMF finds the UEFI firmware. QEMU ships one beside its other data; distributions keep theirs elsewhere.
func findOVMF(binary string) (firmware, error) {
	if code := os.Getenv(FirmwareEnv); code != "" {
		if !isFile(code) {
			return firmware{}, &MissingError{What: "OVMF", Package: "ovmf", Looked: []string{code + " ($" + FirmwareEnv + ")"}}
		}
		return firmware{code: code}, nil
	}
	share := filepath.Join(filepath.Dir(filepath.Dir(binary)), "share", "qemu")
	own := firmware{filepath.Join(share, "edk2-x86_64-code.fd"), filepath.Join(share, "edk2-i386-vars.fd")}
	var looked []string
	for _, f := range append(ovmfPlaces[:len(ovmfPlaces):len(ovmfPlaces)], own) {
		if isFile(f.code) && isFile(f.vars) {
			return f, nil
		}
		looked = append(looked, f.code)
	}
	return firmware{}, &MissingError{What: "OVMF, the UEFI firmware,", Package: "ovmf", Looked: looked}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

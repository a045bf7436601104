package qemu

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// binaryName is the emulator for x86_64 guests.
const binaryName = "qemu-system-x86_64"

// FirmwareEnv overrides the search for OVMF: the path of its code image, or of one that holds code and variables.
const FirmwareEnv = "LLAMABOOT_OVMF"

// firmware is one OVMF build: flash images of the code and, where it is a file of its own, of the variables.
type firmware struct {
	code, vars string
	smm        bool // the build keeps its variables behind system management mode
}

// ovmfPlaces lists where distributions put OVMF without Secure Boot, 4 MiB builds first.
var ovmfPlaces = []firmware{
	{code: "/usr/share/OVMF/OVMF_CODE_4M.fd", vars: "/usr/share/OVMF/OVMF_VARS_4M.fd"},                         // Debian, Ubuntu
	{code: "/usr/share/OVMF/OVMF_CODE.fd", vars: "/usr/share/OVMF/OVMF_VARS.fd"},                               // older Debian, Ubuntu
	{code: "/usr/share/edk2/ovmf/OVMF_CODE.fd", vars: "/usr/share/edk2/ovmf/OVMF_VARS.fd"},                     // Fedora
	{code: "/usr/share/edk2/x64/OVMF_CODE.4m.fd", vars: "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},                 // Arch
	{code: "/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", vars: "/usr/share/edk2-ovmf/x64/OVMF_VARS.fd"},             // older Arch, Gentoo
	{code: "/usr/share/qemu/ovmf-x86_64-4m-code.bin", vars: "/usr/share/qemu/ovmf-x86_64-4m-vars.bin"},         // openSUSE
	{code: "/usr/share/qemu/ovmf-x86_64-code.bin", vars: "/usr/share/qemu/ovmf-x86_64-vars.bin"},               // older openSUSE
	{code: "/run/libvirt/nix-ovmf/edk2-x86_64-code.fd", vars: "/run/libvirt/nix-ovmf/edk2-i386-vars.fd"},       // NixOS
	{code: "/opt/homebrew/share/qemu/edk2-x86_64-code.fd", vars: "/opt/homebrew/share/qemu/edk2-i386-vars.fd"}, // Homebrew
	{code: "/usr/local/share/qemu/edk2-x86_64-code.fd", vars: "/usr/local/share/qemu/edk2-i386-vars.fd"},       // QEMU's own build
}

// securePlaces lists OVMF with Secure Boot on and Microsoft's keys enrolled, as most PCs are sold.
var securePlaces = []firmware{
	{code: "/usr/share/OVMF/OVMF_CODE_4M.ms.fd", vars: "/usr/share/OVMF/OVMF_VARS_4M.ms.fd", smm: true},                   // Debian, Ubuntu
	{code: "/usr/share/OVMF/OVMF_CODE.ms.fd", vars: "/usr/share/OVMF/OVMF_VARS.ms.fd", smm: true},                         // older Debian, Ubuntu
	{code: "/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", vars: "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd", smm: true},     // Fedora
	{code: "/usr/share/qemu/ovmf-x86_64-smm-ms-code.bin", vars: "/usr/share/qemu/ovmf-x86_64-smm-ms-vars.bin", smm: true}, // openSUSE
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
func findOVMF(binary, named string, secure bool) (firmware, error) {
	from := ""
	if named == "" {
		named, from = os.Getenv(FirmwareEnv), " ($"+FirmwareEnv+")"
	}
	if named != "" {
		if !isFile(named) {
			return firmware{}, &MissingError{What: "OVMF", Package: "ovmf", Looked: []string{named + from}}
		}
		return fromCode(named, secure), nil
	}
	places := securePlaces
	if !secure {
		share := filepath.Join(filepath.Dir(filepath.Dir(binary)), "share", "qemu")
		own := firmware{code: filepath.Join(share, "edk2-x86_64-code.fd"), vars: filepath.Join(share, "edk2-i386-vars.fd")}
		places = append(ovmfPlaces[:len(ovmfPlaces):len(ovmfPlaces)], own)
	}
	var looked []string
	for _, f := range places {
		if isFile(f.code) && isFile(f.vars) {
			return f, nil
		}
		looked = append(looked, f.code)
	}
	return firmware{}, &MissingError{What: "OVMF, the UEFI firmware,", Package: "ovmf", Looked: looked}
}

// fromCode completes a named code image with the variables beside it, which have the same name but for one word. An
// image without is whole by itself.
func fromCode(code string, secure bool) firmware {
	f := firmware{code: code, smm: secure}
	for _, word := range [][2]string{{"CODE", "VARS"}, {"code", "vars"}} {
		vars := filepath.Join(filepath.Dir(code), strings.Replace(filepath.Base(code), word[0], word[1], 1))
		if vars != code && isFile(vars) {
			f.vars = vars
		}
	}
	return f
}

// arguments are QEMU's for the flash; dir gets a copy of the variables, which the guest writes to.
func (f firmware) arguments(dir string) ([]string, error) {
	if f.vars == "" {
		return []string{"-bios", f.code}, nil
	}
	vars, err := copyInto(dir, f.vars)
	if err != nil {
		return nil, err
	}
	args := []string{
		"-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + escapeComma(f.code),
		"-drive", "if=pflash,unit=1,format=raw,file=" + escapeComma(vars),
	}
	if f.smm {
		// Only code in system management mode may write to the flash.
		args = append(args, "-global", "driver=cfi.pflash01,property=secure,value=on")
	}
	return args, nil
}

// copyInto copies a firmware's variable store, which the guest writes to, into the run's folder.
func copyInto(dir, path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	dst := filepath.Join(dir, filepath.Base(path))
	if err := os.WriteFile(dst, b, 0o600); err != nil {
		return "", err
	}
	return dst, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

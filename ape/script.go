package ape

import (
	_ "embed"
	"fmt"
	"hash/crc32"
	"math/bits"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/ape/format"
)

// A target of the shell script: where its program lies and what it is called.
type target struct {
	os, arch string
	offset   int64 // multiple of extractBlock
	size     int64
	hash     string // leading hex digits of the program's SHA-256
	cksum    uint32 // its CRC, as cksum prints it
}

// UnamePatterns are the shell patterns of `uname -s`-`uname -m` for each target.
var UnamePatterns = map[string]string{
	"linux/amd64":   "Linux-x86_64|Linux-amd64",
	"linux/arm64":   "Linux-aarch64|Linux-arm64",
	"darwin/arm64":  "Darwin-arm64",
	"darwin/amd64":  "Darwin-x86_64",
	"freebsd/amd64": "FreeBSD-amd64",
	"openbsd/amd64": "OpenBSD-amd64",
	"netbsd/amd64":  "NetBSD-amd64",
	"windows/amd64": "MINGW*|MSYS*|CYGWIN*|Windows_NT*", // Git Bash, MSYS2, Cygwin, busybox-w32; each Windows starts it
}

// start.sh is the script; @NAME@ marks are filled in by newScript.
//
//go:embed start.sh
var startScript string

// newScript returns the scriptSize bytes of the shell script.
func newScript(targets []target, faces []elfFace, headerCopies int64) ([]byte, error) {
	var cases, names, elves strings.Builder
	for _, t := range targets {
		pattern, ok := UnamePatterns[t.os+"/"+t.arch]
		if !ok {
			continue
		}
		suffix := ""
		if t.os == "windows" {
			suffix = " x=.exe"
		}
		fmt.Fprintf(&cases, "%s) k=%d z=%d c=%d h=%s%s;;\n", pattern, t.offset/extractBlock, t.size, t.cksum, t.hash, suffix)
		fmt.Fprintf(&names, " %s-%s", t.os, t.arch)
	}
	for i := range faces {
		fmt.Fprintf(&elves, "printf '%s'\n", faces[i].printfText())
	}
	text := stripComments(startScript)
	for mark, value := range map[string]string{
		"@CASES@\n":  cases.String(),
		"@NAMES@":    strings.TrimSpace(names.String()),
		"@ELF@":      fmt.Sprint(headerCopies / ELFHeaderSize),
		"@PRINTF@\n": elves.String(),
	} {
		if strings.Count(text, mark) != 1 {
			return nil, fmt.Errorf("start.sh holds %s %d times, want once", strings.TrimSpace(mark), strings.Count(text, mark))
		}
		text = strings.Replace(text, mark, value, 1)
	}
	if len(text) > format.ScriptSize {
		return nil, fmt.Errorf("%w: shell script of %d bytes, want at most %d (fewer targets make it shorter)", ErrTooBig, len(text), format.ScriptSize)
	}
	// Newlines, not NULs: shells complain about those.
	return []byte(text + strings.Repeat("\n", format.ScriptSize-len(text))), nil
}

// cksum returns the CRC that POSIX cksum prints: polynomial 0x04C11DB7, most significant
// bit first, over the data and its length in bytes, least significant byte first, without
// leading zeros (POSIX.1-2017, cksum). That is the bit-reversed CRC-32 of bit-reversed bytes,
// from a register of zeros.
func cksum(data []byte) uint32 {
	crc := ^uint32(0) // crc32.Update complements it
	var buf [4096]byte
	update := func(b []byte) {
		for i, c := range b {
			buf[i] = bits.Reverse8(c)
		}
		crc = crc32.Update(crc, crc32.IEEETable, buf[:len(b)])
	}
	for part := range slices.Chunk(data, len(buf)) {
		update(part)
	}
	for n := len(data); n > 0; n >>= 8 {
		update([]byte{byte(n)})
	}
	return bits.Reverse32(crc)
}

// stripComments drops comments, indentation and empty lines, which the file has no room for.
func stripComments(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if line = strings.TrimLeft(line, "\t"); line != "\n" && !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

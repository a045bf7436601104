package ape

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/llamaboot/llamaboot/ape/format"
)

// A target of the shell script: where its program lies and what it is called.
type target struct {
	os, arch string
	offset   int64 // multiple of extractBlock
	size     int64
	hash     string // leading hex digits of the program's SHA-256
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
			continue // Windows starts the PE face
		}
		fmt.Fprintf(&cases, "%s) k=%d z=%d h=%s;;\n", pattern, t.offset/extractBlock, t.size, t.hash)
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

// stripComments drops comment lines and indentation, which the file has no room for.
func stripComments(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if line = strings.TrimLeft(line, "\t"); !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/cli"
)

// readText reads a file, or standard input when the name is empty or "-".
func readText(cmd *cobra.Command, name string) (string, error) {
	if name != "" && name != "-" {
		b, err := os.ReadFile(name)
		return string(b), err
	}
	b, err := cli.Wait(cmd.Context(), func() ([]byte, error) { return io.ReadAll(cmd.InOrStdin()) })
	return string(b), err
}

// printer remembers the first error of a series of writes.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// printable is a name as it is, or quoted when a terminal would take part of it for a command.
func printable(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}

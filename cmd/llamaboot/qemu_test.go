package main

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestPromptArgs(t *testing.T) {
	for prompt, want := range map[string][]string{
		"Once":         {"--cli", "--temp", "0", "-n", "7", "-p=Once"},
		"":             {"--cli", "--temp", "0", "-n", "7", "-p="},
		"--help":       {"--cli", "--temp", "0", "-n", "7", "-p=--help"},
		`a\b`:          {"--cli", "--temp", "0", "-n", "7", `-p=a\b`},
		"a\\b\r\nc\"d": {"--cli", "--temp", "0", "-n", "7", "-e", `-p=a\\b\r\nc"d`}, // the guest reads one argument a line
	} {
		if got := promptArgs(prompt, 7); !slices.Equal(got, want) {
			t.Errorf("promptArgs(%q) = %q, want %q", prompt, got, want)
		}
	}
}

func TestDetachKeys(t *testing.T) {
	for typed, want := range map[string]struct {
		sent     string
		detached bool
	}{
		"abc":        {"abc", false},
		"a\x01xb":    {"a", true},
		"a\x01\x01b": {"a\x01b", false},
		"\x01bx":     {"bx", false},
		"x\x03":      {"x\x03", false}, // Ctrl-C is the guest's
	} {
		detached := false
		d := &detachReader{r: iotest.OneByteReader(strings.NewReader(typed)), detach: func() { detached = true }}
		sent, err := io.ReadAll(d)
		if err != nil || string(sent) != want.sent || detached != want.detached {
			t.Errorf("%q: sent %q, detached %v, %v; want %q, %v", typed, sent, detached, err, want.sent, want.detached)
		}
	}
}

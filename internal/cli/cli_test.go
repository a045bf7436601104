package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	base := errors.New("base")
	err := fmt.Errorf("outer: %w", WithHint(Usage(base), "do %d things", 2))
	if err.Error() != "outer: base" || !errors.Is(err, base) || HintOf(err) != "do 2 things" || !IsUsage(err) {
		t.Errorf("%q, hint %q, usage %v", err, HintOf(err), IsUsage(err))
	}
	if HintOf(base) != "" || IsUsage(base) || !IsUsage(Usagef("no %s", "x")) {
		t.Error("a plain error has a hint or is one of usage, or one of usage is none")
	}
	if err := WithHint(WithHint(base, "inner"), "outer"); HintOf(err) != "outer" {
		t.Errorf("hint %q, want the outer one", HintOf(err))
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	r, w := Reader(ctx, strings.NewReader("abcdef")), Writer(ctx, &out)
	if n, err := io.CopyN(w, r, 3); n != 3 || err != nil || out.String() != "abc" {
		t.Errorf("before: %d, %v, %q", n, err, out.String())
	}
	if v, err := Wait(ctx, func() (int, error) { return 7, io.EOF }); v != 7 || err != io.EOF {
		t.Errorf("Wait: %d, %v", v, err)
	}
	cancel()
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	if _, err := w.Write([]byte("x")); !errors.Is(err, context.Canceled) || out.String() != "abc" {
		t.Errorf("write: %v, %q", err, out.String())
	}
	never := make(chan int)
	if _, err := Wait(ctx, func() (int, error) { return <-never, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v", err)
	}
}

package loader

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestCheckMemory(t *testing.T) {
	if err := CheckMemory("m.gguf", 1<<30, 1<<30+Reserve); err != nil {
		t.Error(err)
	}
	err := CheckMemory("m.gguf", 1<<30+1, 1<<30+Reserve)
	if !errors.Is(err, ErrMemory) || !strings.Contains(err.Error(), "needs 1025 MiB") || !strings.Contains(err.Error(), "has 1120 MiB free") {
		t.Errorf("got %v", err)
	}
	if err := CheckMemory("m.gguf", 1, 0); !errors.Is(err, ErrMemory) {
		t.Errorf("no free RAM at all: %v", err)
	}
}

func TestRead(t *testing.T) {
	src := make([]byte, 7<<20)
	for i := range src {
		src[i] = byte(i >> 10)
	}
	clock := time.Unix(0, 0)
	now := func() time.Time { clock = clock.Add(300 * time.Millisecond); return clock }
	var out bytes.Buffer
	dst := make([]byte, 6<<20)
	if err := Read(dst, bytes.NewReader(src), 1<<20, "m.gguf", &out, now); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(dst, src[1<<20:]) {
		t.Error("wrong bytes")
	}
	const want = "\rloading m.gguf: 4 / 6 MB, 7.0 MB/s, 0s left   \rloaded m.gguf: 6.3 MB in 1.2 s (5.2 MB/s)            \n"
	if out.String() != want {
		t.Errorf("progress %q, want %q", out.String(), want)
	}
}

type failing struct{}

func (failing) ReadAt(p []byte, off int64) (int, error) { return 5, iotest.ErrTimeout }

func TestReadError(t *testing.T) {
	err := Read(make([]byte, 100), failing{}, 0, "m.gguf", io.Discard, time.Now)
	if !errors.Is(err, iotest.ErrTimeout) || !strings.Contains(err.Error(), "at byte 5 of 100") {
		t.Errorf("got %v", err)
	}
	err = Read(make([]byte, 100), strings.NewReader("short"), 0, "m.gguf", io.Discard, time.Now)
	if err == nil || !strings.Contains(err.Error(), "at byte 5 of 100") {
		t.Errorf("short disk: %v", err)
	}
}

package loader

import (
	"bytes"
	"errors"
	"hash/crc32"
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
	if !errors.Is(err, ErrMemory) || !strings.Contains(err.Error(), "needs 1025 MiB") || !strings.Contains(err.Error(), "has 1072 MiB free") {
		t.Errorf("got %v", err)
	}
	if err := CheckMemory("m.gguf", 1, 0); !errors.Is(err, ErrMemory) {
		t.Errorf("no free RAM at all: %v", err)
	}
}

// weights returns n bytes that differ everywhere.
func weights(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>10 ^ i)
	}
	return b
}

// slowly returns a clock that is moved on by step with every look at it.
func slowly(step time.Duration) func() time.Time {
	clock := time.Unix(0, 0)
	return func() time.Time { clock = clock.Add(step); return clock }
}

func TestRead(t *testing.T) {
	src := weights(7 << 20)
	crc := crc32.ChecksumIEEE(src[1<<20 : 7<<20])
	var out bytes.Buffer
	dst := make([]byte, 6<<20)
	if err := Read(dst, bytes.NewReader(src), 1<<20, Member{"m.gguf", &crc}, &out, slowly(150*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(dst, src[1<<20:]) {
		t.Error("wrong bytes")
	}
	const want = "\rloading m.gguf: 2 / 6 MB, 3.5 MB/s, 1s left   \rloading m.gguf: 4 / 6 MB, 3.5 MB/s, 1s left   " +
		"\rloaded m.gguf: 6.3 MB in 1.9 s (3.2 MB/s), CRC-32 right            \n"
	if out.String() != want {
		t.Errorf("progress %q, want %q", out.String(), want)
	}
}

// sizes records how much is asked for at a time.
type sizes struct {
	io.ReaderAt
	asked []int
}

func (s *sizes) ReadAt(p []byte, off int64) (int, error) {
	s.asked = append(s.asked, len(p)>>20)
	return s.ReaderAt.ReadAt(p, off)
}

func TestReadsGrowOnAFastDisk(t *testing.T) {
	for step, want := range map[time.Duration][]int{
		time.Millisecond: {1, 2, 4, 8, 1},
		time.Second:      {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
	} {
		r := &sizes{ReaderAt: bytes.NewReader(weights(16 << 20))}
		if err := Read(make([]byte, 16<<20), r, 0, Member{Name: "m"}, io.Discard, slowly(step)); err != nil {
			t.Fatal(err)
		}
		if len(r.asked) != len(want) {
			t.Errorf("clock of %v: reads of %v MiB, want %v", step, r.asked, want)
			continue
		}
		for i := range want {
			if r.asked[i] != want[i] {
				t.Errorf("clock of %v: reads of %v MiB, want %v", step, r.asked, want)
				break
			}
		}
	}
}

func TestReadWrongChecksum(t *testing.T) {
	src := weights(5 << 20)
	crc := crc32.ChecksumIEEE(src)
	src[3<<20] ^= 1 // one bit of the medium fell over
	var out bytes.Buffer
	err := Read(make([]byte, len(src)), bytes.NewReader(src), 0, Member{"m.gguf", &crc}, &out, time.Now)
	if !errors.Is(err, ErrChecksum) || !strings.Contains(err.Error(), "m.gguf") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(out.String(), "loaded") {
		t.Errorf("damaged weights reported as loaded: %q", out.String())
	}
}

func TestReadNothing(t *testing.T) {
	var zero uint32
	if err := Read(nil, bytes.NewReader(nil), 0, Member{"empty", &zero}, io.Discard, time.Now); err != nil {
		t.Error(err)
	}
}

type failing struct{}

func (failing) ReadAt(p []byte, off int64) (int, error) { return 5, iotest.ErrTimeout }

func TestReadError(t *testing.T) {
	var crc uint32
	err := Read(make([]byte, 100), failing{}, 0, Member{"m.gguf", &crc}, io.Discard, time.Now)
	if !errors.Is(err, iotest.ErrTimeout) || !strings.Contains(err.Error(), "at byte 5 of 100") {
		t.Errorf("got %v", err)
	}
	err = Read(make([]byte, 100), strings.NewReader("short"), 0, Member{Name: "m.gguf"}, io.Discard, time.Now)
	if err == nil || !strings.Contains(err.Error(), "at byte 5 of 100") {
		t.Errorf("short disk: %v", err)
	}
}

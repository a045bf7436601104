package loader

import (
	"bytes"
	"errors"
	"hash/crc32"
	"strings"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	src := weights(3 << 20)
	right := crc32.ChecksumIEEE(src[4096:])
	wrong := right ^ 1
	n := int64(len(src) - 4096)
	errMap := errors.New("out of address space")
	for _, c := range []struct {
		name  string
		free  int64
		crc   *uint32
		mapOK bool
		want  error
		says  string
		maps  int
	}{
		{"all is well", n + Reserve, &right, true, nil, "CRC-32 right", 1},
		{"no checksum known", n + Reserve, nil, true, nil, "loaded m.gguf: 3.1 MB", 1},
		{"a byte too little RAM", n + Reserve - 1, &right, true, ErrMemory, "", 0},
		{"no address space", n + Reserve, &right, false, errMap, "", 1},
		{"damaged", n + Reserve, &wrong, true, ErrChecksum, "", 1},
	} {
		var out bytes.Buffer
		maps := 0
		l := &Loader{
			Disk: bytes.NewReader(src), Progress: &out, Now: slowly(time.Millisecond),
			Free: func() int64 { return c.free },
			Map: func(n int) ([]byte, error) {
				maps++
				if !c.mapOK {
					return nil, errMap
				}
				return make([]byte, n), nil
			},
		}
		b, closeIt, err := l.Load("m.gguf", 4096, n, c.crc)
		if !errors.Is(err, c.want) || maps != c.maps || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: %v, want %v; %d reservations, want %d; printed %q, want %q", c.name, err, c.want, maps, c.maps, out.String(), c.says)
		}
		if err != nil {
			if b != nil || !strings.Contains(err.Error(), "m.gguf") {
				t.Errorf("%s: %d bytes with the error %v, which must name the member", c.name, len(b), err)
			}
			continue
		}
		if !bytes.Equal(b, src[4096:]) || closeIt() != nil {
			t.Errorf("%s: wrong bytes", c.name)
		}
	}
}

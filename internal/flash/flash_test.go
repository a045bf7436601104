package flash

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
)

// fakeDisk is a disk in memory; lies makes it forget what lies beyond, as counterfeit sticks do.
type fakeDisk struct {
	data  []byte
	lies  int64
	syncs int
}

func (d *fakeDisk) WriteAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > int64(len(d.data)) {
		return 0, errors.New("no space left on device")
	}
	n := copy(d.data[off:], p)
	if d.lies > 0 && off+int64(n) > d.lies {
		clear(d.data[max(off, d.lies) : off+int64(n)])
	}
	return n, nil
}

func (d *fakeDisk) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, d.data[off:])
	if n < len(p) {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}

func (d *fakeDisk) Sync() error { d.syncs++; return nil }

func image(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + 1)
	}
	return b
}

func TestWrite(t *testing.T) {
	src := image(2*chunk + 512)
	disk := &fakeDisk{data: bytes.Repeat([]byte{0xee}, 3*chunk)}
	passes := map[string]int64{}
	sum, err := Write(t.Context(), disk, bytes.NewReader(src), int64(len(src)), func(pass string, done, total int64) {
		if done <= passes[pass] || done > total || total != int64(len(src)) {
			t.Errorf("progress %s %d of %d after %d", pass, done, total, passes[pass])
		}
		passes[pass] = done
	})
	if err != nil || sum != sha256.Sum256(src) {
		t.Fatalf("Write = %x, %v", sum, err)
	}
	if !bytes.Equal(disk.data[:len(src)], src) || disk.data[len(src)] != 0xee || disk.syncs != 1 {
		t.Errorf("the disk holds something else, or was synced %d times", disk.syncs)
	}
	if passes["write"] != int64(len(src)) || passes["verify"] != int64(len(src)) {
		t.Errorf("passes %v", passes)
	}
}

func TestWriteFails(t *testing.T) {
	quiet := func(string, int64, int64) {}
	src := image(2 * chunk)
	n := int64(len(src))
	if _, err := Write(t.Context(), &fakeDisk{data: make([]byte, n), lies: chunk + 5}, bytes.NewReader(src), n, quiet); !errors.Is(err, ErrVerify) {
		t.Errorf("a disk that lies: %v, want ErrVerify", err)
	}
	if _, err := Write(t.Context(), &fakeDisk{data: make([]byte, chunk)}, bytes.NewReader(src), n, quiet); err == nil || !strings.Contains(err.Error(), "write at byte 4194304 of 8388608: no space left") {
		t.Errorf("a full disk: %v", err)
	}
	if _, err := Write(t.Context(), &fakeDisk{data: make([]byte, n)}, bytes.NewReader(src[:chunk]), n, quiet); !errors.Is(err, io.EOF) {
		t.Errorf("a file that shrinks: %v, want EOF", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Write(ctx, &fakeDisk{data: make([]byte, n)}, bytes.NewReader(src), n, quiet); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "does not boot") {
		t.Errorf("interrupted: %v", err)
	}
}

func TestCheck(t *testing.T) {
	good := Device{Path: "/dev/sdz", Model: "Stick", Bytes: 1000, Whole: true, Removable: true}
	if err := good.Check(1000); err != nil {
		t.Errorf("a good stick: %v", err)
	}
	for want, change := range map[string]func(*Device){
		"it is a partition":                     func(d *Device) { d.Whole = false },
		"it is not removable":                   func(d *Device) { d.Removable = false },
		"it is write-protected":                 func(d *Device) { d.ReadOnly = true },
		`it is in use: ["/media/x"]`:            func(d *Device) { d.Mounted = []string{"/media/x"} },
		"holds 999 bytes, want at least 1000":   func(d *Device) { d.Bytes = 999 },
		"/dev/sdz (Stick): not a disk to write": func(d *Device) { d.Bytes = 0 },
	} {
		d := good
		change(&d)
		if err := d.Check(1000); !errors.Is(err, ErrDevice) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want ErrDevice with %q", err, want)
		}
	}
}

package bus_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/bus/bustest"
)

func TestMemory(t *testing.T) {
	m, err := bustest.New(0).DMA(100)
	if err != nil {
		t.Fatal(err)
	}
	p := m.At(8, 8)
	p.Store32(4, 0x11223344)
	if p.Load32(4) != 0x11223344 || !bytes.Equal(m.Bytes[12:16], []byte{0x44, 0x33, 0x22, 0x11}) || p.Addr != m.Addr+8 {
		t.Errorf("%x at %#x", m.Bytes[:16], p.Addr)
	}
}

func TestWait(t *testing.T) {
	m := bustest.New(0)
	n := 0
	if err := bus.Wait(m, time.Second, "third look", func() bool { n++; return n == 3 }); err != nil || n != 3 {
		t.Errorf("%v after %d looks", err, n)
	}
	start := m.Slept
	err := bus.Wait(m, time.Second, "wonder", func() bool { return false })
	if !errors.Is(err, bus.ErrTimeout) || !strings.Contains(err.Error(), "wonder") || m.Slept-start > 2*time.Second {
		t.Errorf("%v after %v", err, m.Slept-start)
	}
}

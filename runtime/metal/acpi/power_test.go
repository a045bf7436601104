package acpi

import (
	"slices"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/port/porttest"
)

// off returns what PowerOff writes to a machine with a PM1a register of value, and how
// long it waits. enabled is what the register holds after the SMI command.
func off(m machine, value, enabled uint32) (log []string, waited time.Duration) {
	s := porttest.New()
	s.Register(0x604, &value)
	s.Devices[0xb2] = porttest.Device{Out: func(int, uint32) { value = enabled }}
	Machine{m.read, rootAt, s, func(d time.Duration) { waited += d }}.PowerOff()
	return s.Log, waited
}

func TestPowerOff(t *testing.T) {
	for _, c := range []struct {
		name           string
		value, enabled uint32
		want           []string
		waited         time.Duration
	}{
		{"in ACPI mode", 1, 1, []string{"out16 0x604 = 0x3400"}, offTime},
		{"in legacy mode", 0, 1, []string{"out8 0xb2 = 0xf1", "out16 0x604 = 0x3400"}, offTime},
		{"never in ACPI mode", 0, 0, []string{"out8 0xb2 = 0xf1", "out16 0x604 = 0x3400"}, enableTime + offTime},
	} {
		log, waited := off(pc(s5AML), c.value, c.enabled)
		if !slices.Equal(log, c.want) || waited != c.waited {
			t.Errorf("%s: wrote %q and waited %v, want %q and %v", c.name, log, waited, c.want, c.waited)
		}
	}
	m := pc(s5AML)
	delete(m, rootAt)
	if log, waited := off(m, 1, 1); len(log) != 0 || waited != 0 {
		t.Errorf("without tables: wrote %q and waited %v", log, waited)
	}
}

func TestReset(t *testing.T) {
	s := porttest.New()
	m := pc(s5AML)
	Machine{m.read, rootAt, s, func(time.Duration) {}}.Reset()
	if want := []string{"out8 0xcf9 = 0xf"}; !slices.Equal(s.Log, want) {
		t.Errorf("wrote %q, want %q", s.Log, want)
	}
	delete(m, rootAt)
	Machine{m.read, rootAt, s, func(time.Duration) {}}.Reset()
	if len(s.Log) != 1 {
		t.Errorf("without tables: wrote %q", s.Log[1:])
	}
}

package kern

import "testing"

func TestTimerPeriod(t *testing.T) {
	const hz = 1e9 // ticks a second, as QEMU's
	for _, test := range []struct {
		lvt, divide, count uint32
		want               int64
	}{
		{0x20020, 0xb, 10e6, 10e6},                        // periodic, divided by 1
		{0x20020, 0, 5e6, 10e6},                           // by 2
		{0x00040, 0x3, 1e6, 16e6},                         // one-shot, by 16
		{0x20040, 0xa, 1e6, 128e6},                        // by 128
		{0x20040, 0xa, 1<<32 - 1, (1<<32 - 1) * 128},      // the longest there is
		{apicDeadlineMode | 0x40, 0xb, 0, deadlinePeriod}, // no count
		{apicMasked | 0x20020, 0xb, 10e6, 0},              // off
		{0x20000, 0xb, 10e6, 0},                           // as after reset: vector 0
		{apicMasked | apicDeadlineMode | 0x40, 0xb, 0, 0}, // off
		{0x20040, 0xb, 0, 0},                              // counts nothing
	} {
		if got := timerPeriod(test.lvt, test.divide, test.count, hz); got != test.want {
			t.Errorf("timer %#x, divisor %#x, count %d: period %d ns, want %d", test.lvt, test.divide, test.count, got, test.want)
		}
	}
}

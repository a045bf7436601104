//go:build tamago && amd64

package microvm

import (
	"time"

	"github.com/usbarmory/tamago/soc/intel/rtc"

	"github.com/llamaboot/llamaboot/runtime/metal/port"
)

// Channel 0 of the interval timer (Intel 8254 data sheet, September 1993), which counts down
// whatever else a virtual machine has of a PC.
const (
	pitChannel0 = 0x40
	pitMode     = 0x43
	pitOneShot  = 0x30 // channel 0, both bytes, mode 0
	pitLatch    = 0x00 // channel 0
	pitHz       = 1193182
	pitStart    = 0xffff

	// measureTicks is a twentieth of a second.
	measureTicks = pitHz / 20
	// measureLooks bounds the wait for a timer that is not there.
	measureLooks = 1 << 20
	// assumedTSC is the frequency of a counter that cannot be measured.
	assumedTSC = 2e9
)

// measureTSC returns the frequency of the time stamp counter in Hz.
func measureTSC(io port.IO, counter func() uint64) float64 {
	io.Out8(pitMode, pitOneShot)
	io.Out8(pitChannel0, pitStart&0xff)
	io.Out8(pitChannel0, pitStart>>8)
	start := counter()
	for look := range measureLooks {
		io.Out8(pitMode, pitLatch)
		low := io.In8(pitChannel0)
		passed := pitStart - (int(io.In8(pitChannel0))<<8 | int(low))
		if passed >= measureTicks {
			if look == 0 { // no timer: whatever it reads as, it does not count
				break
			}
			return float64(counter()-start) * pitHz / float64(passed)
		}
	}
	return assumedTSC
}

// setWallClock reads the CMOS clock, for dates in chat templates. Time jumps: nothing may
// wait for any yet.
func setWallClock() {
	const tries = 30
	clock := rtc.RTC{Location: time.UTC}
	for range tries {
		now, err := clock.Now()
		if err == nil {
			if now.Year() >= 2000 && now.Year() < 2200 {
				cpu.SetTime(now.UnixNano())
			}
			return
		}
		time.Sleep(time.Millisecond) // an update is in progress, or there is no such clock
	}
}

//go:build metal

package board

import (
	"time"

	"github.com/usbarmory/tamago/soc/intel/rtc"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// setWallClock reads the CMOS clock, which counts UTC or local time as the owner's last
// system left it: good enough for dates in chat templates.
func setWallClock() {
	clock := rtc.RTC{Location: time.UTC}
	for range 100 {
		now, err := clock.Now()
		if err == nil {
			if now.Year() >= 2000 && now.Year() < 2200 {
				kern.SetWallClock(now)
			}
			return
		}
		time.Sleep(10 * time.Millisecond) // an update is in progress
	}
}

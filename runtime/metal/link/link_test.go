package link_test

import (
	"fmt"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/metal/link"
)

func TestMAC(t *testing.T) {
	m := link.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x5f}
	if got := fmt.Sprint(m); got != "52:54:00:12:34:5f" {
		t.Error(got)
	}
	if !m.Unicast() || link.Broadcast.Unicast() || (link.MAC{}).Unicast() || (link.MAC{1}).Unicast() {
		t.Error("unicast")
	}
}

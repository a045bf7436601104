package kern

import "testing"

func TestSplitPage(t *testing.T) {
	ownTables(t, 0)
	e := uintptr(7<<30 | ptePresent | pteWrite | pteHuge | pteNoExec)
	splitPage(&e, giantPage)
	mid := *entryAt(e&pteAddr, 3)
	if mid != 7<<30+3*hugePage|ptePresent|pteWrite|pteHuge|pteNoExec {
		t.Errorf("2 MiB entry %#x", mid)
	}
	splitPage(&mid, hugePage)
	if got := *entryAt(mid&pteAddr, 511); got != 7<<30+4*hugePage-pageSize|ptePresent|pteWrite|pteNoExec {
		t.Errorf("4 KiB entry %#x", got)
	}
}

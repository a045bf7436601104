package kern

// Changes to page tables that may be the firmware's.

// dropPageZero unmaps the first page, so that nil dereferences fault. Tables on the
// way are replaced by copies: the originals may be the firmware's, write-protected.
func dropPageZero() {
	t := copyTable(entryAt(tableRoot, 0))
	e := entryAt(t, 0)
	if *e&pteHuge != 0 {
		splitPage(e, 1<<30)
	}
	t = copyTable(e)
	e = entryAt(t, 0)
	if *e&pteHuge != 0 {
		splitPage(e, hugePage)
	}
	t = copyTable(e)
	*entryAt(t, 0) = 0
	flushPage(0)
}

// copyTable gives *e a private copy of the table it points to.
func copyTable(e *uintptr) uintptr {
	t := tablePage()
	copyWords(direct(t), direct(*e&pteAddr), pageSize)
	*e = t | *e&^pteAddr
	return t
}

// splitPage replaces the large page of *e by a table of pages 1/512 of its size.
func splitPage(e *uintptr, size uintptr) {
	base := *e & pteAddr &^ (size - 1)
	flags := *e & (ptePresent | pteWrite | pteDevice | pteNoExec)
	small := size / 512
	if small > pageSize {
		flags |= pteHuge
	}
	t := tablePage()
	for i := uintptr(0); i < 512; i++ {
		*entryAt(t, i) = base + i*small | flags
	}
	*e = t | ptePresent | pteWrite
}

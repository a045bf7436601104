package kern

import (
	"slices"
	"testing"
)

// TestUnknownSyscalls: calls nobody serves are counted, those beyond the table in its last entry.
func TestUnknownSyscalls(t *testing.T) {
	defer clear(unknown[:])
	for _, nr := range []uintptr{300, mostSyscalls - 1, mostSyscalls, 548, 1 << 60, ^uintptr(0), 300} {
		countUnknown(nr)
	}
	if got, want := ReadStats().Unknown, []int{300, mostSyscalls - 1, mostSyscalls}; !slices.Equal(got, want) {
		t.Errorf("got %d, want %d", got, want)
	}
	if unknown[mostSyscalls] != 4 || unknown[300] != 2 {
		t.Errorf("%d and %d times, want 4 and 2", unknown[mostSyscalls], unknown[300])
	}
}

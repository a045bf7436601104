package kern

import "testing"

func TestPlace(t *testing.T) {
	var s addressSpace
	if a := s.place(0, 100); a != anonBase {
		t.Errorf("first place = %#x, want %#x", a, uintptr(anonBase))
	}
	if a := s.place(0xc000000000, 100); a != anonBase+pageSize {
		t.Errorf("a hint below 4 TiB gave %#x", a)
	}
	if a := s.place(0, 5*hugePage+1); a != anonBase+hugePage {
		t.Errorf("a large place at %#x", a)
	}
	if a := s.place(0, pageSize); a != anonBase+6*hugePage+pageSize {
		t.Errorf("a small place behind a large one at %#x", a)
	}
	const hint = 5 << 40
	if a := s.place(hint, hugePage); a != hint {
		t.Errorf("free hint refused: %#x", a)
	}
	s.taken.Add(hint, hint+hugePage)
	if a := s.place(hint, hugePage); a == hint {
		t.Error("taken hint honoured")
	}
	if a := s.place(hint+hugePage, ^uintptr(0)-hint); a != 0 {
		t.Errorf("a size that wraps around: %#x", a)
	}
	if a := s.place(0, 1<<47); a != 0 {
		t.Errorf("more than the address space: %#x", a)
	}
}

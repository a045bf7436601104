package buildid

import "testing"

// TestVectors are those of the FNV reference (isthe.com/chongo/tech/comp/fnv, 64-bit FNV-1a).
func TestVectors(t *testing.T) {
	for text, want := range map[string]uint64{
		"":       0xcbf29ce484222325,
		"a":      0xaf63dc4c8601ec8c,
		"foobar": 0x85944171f73967e8,
	} {
		if got := Add(Start, []byte(text)); got != want {
			t.Errorf("%q: %#x, want %#x", text, got, want)
		}
		if got := Add(Add(Start, []byte(text[:len(text)/2])), []byte(text[len(text)/2:])); got != want {
			t.Errorf("%q in two parts: %#x, want %#x", text, got, want)
		}
	}
	if got := Fold(0x85944171f73967e8); got != 0x85944171^0xf73967e8 {
		t.Errorf("folded: %#x", got)
	}
}

package ps2

import "testing"

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		name  string
		codes []byte
		want  string
	}{
		{"letters", []byte{0x23, 0xa3, 0x17, 0x97}, "hi"},
		{"shift", []byte{0x2a, 0x23, 0xa3, 0xaa, 0x17}, "Hi"},
		{"right shift and digits", []byte{0x36, 0x02, 0xb6, 0x02}, "!1"},
		{"caps lock letters only", []byte{0x3a, 0xba, 0x1e, 0x02, 0x3a, 0x1e}, "A1a"},
		{"caps lock with shift", []byte{0x3a, 0x2a, 0x1e, 0xaa}, "a"},
		{"control", []byte{0x1d, 0x2e, 0xae, 0x9d, 0x2e}, "\x03c"},
		{"enter, backspace, tab, escape", []byte{0x1c, 0x0e, 0x0f, 0x01}, "\r\x7f\t\x1b"},
		{"cursor keys", []byte{0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0x4b}, "\x1b[A\x1b[D"},
		{"fake shift around grey keys", []byte{0xe0, 0x2a, 0xe0, 0x47, 0xe0, 0xc7, 0xe0, 0xaa, 0x1e}, "\x1b[Ha"},
		{"function keys and unknown codes", []byte{0x3b, 0x57, 0x7f, 0xff}, ""},
	} {
		var d Decoder
		got := ""
		for _, b := range c.codes {
			got += d.Key(b)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	const last = 0x39 // space
	if got, want := []int{len(plain), len(shifted)}, last+1; got[0] != want || got[1] != want {
		t.Errorf("key tables of %v entries, want %d", got, want)
	}
}

package ps2

import (
	"errors"
	"slices"
	"testing"
	"unicode/utf8"
)

// typed feeds scan codes and returns the text.
func typed(d *Decoder, codes ...byte) string {
	got := ""
	for _, b := range codes {
		got += d.Key(b)
	}
	return got
}

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
		{"right control", []byte{0xe0, 0x1d, 0x1e, 0xe0, 0x9d, 0x1e}, "\x01a"},
		{"control with a digit", []byte{0x1d, 0x03, 0x9d}, ""},
		{"enter, backspace, tab, escape, space", []byte{0x1c, 0x0e, 0x0f, 0x01, 0x39}, "\r\x7f\t\x1b "},
		{"alt", []byte{0x38, 0x30, 0x1c, 0x0e, 0xb8, 0x1c}, "\x1bb\x1b\r\x1b\x7f\r"},
		{"right alt where AltGr has nothing", []byte{0xe0, 0x38, 0x1e, 0xe0, 0xb8}, "a"},
		{"cursor keys", []byte{0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0x4b}, "\x1b[A\x1b[D"},
		{"word keys", []byte{0x1d, 0xe0, 0x4b, 0xe0, 0xcb, 0xe0, 0x4d, 0x9d}, "\x1b[1;5D\x1b[1;5C"},
		{"fake shift around grey keys", []byte{0xe0, 0x2a, 0xe0, 0x47, 0xe0, 0xc7, 0xe0, 0xaa, 0x1e}, "\x1b[Ha"},
		{"numeric pad", []byte{0x47, 0x52, 0x53, 0x4a, 0x4e, 0x37, 0xe0, 0x35, 0xe0, 0x1c}, "70.-+*/\r"},
		{"numeric pad without NumLock", []byte{0x45, 0xc5, 0x47, 0x4c, 0x4a, 0x45, 0x47}, "\x1b[H-7"},
		{"pause is not NumLock", []byte{0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, 0x47, 0x1e}, "7a"},
		{"function keys and unknown codes", []byte{0x3b, 0x57, 0x7f, 0xff}, ""},
	} {
		var d Decoder
		if got := typed(&d, c.codes...); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLayouts(t *testing.T) {
	const q, y, a, semicolon, bracket, equals, grave, lessThan, two, e, n = 0x10, 0x15, 0x1e, 0x27, 0x1a, 0x0d, 0x29, 0x56, 0x03, 0x12, 0x31
	altGr := func(code byte) []byte { return []byte{0xe0, keyAlt, code, 0xe0, keyAlt | released} }
	shift := func(code byte) []byte { return []byte{keyShiftL, code, keyShiftL | released} }
	keys := func(parts ...any) (b []byte) {
		for _, p := range parts {
			switch p := p.(type) {
			case int:
				b = append(b, byte(p))
			case []byte:
				b = append(b, p...)
			}
		}
		return b
	}
	for _, c := range []struct {
		layout string
		codes  []byte
		want   string
	}{
		{"de", keys(q, y, semicolon, shift(semicolon), bracket, lessThan, shift(two)), "qzöÖü<\""},
		{"de", keys(altGr(q), altGr(e), altGr(0x08), altGr(0x0c)), "@€{\\"},
		{"de", keys(equals, e, equals, 0x39, equals, equals, equals, n, shift(equals), a, grave, 0x18), "é''ńàô"},
		{"de", keys(equals, q, grave, 0x1c), "'q\r"},
		{"de", keys(keyCtrl, y, keyCtrl|released), "\x1a"},
		{"de", keys(keyCaps, semicolon, two), "Ö2"},
		{"fr", keys(q, a, two, shift(two), bracket, e, shift(bracket), e, altGr(0x0b)), "aqé2êë@"},
		{"fr", keys(keyCtrl, q, keyCtrl|released), "\x01"},
		{"uk", keys(shift(two), shift(0x04), 0x2b, lessThan, altGr(0x05)), "\"£#\\€"},
		{"es", keys(semicolon, shift(semicolon), altGr(two), 0x28, a, shift(0x0c)), "ñÑ@á?"},
		{"it", keys(semicolon, altGr(semicolon), bracket, altGr(bracket)), "ò@è["},
		{"pt", keys(semicolon, 0x2b, a, altGr(0x08)), "çã{"},
		{"br", keys(semicolon, 0x73, shift(0x73), bracket, a), "ç/?á"},
		{"us-intl", keys(0x28, e, 0x28, 0x39, shift(0x28), 0x16, altGr(e), keyShiftL, altGr(e), keyShiftL|released), "é'üéÉ"},
		{"pl", keys(altGr(a), keyShiftL, altGr(0x26), keyShiftL|released), "ąŁ"},
		{"dvorak", keys(q, e, keyCtrl, 0x17, keyCtrl|released), "'.\x03"},
		{"se", keys(0x1a, shift(0x28)), "åÄ"},
		{"no", keys(semicolon, 0x28), "øæ"},
		{"ch", keys(bracket, semicolon, shift(semicolon)), "üöé"},
		{"be", keys(q, altGr(two)), "a@"},
	} {
		d, err := New(c.layout)
		if err != nil {
			t.Fatal(err)
		}
		if got := typed(d, c.codes...); got != c.want {
			t.Errorf("%s: % x types %q, want %q", c.layout, c.codes, got, c.want)
		}
	}
}

func TestTables(t *testing.T) {
	names := Layouts()
	for _, want := range []string{"us", "uk", "de", "fr", "es", "it", "pt", "br", "dvorak"} {
		if !slices.Contains(names, want) {
			t.Errorf("no layout %s", want)
		}
	}
	for _, l := range layouts {
		for _, s := range []string{l.plain, l.shift, l.altGr} {
			if n := utf8.RuneCountInString(s); n > len(positions) {
				t.Errorf("%s: %d keys, there are %d", l.name, n, len(positions))
			}
		}
		// Every character a prompt needs can be typed, dead keys with the space bar included.
		for c := rune('!'); c < 0x7f; c++ {
			found := false
			for _, r := range l.plain + l.shift + l.altGr {
				found = found || r == c || mark(r) != 0 && spacing(r) == string(c)
			}
			if !found {
				t.Errorf("%s: %q cannot be typed", l.name, c)
			}
		}
	}
	if _, err := New("klingon"); !errors.Is(err, ErrLayout) {
		t.Errorf("unknown layout: %v", err)
	}
}

// FuzzKey: any bytes are taken.
func FuzzKey(f *testing.F) {
	f.Add([]byte{0xe0, 0x38, 0x10, 0xe1, 0x0d, 0x2a, 0x0d, 0x39, 0x47})
	f.Fuzz(func(t *testing.T, codes []byte) {
		d, err := New("de")
		if err != nil {
			t.Fatal(err)
		}
		if got := typed(d, codes...); !utf8.ValidString(got) {
			t.Errorf("%q", got)
		}
	})
}

package jinja

import (
	"strings"
	"testing"
)

// TestPrintfNumbers: %d of numbers beyond 64 bits is what Python prints; what is no integer is refused.
func TestPrintfNumbers(t *testing.T) {
	for source, want := range map[string]string{
		"{{ '%d' % 1e20 }}":             "100000000000000000000",
		"{{ '%+d' % 1e20 }}":            "+100000000000000000000",
		"{{ '%24d|' % -1e20 }}":         "  -100000000000000000000|",
		"{{ '%d' % 1e23 }}":             "99999999999999991611392",
		"{{ '%05d %d' % (-7.9, 2.5) }}": "-0007 2",
	} {
		if got, err := render(t, source, `{}`); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", source, got, err, want)
		}
	}
	for source, want := range map[string]string{
		"{{ '%d' % (1e300 * 1e300) }}": "no integer",
		"{{ '%é' % 1 }}":               "%é of",
	} {
		if got, err := render(t, source, `{}`); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v; want an error with %q", source, got, err, want)
		}
	}
}

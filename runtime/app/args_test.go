package app

import (
	"slices"
	"testing"
)

func TestMergeArgs(t *testing.T) {
	for _, test := range []struct {
		text string
		user []string
		want []string
	}{
		{"", nil, nil},
		{"", []string{"-n", "5"}, []string{"-n", "5"}},
		{"--chat\n-c\n512\n", nil, []string{"--chat", "-c", "512"}},
		{"--chat\n-c\n512\n", []string{"--cli"}, []string{"--cli"}},
		{"-c\n512\n...\n", []string{"--cli", "-p", "a b"}, []string{"-c", "512", "--cli", "-p", "a b"}},
		{"-c\n512\n...\n", nil, []string{"-c", "512"}},
		{"-c\r\n512\r\n...\r\n--temp\r\n0", []string{"x"}, []string{"-c", "512", "x", "--temp", "0"}},
		{"-p\nOnce upon a time\n\n\n-n\n8", nil, []string{"-p", "Once upon a time", "-n", "8"}},
		{"-p\r  two spaces  \r", nil, []string{"-p", "  two spaces  "}},
		{"....\n", nil, []string{"...."}},
	} {
		if got := mergeArgs(test.text, test.user); !slices.Equal(got, test.want) {
			t.Errorf("mergeArgs(%q, %q) = %q, want %q", test.text, test.user, got, test.want)
		}
	}
}

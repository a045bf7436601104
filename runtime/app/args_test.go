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

// TestPickPrompts gives prompts in .args, by the user, in llamaboot.cfg and by the boot environment.
func TestPickPrompts(t *testing.T) {
	for _, test := range []struct {
		file                 string // .args
		user, settings, last []string
		want                 []string
	}{
		{"", []string{"-p", "a", "-p", "b"}, nil, nil, []string{"a", "b"}},
		{"-p\nx\n-p\ny", nil, nil, nil, []string{"x", "y"}},
		{"-p\nx\n...", []string{"-p", "a", "--prompt=b"}, nil, nil, []string{"a", "b"}},
		{"-p\nx\n...", []string{"-n", "5"}, nil, nil, []string{"x"}},
		{"--cli\n-p\n...", []string{"what the user says"}, nil, nil, []string{"what the user says"}},
		{"-p\nx", nil, []string{"--prompt=s"}, nil, []string{"s"}},
		{"-p\nx", nil, []string{"--prompt=s"}, []string{"-p=l", "-p=m"}, []string{"l", "m"}},
		{"", nil, nil, nil, nil},
	} {
		args := slices.Concat(mergeArgs(test.file, test.user), test.settings, test.last)
		o, err := parseOptions(args, test.last, test.settings, test.user)
		if err != nil || !slices.Equal(o.prompts, test.want) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

package app

import (
	"regexp"
	"strings"
	"testing"
)

func TestBench(t *testing.T) {
	out, _ := newWorld(t, files{"demo.gguf": string(demo(t))}, "", "--bench", "-t", "1", "-n", "16").run(t, ExitOK)
	line := regexp.MustCompile(`^\{"test":"(pp64|tg16)","threads":1,"min":[0-9.]+,"median":[0-9.]+,"max":[0-9.]+\}$`)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 2 || !line.MatchString(lines[0]) || !line.MatchString(lines[1]) {
		t.Errorf("output %q", out)
	}
	_, stderr := newWorld(t, nil, "", "--bench", "-p", "x").run(t, ExitUsage)
	if !strings.Contains(stderr, "--bench makes its own prompts") {
		t.Errorf("stderr %q", stderr)
	}
}

package boottest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStress runs the self-checking load of runtime/metal/cmd/stress for a few
// seconds; `make soak` does it for hours.
func TestStress(t *testing.T) {
	need(t)
	cmd := exec.Command("go", "run", "./tools/stress", "-seconds", "8", "-cpus", "2")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "stress: done, 0 failures") != 2 {
		t.Errorf("%v\n%s", err, out)
	}
}

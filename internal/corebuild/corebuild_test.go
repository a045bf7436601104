package corebuild

import (
	"os/exec"
	"strings"
	"testing"
)

func TestCheckVersion(t *testing.T) {
	for _, v := range tested {
		if err := CheckVersion(v); err != nil {
			t.Errorf("CheckVersion(%q) = %v", v, err)
		}
	}
	for _, v := range []string{"", "go1.26", "go1.25.1", "go1.26.80", "go1.27rc1", "devel go1.27-abcdef", "go1.26.8-tamago"} {
		if err := CheckVersion(v); err == nil || !strings.Contains(err.Error(), "got "+v) {
			t.Errorf("CheckVersion(%q) = %v, want an error that names it", v, err)
		}
	}
}

// TestThisVersion checks the Go that builds the core here.
func TestThisVersion(t *testing.T) {
	out, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckVersion(strings.TrimSpace(string(out))); err != nil {
		t.Error(err)
	}
}

package boottest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeSession: the session in README.md shows what the demo model says, as a program and from both firmwares.
func TestReadmeSession(t *testing.T) {
	need(t)
	b, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := hosted(t, demoFile, "--cli", "-p", prompt, "-n", "28", "--temp", "0")
	if n := strings.Count(string(b), "\n"+text); n != 3 {
		t.Errorf("README.md has the text %q %d times, want 3; tools/readme.sh writes the session anew", text, n)
	}
}

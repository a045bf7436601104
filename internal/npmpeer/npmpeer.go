// Package npmpeer installs llama.cpp, which tests and benchmarks compare with: the upstream build inside the npm package
// node-llama-cpp.
package npmpeer

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Package is the package that is installed; its llama.cpp is v0.5.0.
const Package = "node-llama-cpp@3.22.1"

// Install installs the package into dir/node_modules unless it is there.
func Install(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "node-llama-cpp")); err == nil {
		return nil
	}
	cmd := exec.Command("npm", "install", "--prefix", dir, "--no-save", "--ignore-scripts", Package)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("npm install %s: %w", Package, err)
	}
	return nil
}

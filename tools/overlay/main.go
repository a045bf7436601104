// Command overlay writes the overlay.json with which the stock Go toolchain builds the metal core.
//
// TamaGo's packages need three small additions to the standard library (tools/overlay/std, laid out like GOROOT/src).
// The file it writes is in the format of `go help build`, flag -overlay. It only ever adds files: it refuses
// when one of them exists in GOROOT, and it refuses Go versions the metal core was not tested with, because the
// in-process kernel of the core serves exactly the system calls and memory layout of the tested runtimes.
package main

import (
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// tested are the Go versions the metal core boots with. Adding one needs the boot tests to pass with it.
var tested = []string{"go1.26.8"}

// std holds the added files: std/PACKAGE/FILE.go.txt becomes GOROOT/src/PACKAGE/FILE.go.
//
//go:embed std
var std embed.FS

// overlayFile is the file format of go build -overlay: the path the compiler sees -> the file that holds its bytes.
type overlayFile struct {
	Replace map[string]string
}

var errUntested = errors.New("overlay: Go version not tested with the metal core")

func main() {
	out := flag.String("o", "build/overlay.json", "overlay file to write; the added sources go beside it")
	shadow := flag.String("goroot", "", "also make a Go root of links here that has the files, for tools that read no overlay")
	force := flag.Bool("untested", false, "accept a Go version that was not tested")
	flag.Parse()
	if err := run(*out, *shadow, *force); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, errUntested) {
			fmt.Fprintf(os.Stderr, "hint: build with GOTOOLCHAIN=%s, which Go downloads by itself, or try -untested and run the boot tests\n", tested[len(tested)-1])
		}
		os.Exit(1)
	}
}

func run(out, shadow string, force bool) error {
	version, err := goEnv("GOVERSION")
	if err != nil {
		return err
	}
	if err := checkVersion(version); err != nil && !force {
		return err
	}
	root, err := goEnv("GOROOT")
	if err != nil {
		return err
	}
	// The underscore keeps ./... from taking the copies for packages of this module.
	dir, err := filepath.Abs(filepath.Join(filepath.Dir(out), "_overlay"))
	if err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	o, err := write(filepath.Join(root, "src"), dir)
	if err != nil {
		return err
	}
	// encoding/json sorts map keys, so the file is the same every time.
	b, err := json.MarshalIndent(o, "", "\t")
	if err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	if err := replaceFile(out, append(b, '\n')); err != nil || shadow == "" {
		return err
	}
	return link(root, shadow, o)
}

// checkVersion refuses a version (as `go env GOVERSION` prints it) that is not in tested.
func checkVersion(version string) error {
	if slices.Contains(tested, version) {
		return nil
	}
	return fmt.Errorf("%w: got %s, want %s", errUntested, version, strings.Join(tested, " or "))
}

// write copies the added files into dir and maps their places under src, the GOROOT/src, to the copies.
func write(src, dir string) (overlayFile, error) {
	o := overlayFile{Replace: map[string]string{}}
	err := fs.WalkDir(std, "std", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel := strings.TrimSuffix(strings.TrimPrefix(path, "std/"), ".txt")
		target := filepath.Join(src, filepath.FromSlash(rel))
		if _, err := os.Lstat(target); err == nil {
			return fmt.Errorf("%s exists in this GOROOT: the overlay adds files and never replaces one; use an unmodified Go %s", target, tested[len(tested)-1])
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		b, err := std.ReadFile(path)
		if err != nil {
			return err
		}
		copied := filepath.Join(dir, filepath.FromSlash(rel))
		if err := os.MkdirAll(filepath.Dir(copied), 0o777); err != nil {
			return err
		}
		o.Replace[target] = copied
		return replaceFile(copied, b)
	})
	if err != nil {
		return overlayFile{}, fmt.Errorf("overlay: %w", err)
	}
	return o, nil
}

// link makes a Go root at dir: links to all of root, and to the added files in their places. go vet and staticcheck see
// there what the compiler sees through the overlay.
func link(root, dir string, o overlayFile) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	made := map[string]bool{} // folders that get something added: they are not links
	for target := range o.Replace {
		for d := filepath.Dir(target); len(d) >= len(root); d = filepath.Dir(d) {
			made[d] = true
		}
	}
	place := func(path string) string { return filepath.Join(dir, strings.TrimPrefix(path, root)) }
	for _, d := range slices.Sorted(maps.Keys(made)) {
		if err := os.MkdirAll(place(d), 0o777); err != nil {
			return fmt.Errorf("overlay: %w", err)
		}
		entries, err := os.ReadDir(d)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a package that is added as a whole has none
			return fmt.Errorf("overlay: %w", err)
		}
		for _, e := range entries {
			path := filepath.Join(d, e.Name())
			if made[path] {
				continue
			}
			if err := os.Symlink(path, place(path)); err != nil {
				return fmt.Errorf("overlay: %w", err)
			}
		}
	}
	for target, file := range o.Replace {
		if err := os.Symlink(file, place(target)); err != nil {
			return fmt.Errorf("overlay: %w", err)
		}
	}
	return nil
}

// replaceFile writes b to path unless it already holds just that, so that a rebuild finds nothing changed.
func replaceFile(path string, b []byte) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(b) {
		return nil
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, b, 0o666); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func goEnv(name string) (string, error) {
	cmd := exec.Command("go", "env", name)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("overlay: go env %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

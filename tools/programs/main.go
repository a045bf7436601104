// Command programs compiles runtime/cmd/llamafile for every target and packs the results for internal/programs.
//
// The linux/amd64 program is at the same time the bare-metal core: it is built with the tag metal
// and linked at 1 TiB, an address that is free in a Linux process and that the boot loaders map to
// whatever physical pages they got. All others are ordinary cross-compiled Go programs.
// Only a program whose bytes changed is packed again.
package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/ulikunitz/xz"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/corebuild"
	"github.com/llamaboot/llamaboot/internal/programs"
)

const (
	// mainPackage is compiled for every target.
	mainPackage = "./runtime/cmd/llamafile"
	// xzDictionary holds a whole program, so that packing finds every repetition.
	xzDictionary = 16 << 20
)

func main() {
	out := flag.String("o", "build/programs", "folder for the compiled programs")
	packed := flag.String("packed", "internal/programs/packed", "folder for the packed programs; empty packs nothing")
	targets := flag.String("targets", strings.Join(programs.Targets(), ","), "comma-separated targets")
	flag.Parse()
	if err := run(*out, *packed, strings.Split(*targets, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "programs:", err)
		os.Exit(1)
	}
}

func run(out, packed string, targets []string) error {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	for _, target := range targets {
		if err := compile(target, filepath.Join(out, format.ProgramFile(target))); err != nil {
			return err
		}
	}
	if packed == "" {
		return nil
	}
	// Packing is one goroutine of pure computation per program.
	errs := make([]error, len(targets))
	var wg sync.WaitGroup
	for i, target := range targets {
		name := format.ProgramFile(target)
		wg.Go(func() { errs[i] = pack(filepath.Join(out, name), filepath.Join(packed, name+".xz")) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// compile builds the program of one target into file.
func compile(target, file string) error {
	goos, goarch, ok := strings.Cut(target, "/")
	if !ok {
		return fmt.Errorf("target %q is not OS/ARCH", target)
	}
	flags := []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}
	if target == format.CoreTarget {
		version, err := exec.Command("go", "env", "GOVERSION").Output()
		if err != nil {
			return fmt.Errorf("go env GOVERSION: %w", err)
		}
		if err := corebuild.CheckVersion(strings.TrimSpace(string(version))); err != nil {
			return err
		}
		flags = corebuild.Flags()
	}
	cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", file, mainPackage)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch, "GOAMD64=v1", "GOFLAGS=")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("compile %s: %w", target, err)
	}
	return nil
}

// pack writes file as dst with xz, unless dst already holds it. A sidecar FILE.packed.sha256 remembers what was packed.
func pack(file, dst string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	sum := fmt.Sprintf("%x\n", sha256.Sum256(b))
	sidecar := file + ".packed.sha256"
	if old, err := os.ReadFile(sidecar); err == nil && string(old) == sum {
		if _, err := os.Stat(dst); err == nil {
			return nil
		}
	}
	var out bytes.Buffer
	w, err := xz.WriterConfig{DictCap: xzDictionary}.NewWriter(&out)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := os.WriteFile(dst+".tmp", out.Bytes(), 0o666); err != nil {
		return err
	}
	if err := os.Rename(dst+".tmp", dst); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "programs: %s %d bytes, packed %d\n", filepath.Base(file), len(b), out.Len())
	return os.WriteFile(sidecar, []byte(sum), 0o666)
}

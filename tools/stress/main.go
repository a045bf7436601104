// Command stress boots runtime/metal/cmd/stress, the load that checks its own
// results, under BIOS and UEFI with several numbers of CPUs (`make soak`).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/build"
	"github.com/llamaboot/llamaboot/internal/corebuild"
	"github.com/llamaboot/llamaboot/internal/qemu"
)

const mainPackage = "github.com/llamaboot/llamaboot/runtime/metal/cmd/stress"

func main() {
	seconds := flag.Int("seconds", 600, "length of each run")
	cpus := flag.String("cpus", "1,2,4", "numbers of CPUs")
	keep := flag.String("disk", "", "only write the disk to this file")
	flag.Parse()
	if *keep != "" {
		if err := makeDisk(context.Background(), *keep, *keep+".core"); err != nil {
			fmt.Fprintln(os.Stderr, "stress:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*seconds, *cpus); err != nil {
		fmt.Fprintln(os.Stderr, "stress:", err)
		os.Exit(1)
	}
}

func run(seconds int, cpus string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "stress")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	disk := filepath.Join(dir, "stress.img")
	if err := makeDisk(ctx, disk, filepath.Join(dir, "core")); err != nil {
		return err
	}
	for _, text := range strings.Split(cpus, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("CPUs %q: %w", text, err)
		}
		for _, uefi := range []bool{false, true} {
			fmt.Printf("== %d CPUs, UEFI %v, %d s\n", n, uefi, seconds)
			m := qemu.Machine{
				File: disk, UEFI: uefi, Accel: qemu.AccelTCG, CPUs: n, Memory: "2G", Disk: qemu.DefaultDisk,
				GuestArgs: []string{strconv.Itoa(seconds)},
				Timeout:   2*time.Duration(seconds)*time.Second + 2*time.Minute,
				Console:   os.Stdout, Text: os.Stdout, Stalled: os.Stderr,
				Log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
			}
			if err := m.Run(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeDisk compiles the program and writes it as a disk that both firmwares boot.
func makeDisk(ctx context.Context, disk, core string) error {
	args := append(append([]string{"build"}, corebuild.Flags()...), "-o", core, mainPackage)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	program, err := os.ReadFile(core)
	if err != nil {
		return err
	}
	// The tokens that are the test's measure lie beside the model.
	in := build.Options{Models: []string{"testdata/demo.gguf"}, Core: program, Targets: []string{format.CoreTarget}, Golden: build.GoldenNo}
	if err := build.Llamafile(ctx, in, build.Output{Path: disk, Force: true}); err != nil {
		return fmt.Errorf("%w; run this in the project's folder", err)
	}
	return build.Add(ctx, disk, []string{"testdata/demo.golden.json"}, "golden.json", nil, nil)
}

package build

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/programs"
)

// AllTargets stands for every program in this command in Options.Targets.
const AllTargets = "all"

// addPrograms puts the programs for the wanted targets into in, core in place of the embedded one if it is given, and
// chooses the PE flavour if there is none.
func addPrograms(ctx context.Context, in *ape.Input, targets []string, core []byte) error {
	if len(targets) == 0 {
		targets = programs.Default()
	}
	if slices.Contains(targets, AllTargets) {
		targets = programs.Built()
	}
	if !slices.Contains(targets, format.CoreTarget) {
		targets = append([]string{format.CoreTarget}, targets...)
	}
	embedded := targets
	if core != nil {
		osName, arch, _ := strings.Cut(format.CoreTarget, "/")
		in.Programs = []ape.Program{{OS: osName, Arch: arch, Data: core}}
		embedded = slices.DeleteFunc(slices.Clone(targets), func(t string) bool { return t == format.CoreTarget })
	}
	list, err := readPrograms(ctx, embedded)
	if err != nil {
		return err
	}
	in.Programs = append(in.Programs, list...)
	if in.PE == "" {
		in.PE = format.EFI
		if slices.Contains(targets, "windows/amd64") {
			in.PE = format.Windows
		}
	}
	return nil
}

// readPrograms unpacks the programs for the targets, all at once: unpacking is slow and one goroutine's work for each, of
// which none is waited for when ctx ends.
func readPrograms(ctx context.Context, targets []string) ([]ape.Program, error) {
	list, errs := make([]ape.Program, len(targets)), make([]error, len(targets))
	var wg sync.WaitGroup
	for i, t := range targets {
		wg.Go(func() {
			osName, arch, _ := strings.Cut(t, "/")
			b, err := programs.Read(t)
			if errors.Is(err, programs.ErrUnknownTarget) {
				err = cli.Usage(err)
			}
			list[i], errs[i] = ape.Program{OS: osName, Arch: arch, Data: b}, err
		})
	}
	unpacked := make(chan struct{})
	go func() {
		wg.Wait()
		close(unpacked)
	}()
	select {
	case <-unpacked:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

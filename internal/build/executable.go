package build

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/cli"
)

// otherArch is what stands in for an architecture that was not asked for by name and that the file has no program for.
var otherArch = map[string]string{"amd64": "arm64", "arm64": "amd64"}

// BSD is an operating system for PlanExecutable: the first of bsds that the file has a program for.
const BSD = "bsd"

var bsds = []string{"freebsd", "openbsd", "netbsd"}

// PlanExecutable plans a plain executable for one operating system (as Go calls it, or BSD) and architecture out of the
// llamafile at path. Unless exact is set another architecture will do if the file has no program for this one.
func PlanExecutable(path, osName, arch string, exact bool) (*Plan, error) {
	f, file, err := OpenLlamafile(path)
	if err != nil {
		return nil, err
	}
	target, has := chooseTarget(f.Manifest.Programs, osName, arch)
	if !has && !exact {
		target, has = chooseTarget(f.Manifest.Programs, osName, otherArch[arch]) // such as the one for macOS
	}
	native, err := f.Native(target)
	if err != nil {
		file.Close()
		if errors.Is(err, ape.ErrProgram) && !has {
			err = cli.WithHint(err, "llamaboot build --from %s --targets %s -o NEW makes a file that has it", path, target)
		}
		return nil, err
	}
	base := filepath.Base(path)
	name := strings.TrimSuffix(base, filepath.Ext(base)) + "-" + strings.ReplaceAll(target, "/", "-")
	if strings.HasPrefix(target, "windows/") {
		name += ".exe"
	}
	return &Plan{Name: name, layout: native, mode: 0o777, inputs: []string{path}, closers: []io.Closer{file}}, nil
}

// chooseTarget returns the target for osName and arch, and reports whether it is one of the programs.
func chooseTarget(programs []format.RecordedProgram, osName, arch string) (target string, has bool) {
	systems := []string{osName}
	if osName == BSD {
		systems = bsds
	}
	for _, system := range systems {
		target := system + "/" + arch
		if slices.ContainsFunc(programs, func(p format.RecordedProgram) bool { return p.Target == target }) {
			return target, true
		}
	}
	return systems[0] + "/" + arch, false
}

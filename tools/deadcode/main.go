// Command deadcode lists functions that no program of ours can reach, on any of the targets below, and exits 1 if there
// are any. Tests do not count: what only they call is not part of a program.
//
//	go run ./tools/deadcode PATH-OF-DEADCODE
//
// golang.org/x/tools/cmd/deadcode finds what cannot be reached from one main package on one target; a function is dead when
// it is on all targets that its file is compiled for.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// target is a set of programs on one system.
type target struct {
	os, arch, tags string
	mains          []string
}

// elsewhere are functions that are reached in ways deadcode does not see: by folder and the beginning of their names.
var elsewhere = []struct{ folder, name string }{
	// Assembly, the Go runtime and, by name, the kernel call into the board, so that no call leads from main to what boards and
	// drivers use. staticcheck looks for unused functions there.
	{"runtime/metal", ""}, {"image/gpt", "Table.Has"},
}

// counts reports whether programs must reach the function name in a file. Packages whose names end in test help tests.
func counts(file, name string) bool {
	folder := filepath.ToSlash(filepath.Dir(file))
	for _, e := range elsewhere {
		if (folder == e.folder || strings.HasPrefix(folder, e.folder+"/")) && strings.HasPrefix(name, e.name) {
			return false
		}
	}
	return !strings.HasSuffix(folder, "test")
}

// function is one of ours.
type function struct {
	file string
	line int
	name string
}

// hosted and metal are the programs users run; on the system we develop on all others are there as well.
var (
	hosted = []string{"./cmd/llamaboot", "./runtime/cmd/llamafile"}
	metal  = []string{"./runtime/cmd/llamafile", "./runtime/metal/cmd/stress"}
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("deadcode: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: go run ./tools/deadcode PATH-OF-DEADCODE")
	}
	all, err := mains()
	if err != nil {
		log.Fatal(err)
	}
	targets := []target{
		{"linux", "amd64", "", all},
		{"linux", "amd64", "metal", metal},
		{"linux", "arm64", "", hosted},
		{"windows", "amd64", "", hosted},
		{"darwin", "arm64", "", hosted},
		{"freebsd", "amd64", "", hosted},
	}
	compiled, dead := map[string]int{}, map[function]int{} // numbers of targets
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, t := range targets {
		wg.Go(func() {
			files, functions, err := t.run(os.Args[1])
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				log.Fatalf("%s/%s %s: %v", t.os, t.arch, t.tags, err)
			}
			for _, f := range files {
				compiled[f]++
			}
			for _, f := range functions {
				dead[f]++
			}
		})
	}
	wg.Wait()
	var found []string
	for f, n := range dead {
		if n == compiled[f.file] && counts(f.file, f.name) {
			found = append(found, fmt.Sprintf("%s:%d: %s", f.file, f.line, f.name))
		}
	}
	slices.Sort(found)
	for _, f := range found {
		fmt.Println(f)
	}
	if len(found) > 0 {
		log.Fatalf("%d functions are reached by no program", len(found))
	}
}

// mains lists our main packages.
func mains() (list []string, err error) {
	out, err := output(exec.Command("go", "list", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`, "./..."))
	return strings.Fields(string(out)), err
}

// run returns the files of ours that the target's programs are compiled from, and the functions in them that the programs
// do not reach.
func (t *target) run(deadcode string) (files []string, functions []function, err error) {
	env := append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.arch, "CGO_ENABLED=0")
	list := exec.Command("go", append([]string{"list", "-deps", "-tags", t.tags, "-json=Dir,GoFiles,Standard,Module"}, t.mains...)...)
	list.Env = env
	out, err := output(list)
	if err != nil {
		return nil, nil, err
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, nil, err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p struct {
			Dir      string
			GoFiles  []string
			Standard bool
			Module   *struct{ Main bool }
		}
		if err := d.Decode(&p); err != nil {
			return nil, nil, err
		}
		if p.Standard || p.Module == nil || !p.Module.Main {
			continue
		}
		dir, err := filepath.Rel(here, p.Dir)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range p.GoFiles {
			files = append(files, filepath.Join(dir, f))
		}
	}
	find := exec.Command(deadcode, append([]string{"-json", "-tags", t.tags}, t.mains...)...)
	find.Env = env
	if out, err = output(find); err != nil {
		return nil, nil, err
	}
	var packages []struct {
		Funcs []struct {
			Name     string
			Position struct {
				File string
				Line int
			}
		}
	}
	if err := json.Unmarshal(out, &packages); err != nil {
		return nil, nil, err
	}
	for _, p := range packages {
		for _, f := range p.Funcs {
			functions = append(functions, function{f.Position.File, f.Position.Line, f.Name})
		}
	}
	return files, functions, nil
}

// output runs cmd and returns its standard output.
func output(cmd *exec.Cmd) ([]byte, error) {
	cmd.Stderr = os.Stderr
	return cmd.Output()
}

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/llamaboot/llamaboot/internal/programs"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"llamaboot": main})
}

// TestScripts runs testdata/*.txtar: one file for each promise of the command line.
// $DEMO is the demo model. The condition programs says whether the embedded programs
// were built ("make build"); without them no llamafile can be made. The condition mounts
// says whether a script can mount file systems in a namespace of its own.
func TestScripts(t *testing.T) {
	demo, err := filepath.Abs("../../testdata/demo.gguf")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("DEMO", demo)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "programs":
				return len(programs.Built()) > 0, nil
			case "mounts":
				return exec.Command("unshare", "-rm", "true").Run() == nil, nil
			case "demo":
				_, err := os.Stat(demo)
				return err == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
	})
}

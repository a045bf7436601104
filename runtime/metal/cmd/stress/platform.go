package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
)

const defaultSeconds = 20

// world is what differs between a process and the bare machine.
type world struct {
	seconds     int
	model       func() (modelFiles, error)
	modelWanted int64         // 1: it is a failure if there is none
	memory      func() string // the kernel's view of memory
}

// hosted takes the duration and a model from the command line. Beside NAME.gguf lies
// NAME.golden.json.
func hosted() world {
	w := world{seconds: defaultSeconds, memory: func() string { return "process" }}
	w.model = func() (modelFiles, error) { return modelFiles{}, errors.New("no model given") }
	if len(os.Args) > 1 {
		crash(os.Args[1])
		w.seconds = parse(os.Args[1])
	}
	if len(os.Args) > 2 {
		w.modelWanted = 1
		w.model = func() (m modelFiles, err error) {
			if m.gguf, err = os.ReadFile(os.Args[2]); err == nil {
				m.golden, err = os.ReadFile(strings.TrimSuffix(os.Args[2], ".gguf") + ".golden.json")
			}
			return m, err
		}
	}
	return w
}

func parse(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n <= 0 {
		return defaultSeconds
	}
	return n
}

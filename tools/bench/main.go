// Command bench compares llamaboot with llama.cpp on this machine and writes the table of docs/benchmarks.md.
//
//	go run ./tools/bench                    measure and print the table
//	go run ./tools/bench -o                 keep the results in ratios.json too and write the document of all that is kept
//	go run ./tools/bench -models M -t 1 -o  a part of it
//	go run ./tools/bench -gate              measure what is kept again, the same way, and fail below 0.9 of its ratios
//
// Both run the same files of random weights (llamaboot bench --synthetic) in turns. The peer is the upstream build in
// the npm package node-llama-cpp, installed into the folder -work unless it is there.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaboot/llamaboot/internal/npmpeer"
)

// config is the command line.
type config struct {
	out, doc, gate            bool
	work, bin                 string
	peer                      string // the script that runs llama.cpp
	specs                     []string
	threads                   []int
	prompt, gen, reps, rounds int
	metric                    string
	level                     string // restricts both programs
}

// line is what both programs print for a test.
type line struct {
	Test    string  `json:"test"`
	Threads int     `json:"threads"`
	Median  float64 `json:"median"`
	CPU     float64 `json:"cpu"`
}

const (
	keptFile = "tools/bench/ratios.json"
	notes    = "tools/bench/notes.md"
	document = "docs/benchmarks.md"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	var c config
	specs := flag.String("models", "smollm2-135m:Q4_0,smollm2-135m:Q8_0,smollm2-135m:Q4_K_M,smollm2-135m:F16,tinyllama-1.1b:Q4_0,tinyllama-1.1b:Q8_0,tinyllama-1.1b:Q4_K_M,tinyllama-1.1b:F16", "synthetic models")
	threads := flag.String("t", "1,2", "numbers of threads")
	flag.BoolVar(&c.out, "o", false, "keep the results in "+keptFile+" and write "+document)
	flag.BoolVar(&c.doc, "doc", false, "measure nothing, only write "+document+" anew")
	flag.BoolVar(&c.gate, "gate", false, "measure what "+keptFile+" holds and compare")
	flag.StringVar(&c.work, "work", filepath.Join(os.TempDir(), "llamaboot-bench"), "folder for the models and the peer")
	flag.StringVar(&c.bin, "bin", "bin/llamaboot", "the llamaboot program")
	flag.IntVar(&c.prompt, "p", 256, "tokens of the prompt; negative for no such test")
	flag.IntVar(&c.gen, "n", 64, "tokens to generate; negative for no such test")
	flag.IntVar(&c.reps, "r", 2, "repetitions in a round")
	flag.IntVar(&c.rounds, "rounds", 3, "rounds, the two programs in turn")
	flag.StringVar(&c.metric, "metric", "wall", "wall (time) or cpu (processor time, for one thread on a busy machine)")
	flag.StringVar(&c.level, "level", "", "avx2 or sse2 restricts both programs to it (llama.cpp to SSE4.2); the default is the best of the processor")
	flag.Parse()
	c.specs = strings.Split(*specs, ",")
	for _, s := range strings.Split(*threads, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			log.Fatalf("-t %q: want numbers like 1,2", *threads)
		}
		c.threads = append(c.threads, n)
	}
	if err := c.run(); err != nil {
		log.Fatal(err)
	}
}

func (c *config) run() error {
	if c.gate {
		return c.runGate(keptFile)
	}
	kept, err := readRows(keptFile)
	if err != nil {
		return err
	}
	if c.doc {
		return writeDocument(kept)
	}
	rows, err := c.measureAll()
	if err != nil {
		return err
	}
	fmt.Print(table(rows))
	if !c.out {
		return nil
	}
	kept = merge(kept, rows)
	if err := writeRows(keptFile, kept); err != nil {
		return err
	}
	return writeDocument(kept)
}

// measureAll measures every model with every number of threads.
func (c *config) measureAll() ([]row, error) {
	if err := c.prepare(); err != nil {
		return nil, err
	}
	var rows []row
	for _, spec := range c.specs {
		file, err := c.model(spec)
		if err != nil {
			return nil, err
		}
		for _, t := range c.threads {
			r, err := c.compare(spec, file, t)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r...)
		}
	}
	return rows, nil
}

// prepare installs the peer.
func (c *config) prepare() error {
	if err := os.MkdirAll(c.work, 0o777); err != nil {
		return err
	}
	script, err := os.ReadFile("tools/bench/peer.mjs")
	if err != nil {
		return fmt.Errorf("%w: run it in the module's root folder", err)
	}
	if err := os.WriteFile(filepath.Join(c.work, "peer.mjs"), script, 0o666); err != nil {
		return err
	}
	if err := npmpeer.Install(c.work); err != nil {
		return err
	}
	c.peer = filepath.Join(c.work, "peer.mjs")
	if c.level == "" {
		return nil
	}
	kind, ok := peerKinds[c.level]
	if !ok {
		return fmt.Errorf("-level %s: want avx2, sse2 or nothing", c.level)
	}
	return c.restrictPeer(kind)
}

// peerKinds names llama.cpp's library for the processors of a level: for sse2 the one of SSE4.2, as processors that have
// that but no AVX2 run this level too.
var peerKinds = map[string]string{"avx2": "haswell", "sse2": "sse42"}

// restrictPeer makes a second installation in which llama.cpp finds its code
// for one kind of processor only; it has one library for each kind.
func (c *config) restrictPeer(kind string) error {
	dir := filepath.Join(c.work, kind)
	c.peer = filepath.Join(dir, "peer.mjs")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return filepath.WalkDir(c.work, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(c.work, path)
		if err != nil {
			return err
		}
		lib, isCPU := strings.CutPrefix(d.Name(), "libggml-cpu-")
		switch {
		case d.IsDir() && slices.Contains(slices.Collect(maps.Values(peerKinds)), rel):
			return filepath.SkipDir // such an installation, this one or another
		case d.IsDir():
			return os.MkdirAll(filepath.Join(dir, rel), 0o777)
		case filepath.Ext(rel) == ".gguf" || isCPU && lib != kind+".so":
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(to, filepath.Join(dir, rel))
		}
		return os.Link(path, filepath.Join(dir, rel))
	})
}

// model writes a synthetic model unless it is there.
func (c *config) model(spec string) (string, error) {
	file := filepath.Join(c.work, strings.ReplaceAll(spec, ":", "-")+".gguf")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	out, err := exec.Command(c.bin, "bench", "--synthetic", spec, "--write", file).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", spec, err, out)
	}
	return file, nil
}

// compare runs both programs in turn on one file.
func (c *config) compare(spec, file string, threads int) ([]row, error) {
	ours, peer := map[string][]float64{}, map[string][]float64{}
	n := func(i int) string { return strconv.Itoa(i) }
	for range c.rounds {
		args := []string{"bench", "--json", "--cpu", "-p", n(c.prompt), "-n", n(c.gen), "-r", n(c.reps), "-t", n(threads), file}
		if c.level != "" {
			args = append(args, "--level", c.level)
		}
		if err := c.measure(ours, c.bin, args...); err != nil {
			return nil, err
		}
		if err := c.measure(peer, "node", c.peer, file, n(threads), n(c.prompt), n(c.gen), n(c.reps)); err != nil {
			return nil, err
		}
	}
	var rows []row
	for i, test := range []string{testName(promptTest, c.prompt), testName(genTest, c.gen)} {
		if []int{c.prompt, c.gen}[i] < 1 {
			continue // not asked for
		}
		if len(ours[test]) == 0 || len(peer[test]) == 0 {
			return nil, fmt.Errorf("%s: no result of %s", spec, test)
		}
		r := row{way{spec, threads, c.level, c.metric}, test, median(ours[test]), median(peer[test])}
		log.Printf("%s: %.1f, llama.cpp %.1f, ratio %.2f", r.name(), r.Ours, r.Peer, r.ratio())
		rows = append(rows, r)
	}
	return rows, nil
}

// measure runs a program and collects its speeds by test.
func (c *config) measure(into map[string][]float64, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", cmd, err)
	}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return fmt.Errorf("%s: %q: %w", cmd, s.Text(), err)
		}
		v := l.Median
		if c.metric == "cpu" {
			v = l.CPU
		}
		into[l.Test] = append(into[l.Test], v)
	}
	return nil
}

func median(x []float64) float64 {
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// cpuName is what the system calls the processor.
func cpuName() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for l := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return runtime.GOARCH
}

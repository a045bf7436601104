// Command matrix boots the demo model on many machines (`make matrix`): every pair of a firmware, disk, chipset, number
// of CPUs, amount of memory and CPU model that QEMU has, in as few machines as a greedy search finds, and then the odd
// ones of scenarios.go. Each must complete a sentence as the file does as a program of this system, or fail with the
// message it should. Of a machine that does not, the serial log and the screen are kept.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/llamaboot/llamaboot/internal/qemu"
)

const prompt = "Once upon a time"

var promptArgs = []string{"--cli", "-p", prompt, "-n", "8", "--temp", "0"}

// job is one boot.
type job struct {
	name    string
	machine qemu.Machine
	// prepare makes what the machine needs in the folder; nil: nothing.
	prepare func(w *work, dir string, m *qemu.Machine) error
	// fails: the guest must report failure. Otherwise it must complete the sentence.
	fails bool
	// says is what the console must hold.
	says []string
}

// work is what all boots share.
type work struct {
	ctx     context.Context
	file    string // the demo llamafile
	want    string // the sentence
	keep    string // folder for logs
	timeout time.Duration
}

func main() {
	file := flag.String("file", "build/demo.llamafile", "llamafile of the demo model")
	keep := flag.String("keep", "build/matrix", "folder for the logs and screens of failures")
	only := flag.String("only", "", "run only what this regular expression matches")
	part := flag.String("part", "1/1", "run part I/N of the list")
	list := flag.Bool("list", false, "print the names and end")
	timeout := flag.Duration("timeout", 3*time.Minute, "for each boot")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	w := &work{ctx: ctx, file: *file, keep: *keep, timeout: *timeout}
	if err := w.run(*only, *part, *list); err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

// jobs lists all boots: the pairs first.
func jobs() (list []job) {
	for _, c := range pairs(factors, possible) {
		j := job{name: c.name(), machine: c.machine()}
		if qemu.Describe(c.value(factorDisk)).PowerOfTwo {
			j.prepare = roundUp
		}
		list = append(list, j)
	}
	return append(list, scenarios()...)
}

// chosen returns what -only and -part leave of a list.
func chosen(list []job, only, part string) (out []job, err error) {
	var i, n int
	if _, err := fmt.Sscanf(part, "%d/%d", &i, &n); err != nil || i < 1 || i > n {
		return nil, fmt.Errorf("-part %q: want I/N with I from 1 to N", part)
	}
	re, err := regexp.Compile(only)
	if err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	for k, j := range list {
		if k%n == i-1 && re.MatchString(j.name) {
			out = append(out, j)
		}
	}
	return out, nil
}

func (w *work) run(only, part string, list bool) error {
	todo, err := chosen(jobs(), only, part)
	if err != nil {
		return err
	}
	if list {
		for _, j := range todo {
			fmt.Println(j.name)
		}
		return nil
	}
	if err := os.MkdirAll(w.keep, 0o777); err != nil {
		return err
	}
	hosted := exec.CommandContext(w.ctx, "sh", append([]string{w.file}, promptArgs...)...)
	hosted.Stderr = os.Stderr
	text, err := hosted.Output()
	if err != nil {
		return fmt.Errorf("%s as a program: %w", w.file, err)
	}
	w.want = string(text)
	fmt.Printf("%d machines; each must go on from %q with %q\n", len(todo), prompt, strings.TrimSuffix(w.want, "\n"))
	var bad []string
	for _, j := range todo {
		start := time.Now()
		err := w.boot(j)
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		verdict := "ok"
		switch {
		case errors.Is(err, errSkip):
			verdict = err.Error()
		case err != nil:
			verdict = "FAILED"
			bad = append(bad, fmt.Sprintf("%s: %v", j.name, err))
		}
		fmt.Printf("%-52s %6.1f s  %s\n", j.name, time.Since(start).Seconds(), verdict)
	}
	fmt.Printf("%d of %d machines as they should be\n", len(todo)-len(bad), len(todo))
	if len(bad) > 0 {
		return fmt.Errorf("%d failures; logs and screens are in %s:\n%s", len(bad), w.keep, strings.Join(bad, "\n"))
	}
	return nil
}

// errSkip marks a job that cannot be done here.
var errSkip = errors.New("left out")

// boot does one job and returns what is wrong.
func (w *work) boot(j job) error {
	dir, err := os.MkdirTemp("", "matrix")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m := j.machine
	m.File, m.Accel, m.Timeout = w.file, qemu.AccelTCG, w.timeout
	m.GuestArgs = promptArgs
	if j.prepare != nil {
		if err := j.prepare(w, dir, &m); err != nil {
			return err
		}
	}
	var text, console bytes.Buffer
	m.Text, m.Console, m.Marks = &text, &console, &guestMarks
	m.Log = func(format string, args ...any) { fmt.Fprintf(&console, format+"\n", args...) }
	m.Screenshot = filepath.Join(w.keep, j.name+".png")
	err = w.judge(j, m.Run(w.ctx), text.String(), console.String())
	log := filepath.Join(w.keep, j.name+".log")
	if err == nil {
		os.Remove(m.Screenshot) // of no interest, and perhaps not there
		os.Remove(log)
		return nil
	}
	return errors.Join(err, os.WriteFile(log, append(console.Bytes(), text.Bytes()...), 0o666))
}

func (w *work) judge(j job, err error, text, console string) error {
	switch {
	case j.fails && !errors.Is(err, qemu.ErrGuestFailed):
		return fmt.Errorf("it should fail, but: %v", err)
	case !j.fails && err != nil:
		return err
	case !j.fails && text != w.want:
		return fmt.Errorf("it wrote %q", text)
	}
	for _, say := range j.says {
		if !strings.Contains(console, say) {
			return fmt.Errorf("its console does not say %q", say)
		}
	}
	return nil
}

// copyFile makes a copy to be changed, extended with zeros to at least size bytes.
func copyFile(from, to string, size int64) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	n, err := io.Copy(dst, src)
	if err == nil && n < size {
		err = dst.Truncate(size)
	}
	return errors.Join(err, dst.Close())
}

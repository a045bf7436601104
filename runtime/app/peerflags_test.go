package app

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestPeerFlags wants every flag of testdata/flags.txt, which lists those of llama.cpp's server and of llamafile, to be
// known, with dashes and with underscores.
func TestPeerFlags(t *testing.T) {
	b, err := os.ReadFile("testdata/flags.txt")
	if err != nil {
		t.Fatal(err)
	}
	fs := newOptions().flagSet()
	names := strings.Fields(string(b))
	if len(names) < 300 {
		t.Fatalf("%d flags", len(names))
	}
	for _, name := range names {
		name = strings.TrimLeft(name, "-")
		if fs.Lookup(name) == nil || fs.Lookup(strings.ReplaceAll(name, "-", "_")) == nil {
			t.Errorf("flag %q is not known", name)
		}
	}
	for _, f := range peerFlags {
		if f.why == "" && f.kind != quiet {
			t.Errorf("%s: no reason", f.names)
		}
	}
}

func TestPeerFlagsParse(t *testing.T) {
	for _, c := range []struct {
		args  string
		notes []string // their beginnings
		err   string
	}{
		{"--cli -p x -ngl 9999", []string{"-ngl does nothing here: there is no GPU"}, ""},
		{"--cli -p x -fa on -fit off --flash_attn auto --mlock", []string{"-fa does", "-fit does", "--flash-attn does", "--mlock does"}, ""},
		{"--cli -p x --ctx_size 64 --no-display-prompt --jinja", nil, ""},
		{"--cli -p x --lora a.gguf", nil, "merge them into the model"},
		{"-hf user/model", nil, "nothing is downloaded"},
		{"--no-jinja", nil, "always Jinja"},
		{"--reasoning-format none", nil, "reasoning_content"},
		{"--reasoning-format auto", nil, ""},
		{"--frobnicate", nil, "not known"},
	} {
		o, err := parseOptions(strings.Fields(c.args))
		if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.args, err, c.err)
			continue
		}
		if err != nil {
			continue
		}
		if len(o.notes) != len(c.notes) {
			t.Errorf("%s: notes %q", c.args, o.notes)
			continue
		}
		for i, n := range c.notes {
			if !strings.HasPrefix(o.notes[i], n) {
				t.Errorf("%s: note %q, want %q", c.args, o.notes[i], n)
			}
		}
	}
}

func TestEnvironment(t *testing.T) {
	o := newOptions()
	got := o.environmentArgs([]string{"PATH=/bin", "LLAMA_ARG_PORT=9000", "LLAMA_ARG_CTX_SIZE=64", "LLAMA_ARG_UI=off", "LLAMA_API_KEY=k",
		"LLAMA_ARG_N_GPU_LAYERS=9", "LLAMA_ARG_CONTEXT_SHIFT=1", "LLAMA_ARG_NOSUCH=1", "LLAMA_ARG_HOST="})
	want := []string{"--api-key", "k", "--context-shift", "--ctx-size", "64", "--gpu-layers", "9", "--port", "9000", "--no-webui"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(o.notes) != 1 || !strings.Contains(o.notes[0], "LLAMA_ARG_NOSUCH") {
		t.Errorf("notes %q", o.notes)
	}
	w := newWorld(t, files{"demo.gguf": string(demo(t))}, "", "--cli", "-p", "Once", "--temp", "0")
	w.Environ = func() []string { return []string{"LLAMA_ARG_N_PREDICT=3", "LLAMA_ARG_MLOCK=1"} }
	text, _ := w.run(t, ExitOK)
	few, _ := newWorld(t, files{"demo.gguf": string(demo(t))}, "", "--cli", "-p", "Once", "--temp", "0", "-n", "3").run(t, ExitOK)
	if text != few || !strings.Contains(w.err.String(), "--mlock does nothing here") {
		t.Errorf("%q, want %q; %s", text, few, w.err.String())
	}
}

// TestInteractive writes in turns: the model up to the reverse prompt, then the line that is typed.
func TestInteractive(t *testing.T) {
	model := files{"demo.gguf": string(demo(t))}
	out, _ := newWorld(t, model, "And then?\n", "-i", "-p", "Once upon a time", "-r", ".", "--temp", "0", "-n", "40", "--in-prefix", " ", "--in-suffix", "So").run(t, ExitOK)
	if !strings.HasPrefix(out, "Once upon a time, a") || !strings.Contains(out, ". So") || strings.Count(out, ".") != 2 {
		t.Errorf("%q", out)
	}
	first, _ := newWorld(t, model, "", "--interactive-first", "-p", "Once upon a time").run(t, ExitOK)
	if first != "Once upon a time\n" {
		t.Errorf("a person first: %q", first)
	}
}

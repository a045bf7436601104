// Command oracle lets llama.cpp compute the answers that the tests compare with, and writes them into the repository:
//
//	go run ./tools/oracle golden   testdata/golden: logits and greedy ids of the demo model
//	go run ./tools/oracle peer     runtime/model/testdata/llamacpp.json: a tiny model of every architecture
//	go run ./tools/oracle noise    runtime/model/testdata/noise.json: llama.cpp's rounding of activations
//	go run ./tools/oracle types    testdata/golden/ggml.json: the same numbers in every weight type (needs python3)
//	go run ./tools/oracle tokens   runtime/token/testdata/llamacpp.json: ids under every pre-tokenizer
//
// llama.cpp is the upstream build in the npm package node-llama-cpp, installed into the folder -work unless it is there.
// A comparison the tests make with a new architecture or pre-tokenizer needs its answers made this way and committed.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/llamaboot/llamaboot/internal/npmpeer"
	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
	"github.com/llamaboot/llamaboot/runtime/quant"
	"github.com/llamaboot/llamaboot/runtime/tensor"
	"github.com/llamaboot/llamaboot/runtime/token"
	"github.com/llamaboot/llamaboot/runtime/token/tokentest"
)

// The text of the golden answers.
const (
	prompt = "Once upon a time, there was a little girl named Lily. She loved to play outside in the park."
	text   = prompt + " One day, she saw a big red ball. She wanted to play with it, but it was too high. Her friend Tom came and " +
		"helped her. They played until the sun went down, and then they went home to eat with their families."
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("oracle: ")
	work := flag.String("work", filepath.Join(os.TempDir(), "llamaboot-oracle"), "folder for the peer and its inputs")
	flag.Parse()
	o := oracle{work: *work}
	jobs := map[string]func() error{"golden": o.golden, "peer": o.peer, "noise": o.noise, "tokens": o.tokens, "types": o.types}
	job := jobs[flag.Arg(0)]
	if job == nil || flag.NArg() != 1 {
		log.Fatalf("got %q, want golden, peer, noise, tokens or types", flag.Args())
	}
	if err := npmpeer.Install(*work); err != nil {
		log.Fatal(err)
	}
	if err := job(); err != nil {
		log.Fatal(err)
	}
}

type oracle struct{ work string }

// node runs a script of this folder in the folder of the peer; the last argument is the file it writes.
func (o *oracle) node(script string, args ...string) error {
	b, err := os.ReadFile(filepath.Join("tools/oracle", script))
	if err != nil {
		return fmt.Errorf("%w: run it in the module's root folder", err)
	}
	path := filepath.Join(o.work, script)
	if err := os.WriteFile(path, b, 0o666); err != nil {
		return err
	}
	cmd := exec.Command("node", append([]string{path}, args...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// folder makes an empty folder for inputs.
func (o *oracle) folder(name string) (string, error) {
	dir := filepath.Join(o.work, name)
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o777)
}

// golden computes the demo model as it is and with its weights in F32.
func (o *oracle) golden() error {
	const file, out = "testdata/demo.gguf", "testdata/golden"
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	dir, err := o.folder("golden")
	if err != nil {
		return err
	}
	exact := filepath.Join(dir, "demo.deq.gguf")
	if b, err = dequantise(b); err != nil {
		return err
	}
	if err := os.WriteFile(exact, b, 0o666); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	for name, path := range map[string]string{"demo": file, "demo.deq": exact} {
		if err := o.node("golden.mjs", path, filepath.Join(out, name), prompt, text); err != nil {
			return err
		}
	}
	return nil
}

// dequantise returns the same model with all weights in F32.
func dequantise(b []byte) ([]byte, error) {
	f, err := gguf.Parse(b)
	if err != nil {
		return nil, err
	}
	w := gguf.Writer{}
	for _, k := range f.Keys {
		if err := w.Add(k.Key, k.Value); err != nil {
			return nil, err
		}
	}
	for i := range f.Tensors {
		t := &f.Tensors[i]
		x := make([]float32, t.Elements())
		compute.Dequantize(t.Type, x, t.Data)
		data := make([]byte, 4*len(x))
		if err := quant.Row(tensor.F32, data, x); err != nil {
			return nil, err
		}
		if err := w.AddTensor(t.Name, tensor.F32, t.Dims, data); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	_, err = w.WriteTo(&out)
	return out.Bytes(), err
}

// peer computes a tiny model of every architecture and kind of rope scaling.
func (o *oracle) peer() error {
	dir, err := o.folder("peer")
	if err != nil {
		return err
	}
	for name, m := range modeltest.Peers(model.Architectures()) {
		b, err := m.Bytes()
		if err != nil {
			return err
		}
		f, err := gguf.Parse(b)
		if err != nil {
			return err
		}
		opened, err := model.Open(f, model.Options{Context: modeltest.Context, Threads: 1})
		if err != nil {
			return err
		}
		if opened.Encoder || opened.Pooling != model.PoolNone {
			name += ".embd"
		}
		opened.Close()
		if err := os.WriteFile(filepath.Join(dir, name+".gguf"), b, 0o666); err != nil {
			return err
		}
	}
	ids := strings.Trim(strings.ReplaceAll(fmt.Sprint(modeltest.PeerIDs), " ", ","), "[]")
	return o.node("peer.mjs", dir, ids, "runtime/model/testdata/llamacpp.json")
}

// noise computes the texts of the golden files, of which most lie in ../shared/data.
func (o *oracle) noise() error {
	dir, err := o.folder("noise")
	if err != nil {
		return err
	}
	for _, in := range [][2]string{{"testdata", "testdata/golden"}, {"../shared/data/models", "../shared/data/golden"}} {
		if _, err := os.Stat(in[0]); err != nil {
			continue
		}
		if err := o.node("noise.mjs", in[0], in[1], dir); err != nil {
			return err
		}
	}
	cmd := exec.Command("go", "test", "-count=1", "-run", "TestNoise", "./runtime/model")
	cmd.Env = append(os.Environ(), "LLAMABOOT_PEER_LOGITS="+dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// types quantises numbers with ggml's own library.
func (o *oracle) types() error {
	libs, err := filepath.Glob(filepath.Join(o.work, "node_modules/@node-llama-cpp/linux-x64/bins/*/libggml-base.so"))
	if err != nil || len(libs) != 1 {
		return fmt.Errorf("found %d libggml-base.so in the npm package, want one: %w", len(libs), err)
	}
	cmd := exec.Command("python3", "tools/oracle/types.py", libs[0], "testdata/golden/ggml.json")
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// tokens encodes the texts of tokentest under every pre-tokenizer.
func (o *oracle) tokens() error {
	dir, err := o.folder("tokens")
	if err != nil {
		return err
	}
	for _, pre := range token.PreTokenizers() {
		b, err := tokentest.BPE(pre)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, pre+".gguf"), b, 0o666); err != nil {
			return err
		}
	}
	texts, err := json.Marshal(tokentest.Texts())
	if err != nil {
		return err
	}
	list := filepath.Join(o.work, "texts.json")
	if err := os.WriteFile(list, texts, 0o666); err != nil {
		return err
	}
	return o.node("tokens.mjs", dir, list, "runtime/token/testdata/llamacpp.json")
}

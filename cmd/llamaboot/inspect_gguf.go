package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// longText is the length from which texts are not printed whole.
const longText = 1 << 20

// ggufInspection is what inspect --json prints of a model file.
type ggufInspection struct {
	Version   int              `json:"version"`
	Alignment int              `json:"alignment"`
	Weights   int64            `json:"weights"`
	Keys      []ggufKey        `json:"keys"`
	Tensors   []ggufTensorInfo `json:"tensors"`
}

type ggufKey struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Value string `json:"value"` // arrays: only type and length; texts beyond longText bytes: only the beginning
}

type ggufTensorInfo struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Shape  []int  `json:"shape"` // contiguous dimension first
	Offset int64  `json:"offset"`
	Bytes  int    `json:"bytes"`
}

// isGGUF says whether the file begins as a GGUF file does.
func isGGUF(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	magic := make([]byte, len(gguf.Magic))
	_, err = io.ReadFull(f, magic)
	return err == nil && bytes.Equal(magic, []byte(gguf.Magic))
}

// inspectGGUF lists the keys and tensors of a model file.
func inspectGGUF(out io.Writer, path string, asJSON bool) error {
	g, release, err := parseGGUF(path)
	if err != nil {
		return err
	}
	defer release()
	in := ggufInspection{Version: g.Version, Alignment: g.Alignment, Weights: g.Params()}
	for _, kv := range g.Keys {
		value := kv.Value.Clip()
		if asJSON && kv.Value.Size() <= longText {
			value = kv.Value.String()
		}
		in.Keys = append(in.Keys, ggufKey{kv.Key, kv.Value.Type.String(), value})
	}
	for i := range g.Tensors {
		t := &g.Tensors[i]
		in.Tensors = append(in.Tensors, ggufTensorInfo{t.Name, t.Type.String(), t.Dims, t.Offset, len(t.Data)})
	}
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(in)
	}
	p := &printer{w: out}
	p.printf("GGUF version %d, %d keys, %d tensors, %d weights\n\n", in.Version, len(in.Keys), len(in.Tensors), in.Weights)
	for _, k := range in.Keys {
		p.printf("%-45s %s\n", printable(k.Key), k.Value)
	}
	p.printf("\n%12s %12s  %-8s %-24s name\n", "offset", "bytes", "type", "shape")
	for _, t := range in.Tensors {
		p.printf("%#12x %12d  %-8s %-24s %s\n", t.Offset, t.Bytes, t.Type, fmt.Sprint(t.Shape), printable(t.Name))
	}
	return p.err
}

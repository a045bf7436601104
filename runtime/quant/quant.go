// Package quant makes smaller models: it rounds the weights of a GGUF file to another type.
//
// The types and the way of rounding are llama.cpp's (ggml-quants.c and llama-quant.cpp, 2026, without importance
// matrix), so files are interchangeable and as good. Offered are F16, BF16, Q8_0, Q4_0, Q4_K_M, Q5_K_M and Q6_K; the
// mixed types give some tensors more bits.
package quant

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// ErrTarget is wrapped by errors about types this package cannot make.
var ErrTarget = errors.New("quantisation not supported")

// target is a type of file.
type target struct {
	base     tensor.Type // of most tensors
	fileType uint32      // general.file_type (llama.h: enum llama_ftype)
	mixed    bool        // some tensors get Q6_K
}

var targets = map[string]target{
	"F16":    {tensor.F16, 1, false},
	"Q4_0":   {tensor.Q4_0, 2, false},
	"Q8_0":   {tensor.Q8_0, 7, false},
	"Q4_K_M": {tensor.Q4_K, 15, true},
	"Q5_K_M": {tensor.Q5_K, 17, true},
	"Q6_K":   {tensor.Q6_K, 18, false},
	"BF16":   {tensor.BF16, 32, false},
}

// Targets lists the names File accepts.
func Targets() []string {
	var l []string
	for n := range targets {
		l = append(l, n)
	}
	slices.Sort(l)
	return l
}

// Progress is told of every tensor before it is rounded.
type Progress func(done, tensors int, name string, from, to tensor.Type)

// File prepares the file that f becomes as the named type. Tensors are rounded while the result is written, on the
// threads of the pool.
func File(f *gguf.File, name string, pool *compute.Pool, progress Progress) (*gguf.Writer, error) {
	to, ok := targets[strings.ToUpper(name)]
	if !ok {
		return nil, fmt.Errorf("%w: %q; want one of %s", ErrTarget, name, strings.Join(Targets(), " "))
	}
	w := &gguf.Writer{}
	seen := false
	for _, kv := range f.Keys {
		if err := f.Readable(kv.Key); err != nil { // values are held in memory, some of them twice
			return nil, err
		}
		var v any = kv.Value
		switch kv.Key {
		case "general.file_type":
			v, seen = to.fileType, true
		case "general.quantization_version", "general.alignment":
			continue // written below; data is aligned to the default again
		}
		if err := w.Add(kv.Key, v); err != nil {
			return nil, err
		}
	}
	if !seen {
		if err := w.Add("general.file_type", to.fileType); err != nil {
			return nil, err
		}
	}
	if err := w.Add("general.quantization_version", uint32(2)); err != nil {
		return nil, err
	}
	p := newPlan(f, to)
	for i := range f.Tensors {
		t := &f.Tensors[i]
		from := t.Type
		if !from.Supported() {
			return nil, fmt.Errorf("tensor %q at offset %#x is %v, which cannot be read", t.Name, t.Offset, t.Type)
		}
		typ := p.typeOf(t)
		fill := func() ([]byte, error) {
			if progress != nil {
				progress(i, len(f.Tensors), t.Name, from, typ)
			}
			if typ == from {
				return t.Data, nil
			}
			return convert(t, typ, pool)
		}
		if err := w.AddTensorFunc(t.Name, typ, t.Dims, fill); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// convert rounds a tensor row by row.
func convert(t *gguf.Tensor, to tensor.Type, pool *compute.Pool) ([]byte, error) {
	from, cols := t.Type, t.Dims[0]
	rows := t.Elements() / cols
	in, out := from.RowBytes(cols), to.RowBytes(cols)
	data := make([]byte, rows*out)
	errs := make([]error, rows)
	pool.Do(rows, func(_, r int) {
		x := make([]float32, cols)
		compute.Dequantize(from, x, t.Data[r*in:(r+1)*in])
		errs[r] = Row(to, data[r*out:(r+1)*out], x)
	})
	for r, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("tensor %q, row %d: %w; the file may be damaged", t.Name, r, err)
		}
	}
	return data, nil
}

package model

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// linear is a weight [in, out] with an optional bias [out].
type linear struct {
	w *compute.Matrix
	b []float32
}

// experts is a weight [in, out, experts], one matrix for each expert.
type experts []*compute.Matrix

// bind fills the fields of a network from the file. A field is bound by its tags:
//
//	T linear    `gguf:"attn_q" shape:"embd,q"`          attn_q.weight, and attn_q.bias if there is one
//	T []float32 `gguf:"attn_norm.weight" shape:"embd"`
//	T experts   `gguf:"ffn_up_exps.weight" shape:"embd,expertff,experts"`
//	T []Layer   `gguf:"blk"`                            one struct for each layer, prefixed blk.0. and so on
//	T Struct    (no tag)                                the fields of the struct
//	T Struct    `when:"delta"`                          the same, in layers of that kind (Config.has)
//
// A struct with a method bound is asked whether what it got is enough.
//
// "optional" after the name leaves the field empty when the tensor is missing; "or=NAME" names a second tensor to
// take then, with the same prefix. Shapes are names of Config.dim, checked against the file.
func bind(net any, f *gguf.File, c *Config) error {
	return bindStruct(reflect.ValueOf(net).Elem(), "", 0, f, c)
}

func bindStruct(v reflect.Value, prefix string, layer int, f *gguf.File, c *Config) error {
	for i := range v.NumField() {
		field, tag := v.Field(i), v.Type().Field(i).Tag
		name, options, _ := strings.Cut(tag.Get("gguf"), ",")
		var err error
		switch {
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			layers := reflect.MakeSlice(field.Type(), c.Layers, c.Layers)
			for l := 0; l < c.Layers && err == nil; l++ {
				err = bindStruct(layers.Index(l), fmt.Sprintf("%s%s.%d.", prefix, name, l), l, f, c)
			}
			set(field, layers.Interface())
		case name != "":
			err = bindField(field, prefix, name, options, tag.Get("shape"), layer, f, c)
		case field.Kind() == reflect.Struct && c.has(tag.Get("when"), layer):
			err = bindStruct(field, prefix, layer, f, c)
		}
		if err != nil {
			return err
		}
	}
	if x, ok := v.Addr().Interface().(interface {
		bound(prefix string, c *Config) error
	}); ok {
		return x.bound(prefix, c)
	}
	return nil
}

// unused is the error for a tensor no field asked for: the model would not compute what the file means. Tables that older
// writers stored and heads that only classify are no loss.
func unused(f *gguf.File, c *Config) error {
	for i := range f.Tensors {
		t := &f.Tensors[i]
		if c.predicts(t.Name) {
			continue
		}
		if c.bound[t.Name] || t.Name == "rope_freqs.weight" || strings.HasSuffix(t.Name, ".attn_rot_embd.weight") || strings.HasPrefix(t.Name, "cls.") {
			continue
		}
		return fmt.Errorf("%w: tensor %q at offset %#x has no place in architecture %s with %d layers as it is supported here", ErrTensor, t.Name, t.Offset, c.Arch, c.Layers)
	}
	return nil
}

// predicts reports whether a tensor belongs to a block behind the layers that predicts more than one token at a time
// (nextn_predict_layers). Such blocks speed up generation elsewhere and change no result.
func (c *Config) predicts(name string) bool {
	var l int
	n, _ := fmt.Sscanf(name, "blk.%d.", &l)
	return n == 1 && l >= c.Layers && l < c.Layers+c.nextN
}

// has reports whether a layer is of the kind that a tag when names.
func (c *Config) has(kind string, layer int) bool {
	recurrent := c.Recurrent != nil && c.Recurrent(layer)
	switch kind {
	case "":
		return true
	case "attention":
		return !recurrent
	}
	return recurrent && kind == c.RecurrentKind
}

// noTensor is the error for a tensor an architecture cannot do without.
func noTensor(name string, c *Config) error {
	return fmt.Errorf("%w: no tensor %q, which architecture %s needs", ErrTensor, name, c.Arch)
}

// set stores x in a field, which may be unexported: the struct belongs to this package.
func set(field reflect.Value, x any) {
	reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem().Set(reflect.ValueOf(x))
}

func bindField(field reflect.Value, prefix, name, options, shape string, layer int, f *gguf.File, c *Config) error {
	isLinear := field.Type() == reflect.TypeFor[linear]()
	name = prefix + name
	tensor := name
	if isLinear {
		tensor += ".weight"
	}
	t := f.Tensor(tensor)
	if other, ok := strings.CutPrefix(options, "or="); ok && t == nil {
		t = f.Tensor(prefix + other)
	}
	if t == nil {
		if options == "optional" {
			return nil
		}
		return noTensor(tensor, c)
	}
	if err := checkShape(t, shape, layer, c); err != nil {
		return err
	}
	c.bound[t.Name] = true
	switch {
	case isLinear:
		l := linear{}
		ms, err := matrices(t, c.exact)
		if err != nil {
			return err
		}
		l.w = ms[0]
		if b := f.Tensor(name + ".bias"); b != nil {
			if len(b.Dims) != 1 || b.Dims[0] != l.w.Rows() {
				return shapeError(b, fmt.Sprint([]int{l.w.Rows()}))
			}
			if l.b, err = floats(b); err != nil {
				return err
			}
			c.bound[b.Name] = true
		}
		set(field, l)
	case field.Type() == reflect.TypeFor[experts]():
		ms, err := matrices(t, c.exact)
		if err != nil {
			return err
		}
		set(field, experts(ms))
	case field.Type() == reflect.TypeFor[[]float32]():
		x, err := floats(t)
		if err != nil {
			return err
		}
		set(field, x)
	default:
		return fmt.Errorf("field of type %v cannot be bound to %q", field.Type(), tensor)
	}
	return nil
}

// missing is the error for a layer without the tensors it needs.
func missing(c *Config, layer int, names string) error {
	return fmt.Errorf("%w: layer %d has no %s, which architecture %s needs", ErrTensor, layer, names, c.Arch)
}

func shapeError(t *gguf.Tensor, want string) error {
	return fmt.Errorf("%w: tensor %q at offset %#x has shape %v, want %s", ErrTensor, t.Name, t.Offset, t.Dims, want)
}

// checkShape compares with a tag such as "embd,q"; trailing dimensions of 1 may be missing from the file.
func checkShape(t *gguf.Tensor, shape string, layer int, c *Config) error {
	names := strings.Split(shape, ",")
	ok := len(t.Dims) <= len(names)
	want := make([]int, len(names))
	for i, n := range names {
		d, known := c.dim(n, layer)
		if !known {
			return fmt.Errorf("shape tag %q of %q has the unknown dimension %q", shape, t.Name, n)
		}
		want[i] = d
		got := 1
		if i < len(t.Dims) {
			got = t.Dims[i]
		}
		ok = ok && got == d
	}
	if !ok {
		return shapeError(t, fmt.Sprintf("[%s] = %v", shape, want))
	}
	return nil
}

// exactParams is the number of weights up to which quantised matrices are held as F32. Multiplying quantised weights
// rounds activations to 8 bits, which a large model does not notice and which speed demands; a model this small is
// fast and exact, at the price of at most 32 MB.
const exactParams = 8 << 20

// matrices makes one matrix of each [in, out] slice of the tensor.
func matrices(t *gguf.Tensor, exact bool) ([]*compute.Matrix, error) {
	typ, data := t.Type, t.Data
	if !typ.Supported() {
		return nil, typeError(t)
	}
	if exact && typ.BlockLen() > 1 {
		x, err := floats(t)
		if err != nil {
			return nil, err
		}
		typ, data = tensor.F32, make([]byte, 0, 4*len(x))
		for _, v := range x {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
	}
	rows, count := 1, 1
	if len(t.Dims) > 1 {
		rows = t.Dims[1]
	}
	if len(t.Dims) > 2 {
		count = t.Dims[2]
	}
	out := make([]*compute.Matrix, count)
	size := len(data) / count
	for i := range out {
		m, err := compute.NewMatrix(typ, rows, t.Dims[0], data[i*size:(i+1)*size])
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		out[i] = m
	}
	return out, nil
}

// floats copies a small tensor out as float32.
func floats(t *gguf.Tensor) ([]float32, error) {
	typ := t.Type
	if !typ.Supported() {
		return nil, typeError(t)
	}
	x := make([]float32, t.Elements())
	compute.Dequantize(typ, x, t.Data)
	return x, nil
}

func typeError(t *gguf.Tensor) error {
	return fmt.Errorf("%w: tensor %q at offset %#x is %v; supported are %v", ErrType, t.Name, t.Offset, t.Type, tensor.Supported())
}

package gguf

import (
	"bytes"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// part writes one part of a split model with the given tensors.
func part(t *testing.T, no, count, total int, tensors ...string) *File {
	t.Helper()
	w := new(Writer)
	add := func(key string, value any) {
		if err := w.Add(key, value); err != nil {
			t.Fatal(err)
		}
	}
	if no == 0 {
		add("general.architecture", "llama")
		add("general.alignment", uint32(32))
	}
	add("split.no", uint16(no))
	add("split.count", uint16(count))
	add("split.tensors.count", int32(total))
	for _, name := range tensors {
		if err := w.AddTensor(name, tensor.F32, []int{3}, bytes.Repeat([]byte(name[:1]), 12)); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	f, err := Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestJoin(t *testing.T) {
	w, err := Join([]*File{part(t, 0, 3, 4, "a", "b"), part(t, 1, 3, 4, "c"), part(t, 2, 3, 4, "d")})
	if err != nil {
		t.Fatal(err)
	}
	segments, err := w.Segments()
	if err != nil {
		t.Fatal(err)
	}
	whole := bytes.Join(segments, nil)
	f, err := Parse(whole)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Keys) != 1 || f.Keys[0].Key != "general.architecture" {
		t.Errorf("keys %v, want the first part's without those of the split", f.Keys)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		if x := f.Tensor(name); x == nil || string(x.Data) != strings.Repeat(name, 12) {
			t.Errorf("tensor %s: %+v", name, x)
		}
	}
	var b bytes.Buffer
	if n, err := w.WriteTo(&b); err != nil || n != int64(len(whole)) || !bytes.Equal(b.Bytes(), whole) {
		t.Errorf("WriteTo: %d bytes, %v, want the segments' %d", n, err, len(whole))
	}
}

func TestJoinRefuses(t *testing.T) {
	for want, parts := range map[string][]*File{
		"no parts":                            nil,
		`2 parts, key "split.count" says 3`:   {part(t, 0, 3, 3, "a"), part(t, 1, 3, 3, "b")},
		`part 2: tensor "a" occurs twice`:     {part(t, 0, 2, 2, "a"), part(t, 1, 2, 2, "a")},
		"the parts hold 2 tensors, key \"spl": {part(t, 0, 2, 5, "a"), part(t, 1, 2, 5, "b")},
	} {
		if _, err := Join(parts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

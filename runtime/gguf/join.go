package gguf

import (
	"errors"
	"fmt"
	"strings"
)

// Keys of files that llama.cpp's gguf-split made out of one.
const (
	splitPrefix  = "split."
	splitCount   = "split.count"
	splitTensors = "split.tensors.count"
	alignmentKey = "general.alignment" // Writer aligns to the default
)

// Join puts the parts of a split model together: the keys of the first one, the tensors of all in order. The parts
// must be complete and their bytes must stay as they are until the Writer was used.
func Join(parts []*File) (*Writer, error) {
	if len(parts) == 0 {
		return nil, errors.New("no parts to join")
	}
	count, err := parts[0].Int(splitCount, 1)
	if err != nil {
		return nil, err
	}
	if count != len(parts) {
		return nil, fmt.Errorf("%d parts, key %q says %d", len(parts), splitCount, count)
	}
	w := new(Writer)
	for _, kv := range parts[0].Keys {
		if strings.HasPrefix(kv.Key, splitPrefix) || kv.Key == alignmentKey {
			continue
		}
		if err := w.Add(kv.Key, kv.Value); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	for i, part := range parts {
		for _, t := range part.Tensors {
			if seen[t.Name] {
				return nil, fmt.Errorf("part %d: tensor %q occurs twice", i+1, t.Name)
			}
			seen[t.Name] = true
			if err := w.AddTensor(t.Name, t.Type, t.Dims, t.Data); err != nil {
				return nil, err
			}
		}
	}
	want, err := parts[0].Int(splitTensors, len(seen))
	if err != nil {
		return nil, err
	}
	if len(seen) != want {
		return nil, fmt.Errorf("the parts hold %d tensors, key %q says %d", len(seen), splitTensors, want)
	}
	return w, nil
}

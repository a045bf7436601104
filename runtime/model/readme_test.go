package model

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// TestReadme: the README lists what is supported, in the words of the tables.
func TestReadme(t *testing.T) {
	var text, vectors []string
	for _, a := range architectures {
		item := a.name
		if a.models != "" {
			item += " (" + a.models + ")"
		}
		if _, encodes := a.net().(*encoder); encodes {
			vectors = append(vectors, item)
		} else {
			text = append(text, item)
		}
	}
	lists := []string{"| architectures | " + strings.Join(text, ", ") + "; embeddings: " + strings.Join(vectors, ", ") + " |",
		"| weight types | " + strings.Trim(fmt.Sprint(tensor.Supported()), "[]") + " |"}
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range lists {
		if !slices.Contains(strings.Split(string(b), "\n"), want) {
			t.Errorf("README.md lists something else; want the line\n%s", want)
		}
	}
}

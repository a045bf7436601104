package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
)

// TestTemplateNote wants a broken chat template to be told when a model is packed.
func TestTemplateNote(t *testing.T) {
	for source, want := range map[string]string{modeltest.Template: "", "{% if x %}\n{% frobnicate %}": "line 2"} {
		m := &modeltest.Model{Arch: "llama", Keys: map[string]any{"tokenizer.chat_template": source}}
		b, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "m.gguf")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(opened.note, want) || (opened.note == "") != (want == "") {
			t.Errorf("%q: %q, want %q", source, opened.note, want)
		}
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	}
}

package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
)

// TestBrokenTemplate wants a broken template to be found when the model is opened, told with its line and column, and
// replaced by the built-in one whose marks it has.
func TestBrokenTemplate(t *testing.T) {
	user := []chat.Message{{Role: "user", Content: "hi"}}
	for _, c := range []struct{ source, note, prompt string }{
		{"{{ bos_token }}\n{% for m in messages %}<|im_start|>{{ m.content }", "line 2", "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"},
		{"[INST] {{ nobody(1) }}", "line 1, column", "<s> [INST] hi [/INST]"},
		{"{{ raise_exception('never') }}", "never", "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"},
	} {
		m := &modeltest.Model{Arch: "llama", Keys: map[string]any{"tokenizer.chat_template": c.source}}
		b, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		e, err := Open("broken.gguf", b, Options{})
		if err != nil {
			t.Fatalf("%q: %v", c.source, err)
		}
		got, err := e.ChatPrompt(user, true)
		if err != nil || got != c.prompt {
			t.Errorf("%q: prompt %q, %v; want %q", c.source, got, err, c.prompt)
		}
		if note := e.TemplateNote(); !strings.Contains(note, c.note) || !strings.Contains(note, "built-in template") {
			t.Errorf("%q: note %q, want %q and what is used instead", c.source, note, c.note)
		}
		e.Close()
		if _, err := Open("broken.gguf", b, Options{Template: "{{"}); !errors.Is(err, chat.ErrTemplate) {
			t.Errorf("a broken template that was given: %v", err)
		}
	}
	if e := tiny(t, "llama", Options{}); e.TemplateNote() != "" {
		t.Errorf("a good template: %q", e.TemplateNote())
	}
}

package chat

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
)

// TestSystem merges system messages only where a template does not take them.
func TestSystem(t *testing.T) {
	messages := []Message{{Role: "system", Content: "be kind"}, {Role: "user", Content: "hi"}, {Role: "system", Content: "now"}, {Role: "assistant", Content: "yes"}}
	for source, want := range map[string]string{
		"{% for m in messages %}[{{ m.role }}:{{ m.content }}]{% endfor %}":                                                    "[system:be kind][user:hi][system:now][assistant:yes]",
		"{% for m in messages %}{% if m.role != 'system' %}[{{ m.role }}:{{ m.content }}]{% endif %}{% endfor %}":              "[user:be kind\nhi][user:now][assistant:yes]",
		"{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}{{ m.content }}|{% endfor %}": "be kind\nhi|now|yes|",
	} {
		tpl, err := Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tpl.Prompt(messages, "", "", false); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", source, got, err, want)
		}
	}
}

func TestPrompt(t *testing.T) {
	tpl, err := Parse("{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}{{ eos_token }}")
	if err != nil {
		t.Fatal(err)
	}
	got, err := tpl.Prompt([]Message{{Role: "user", Content: "a<b"}}, "[", "]", true)
	if want := "[<user>a<b<assistant>]"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// TestAbsent: tools are None when there are none, and undefined for a template that goes over them without asking.
func TestAbsent(t *testing.T) {
	for source, want := range map[string]string{
		"{{ tools is none }} {{ tools is defined }} {{ documents is none }}": "True True True",
		"{% for x in tools %}{{ x }}{% endfor %}{{ tools is defined }}":      "False",
	} {
		tpl, err := Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tpl.Prompt(nil, "", "", false); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", source, got, err, want)
		}
	}
	tpl, err := Parse("{% for x in tools %}{% endfor %}{{ raise_exception('never') }}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tpl.Prompt(nil, "", "", false); !errors.Is(err, ErrTemplate) {
		t.Errorf("%v, want %v", err, ErrTemplate)
	}
}

// TestOtherTemplates has templates from llama.cpp's own tests, where ../shared/data has them.
func TestOtherTemplates(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(golden.Shared(t, "chat"), "chat-template-tests.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var cases []struct {
		Name, Template string
		Supported      bool   `json:"supported_with_jinja"`
		BOS            string `json:"bos_token"`
		EOS            string `json:"eos_token"`
		Add            bool   `json:"add_generation_prompt"`
		Messages       json.RawMessage
		Want           string `json:"expected_jinja"`
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if !c.Supported {
			continue
		}
		tpl, err := Parse(c.Template)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		got, err := tpl.Chat(Input{Messages: c.Messages, BOS: c.BOS, EOS: c.EOS, AddGenerationPrompt: c.Add})
		if err != nil || got != c.Want {
			t.Errorf("%s: %v\n got %q\nwant %q", c.Name, err, got, c.Want)
		}
	}
}

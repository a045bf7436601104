package chat

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/internal/golden"
)

// renderCase renders one case whose remaining fields are template variables.
func renderCase(source string, raw map[string]json.RawMessage) (string, error) {
	t, err := Parse(source)
	if err != nil {
		return "", err
	}
	in := Input{Extra: map[string]json.RawMessage{}}
	for k, v := range raw {
		switch k {
		case "messages":
			in.Messages = v
		case "tools":
			in.Tools = v
		case "bos_token":
			json.Unmarshal(v, &in.BOS)
		case "eos_token":
			json.Unmarshal(v, &in.EOS)
		case "add_generation_prompt":
			json.Unmarshal(v, &in.AddGenerationPrompt)
		default:
			in.Extra[k] = v
		}
	}
	return t.Render(in)
}

// TestRealTemplates compares with what Python's Jinja renders of the templates of real models, where ../shared/data has
// them: they are their makers' and not in this repository.
func TestRealTemplates(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(golden.Shared(t, "chat"), "templates-rendered.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var data struct {
		Templates map[string]string
		Cases     []struct {
			Template, Conv string
			Input          map[string]json.RawMessage
			BOS            string `json:"bos_token"`
			EOS            string `json:"eos_token"`
			Add            bool   `json:"add_generation_prompt"`
			Direct         *string
		}
	}
	if err := json.Unmarshal(b, &data); err != nil {
		t.Fatal(err)
	}
	today := time.Now()
	for _, c := range data.Cases {
		name := c.Template + "/" + c.Conv
		if c.Direct == nil {
			continue // Python refuses it too
		}
		in := c.Input
		in["bos_token"], _ = json.Marshal(c.BOS)
		in["eos_token"], _ = json.Marshal(c.EOS)
		in["add_generation_prompt"], _ = json.Marshal(c.Add)
		got, err := renderCase(data.Templates[c.Template], in)
		want := *c.Direct
		for _, layout := range []string{"2006-01-02", "02 Jan 2006", "January 02, 2006", "2 January 2006"} {
			then := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
			want = strings.ReplaceAll(want, then.Format(layout), today.Format(layout))
		}
		if err == nil && got == want {
			continue
		}
		i := 0
		for i < len(got) && i < len(want) && got[i] == want[i] {
			i++
		}
		t.Errorf("%s: %v\n got ...%.150q\nwant ...%.150q", name, err, got[max(0, i-30):], want[max(0, i-30):])
	}
}

// BenchmarkRender renders the longest template of ../shared/data with a conversation that has tools.
func BenchmarkRender(b *testing.B) {
	raw, err := os.ReadFile(filepath.Join(golden.Shared(b, "chat"), "templates-rendered.json"))
	if err != nil {
		b.Skip(err)
	}
	var data struct {
		Templates map[string]string
		Cases     []struct {
			Template, Conv string
			Input          struct{ Messages, Tools json.RawMessage }
		}
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		b.Fatal(err)
	}
	longest := ""
	for name, source := range data.Templates {
		if len(source) > len(data.Templates[longest]) {
			longest = name
		}
	}
	t, err := Parse(data.Templates[longest])
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range data.Cases {
		if c.Template != longest {
			continue
		}
		b.Run(c.Conv, func(b *testing.B) {
			for b.Loop() {
				if _, err := t.Render(Input{Messages: c.Input.Messages, Tools: c.Input.Tools, BOS: "<s>", EOS: "</s>", AddGenerationPrompt: true}); err != nil {
					b.Skip(err)
				}
			}
		})
	}
}

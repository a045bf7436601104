package serve

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/engine/sched"
	"github.com/llamaboot/llamaboot/runtime/reply"
)

// TestTemplatesRoundTrip reads calls in the forms of real models: what their templates make of a conversation with a
// call, behind the generation prompt, is what the model would have written. A few have forms the parser does not know.
func TestTemplatesRoundTrip(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "chat", "templates-rendered.json"))
	if err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	var data struct {
		Templates map[string]string `json:"templates"`
	}
	if err := json.Unmarshal(b, &data); err != nil {
		t.Fatal(err)
	}
	tools := []tool{{Type: "function", Function: function{Name: "say", Description: "x", Parameters: json.RawMessage(
		`{"type": "object", "properties": {"text": {"type": "string", "description": "x"}, "count": {"type": "integer", "description": "x"}}, "required": ["text", "count"]}`)}}}
	const args = `{"text": "a \"b\" {c}", "count": 3}`
	read, shown := 0, 0
	for name, source := range data.Templates {
		e := demo(t, source)
		g := sched.New(e, sched.Options{})
		m := newServed(Model{Engine: e, Generate: g}, time.Unix(0, 0))
		if m.traits().tools {
			shown++
			if got := roundTrip(t, m, tools, args); got == args {
				read++
			} else {
				t.Logf("%s: %q", name, got)
			}
		}
		g.Close()
	}
	t.Logf("%d of %d templates that show tools", read, shown)
	if read < leastRead {
		t.Errorf("calls of %d templates are read, want at least %d", read, leastRead)
	}
}

const leastRead = 39

func roundTrip(t *testing.T, m *served, tools []tool, args string) string {
	user := chat.Message{Role: "user", Content: "x"}
	raw := mustMarshal(tools)
	begin, err := m.render([]chat.Message{user}, raw, nil)
	if err != nil {
		return err.Error()
	}
	arguments, err := arguments(json.RawMessage(args), m.traits().objects)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal([]chat.Message{user, {Role: "assistant", ToolCalls: []chat.ToolCall{{ID: "call00000", Type: "function", Function: chat.Function{Name: "say", Arguments: arguments}}}}})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := m.Engine.RenderChat(chat.Input{Messages: b, Tools: raw})
	if err != nil {
		return err.Error()
	}
	// The common beginning is the prompt; a generation prompt may go on in another way than what templates keep.
	n := 0
	for n < min(len(begin), len(whole)) && begin[n] == whole[n] {
		n++
	}
	p := reply.New(reply.Options{Tools: replyTools(tools), Harmony: m.traits().harmony})
	a := &message{}
	text := whole[n:]
	if i := strings.LastIndex(begin[:n], "<"); i >= 0 && !strings.Contains(begin[i:n], ">") {
		text = whole[i:] // the difference begins within a mark
	}
	for _, piece := range strings.SplitAfter(text, " ") {
		a.add(p.Add(piece, false))
	}
	a.add(p.End())
	if len(a.calls) != 1 || a.calls[0].Function.Name != "say" {
		return text
	}
	var got, want map[string]any
	if json.Unmarshal([]byte(a.calls[0].Function.Arguments), &got) != nil || json.Unmarshal([]byte(args), &want) != nil || len(got) != len(want) {
		return text
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if got[k] != want[k] {
			return text
		}
	}
	return args
}

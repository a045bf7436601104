package serve

import (
	"encoding/json"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/reply"
)

// traits are what a chat template can do, found out by rendering with it.
type traits struct {
	tools     bool // it shows tools
	objects   bool // it wants arguments of calls as objects, not as JSON in a string
	developer bool // it knows the role developer
	harmony   bool // answers have channels
}

const probeName = "llamaboot_probe"

// findTraits looks at the template once, at the first chat.
func (m *served) findTraits() traits {
	source := m.Engine.TemplateSource()
	t := traits{developer: strings.Contains(source, "developer"), harmony: reply.Channels(source)}
	user := chat.Message{Role: "user", Content: "x"}
	text, err := m.render([]chat.Message{user}, probeTools, nil)
	t.tools = err == nil && strings.Contains(text, probeName)
	call := func(args string) string {
		text, err := m.render([]chat.Message{user, {Role: "assistant", ToolCalls: []chat.ToolCall{{ID: "call00000", Type: "function",
			Function: chat.Function{Name: probeName, Arguments: json.RawMessage(args)}}}}}, probeTools, nil)
		if err != nil {
			return ""
		}
		return text
	}
	t.objects = true
	if t.tools {
		object, text := call(`{"probe_key": "probe value"}`), call(`"{\"probe_key\": \"probe value\"}"`)
		// Python's spelling of a dictionary means that the template expected a string.
		t.objects = !strings.Contains(text, `{"probe_key": "probe value"}`) || strings.Contains(object, "probe value") && !strings.Contains(object, `{'probe_key'`)
	}
	return t
}

var probeTools = json.RawMessage(`[{"type": "function", "function": {"name": "` + probeName + `", "description": "x", "parameters":
	{"type": "object", "properties": {"probe_key": {"type": "string", "description": "x"}}, "required": ["probe_key"]}}}]`)

// render makes the prompt of a conversation that the assistant is to continue.
func (m *served) render(messages []chat.Message, tools json.RawMessage, extra map[string]json.RawMessage) (string, error) {
	b, err := json.Marshal(messages)
	if err != nil {
		return "", err
	}
	return m.Engine.RenderChat(chat.Input{Messages: b, Tools: tools, AddGenerationPrompt: true, Extra: extra})
}

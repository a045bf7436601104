package reply

import "strings"

// markKind is what a mark begins.
type markKind int

const (
	thinkMark markKind = iota
	callMark
	dropMark // nothing: it stands before or after content
)

// mark is a pair of marks around a part of an answer; shut may be empty.
type mark struct {
	open, shut string
	kind       markKind
}

// thinkMarks surround reasoning.
var thinkMarks = []mark{
	{"<think>", "</think>", thinkMark},
	{"<thinking>", "</thinking>", thinkMark},
	{"[THINK]", "[/THINK]", thinkMark},                        // Magistral, Ministral
	{"<|START_THINKING|>", "<|END_THINKING|>", thinkMark},     // Command R7B, Command A
	{"<seed:think>", "</seed:think>", thinkMark},              // Seed-OSS
	{"<mm:think>", "</mm:think>", thinkMark},                  // MiniMax M3
	{"<|inner_prefix|>", "<|inner_suffix|>", thinkMark},       // Apertus
	{"<|channel>thought", "<channel|>", thinkMark},            // Gemma 4
	{"<|begin_of_thought|>", "<|end_of_thought|>", thinkMark}, // OpenThinker
	{"<|START_RESPONSE|>", "", dropMark},                      // Command R7B
	{"<|END_RESPONSE|>", "", dropMark},
	{"<|START_TEXT|>", "", dropMark}, // Command A
	{"<|END_TEXT|>", "", dropMark},
	{"<|eom_id|>", "", dropMark},
}

// callMarks surround tool calls. The close mark is where a body ends that does not tell itself.
var callMarks = []mark{
	{"<tool_call>", "</tool_call>", callMark},                                // Hermes, Qwen, GLM, Granite 4
	{"<tool_calls>", "</tool_calls>", callMark},                              // MiniMax M1, Apriel
	{"<|tool_call|>", "<|/tool_call|>", callMark},                            // Granite 3, Phi-4-mini
	{"<TOOLCALL>", "</TOOLCALL>", callMark},                                  // Nemotron Nano 2
	{"<seed:tool_call>", "</seed:tool_call>", callMark},                      // Seed-OSS
	{"<minimax:tool_call>", "</minimax:tool_call>", callMark},                // MiniMax M2
	{"<function=", "</function>", callMark},                                  // Llama 3.1, functionary
	{"<|python_tag|>", "", callMark},                                         // Llama 3
	{"[TOOL_CALLS]", "", callMark},                                           // Mistral
	{"<|START_ACTION|>", "<|END_ACTION|>", callMark},                         // Command R7B
	{"<|tool_call>", "<tool_call|>", callMark},                               // Gemma 4
	{"<|tool_call_start|>", "<|tool_call_end|>", callMark},                   // LFM2
	{"<|tools_prefix|>", "<|tools_suffix|>", callMark},                       // Apertus
	{"<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", callMark},                 // DeepSeek
	{"<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", callMark}, // Kimi
	{"Action: ```json", "```", callMark},                                     // Command R+
	{"Action:\n```json", "```", callMark},
	{"<|function_call|>", "<|message_sep|>", callMark}, // GigaChat 3.1
}

// innerMarks occur within tool calls.
var innerMarks = []string{"[ARGS]", "[CALL_ID]", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁sep｜>",
	"<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>", `<|"|>`,
	"<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|constrain|>", "<|call|>", "<|return|>", "<|channel>"}

// isMark reports whether a control token means something to the parser.
func isMark(text string) bool {
	for _, list := range [...][]mark{thinkMarks, callMarks} {
		for _, m := range list {
			if text != "" && (text == m.open || text == m.shut || strings.HasPrefix(m.open, text)) {
				return true
			}
		}
	}
	for _, m := range innerMarks {
		if text == m {
			return true
		}
	}
	return false
}

// marksOf are the marks that count.
func marksOf(o Options) []mark {
	var list []mark
	if !o.Plain {
		list = append(list, thinkMarks...)
	}
	if o.Tools != nil {
		list = append(list, callMarks...)
	}
	return list
}

// Channels reports whether answers are written in channels, as a chat template that mentions them shows.
func Channels(template string) bool { return strings.Contains(template, harmonyChannel) }

// ForPrompt returns the options for the answer to a prompt that a chat template made: whether it has channels, and whether
// the prompt has opened its reasoning.
func ForPrompt(template, prompt string) Options {
	if Channels(template) {
		return Options{Harmony: true}
	}
	return Options{Thinking: opened(strings.TrimRight(prompt, " \n"))}
}

// opened is the mark that ends the reasoning which a prompt opens at its end; empty when it opens none.
func opened(prompt string) string {
	for _, m := range thinkMarks {
		if m.kind == thinkMark && strings.HasSuffix(prompt, m.open) {
			return m.shut
		}
	}
	return ""
}

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/console"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/engine/sched"
)

// promptSign asks for a line. `llamaboot qemu` waits for it before it sends input.
const promptSign = "> "

const (
	chatHelp = `/help     this list
/clear    forget the conversation
/context  how full the context is
/stats    what the last answer cost
/quit     end
A backslash at the end of a line or Alt+Enter goes on in the next line;
""" begins and ends a text of several lines.
Ctrl-C stops an answer; at the prompt it clears the line.
`
	programHelp = "On an empty line Ctrl-C ends the program.\n"
	machineHelp = "On this machine /quit switches it off and /reboot starts it again.\n"
)

// commands lists what the tab key completes.
func (p *program) commands() []string {
	list := []string{"/help", "/clear", "/context", "/stats", "/quit"}
	if p.Reboot != nil {
		list = append(list, "/reboot")
	}
	return list
}

// conversation is a chat in progress.
type conversation struct {
	*program
	engine  *engine.Engine
	talk    talker
	history []chat.Message
	text    string        // in place of history when the model has no chat template: everything so far
	last    *engine.Stats // of the last answer
	speed   meter         // of the answer being written
}

// talker generates for one conversation.
type talker interface {
	generate(ctx context.Context, prompt []int32, params engine.Params, emit func(id int32, piece string) error) (engine.Stats, error)
	tokens() int // of the conversation so far
	reset()
}

// aloneTalker has the engine for itself.
type aloneTalker struct{ *engine.Session }

func (t aloneTalker) generate(ctx context.Context, prompt []int32, params engine.Params, emit func(id int32, piece string) error) (engine.Stats, error) {
	return t.Generate(ctx, prompt, params, emit)
}

func (t aloneTalker) tokens() int { return len(t.Tokens()) }

func (t aloneTalker) reset() { t.Reset() }

// sharedTalker takes turns with the clients of a server.
type sharedTalker struct {
	*sched.Scheduler
	count int
}

func (t *sharedTalker) generate(ctx context.Context, prompt []int32, params engine.Params, emit func(id int32, piece string) error) (engine.Stats, error) {
	t.count = len(prompt)
	stats, err := t.Generate(ctx, sched.Request{Params: params, Prompt: prompt, Client: "terminal"}, func(ev sched.Event) error {
		if ev.ID >= 0 {
			t.count++
		}
		if ev.ID < 0 && ev.Text == "" {
			return nil // progress with the prompt
		}
		return emit(ev.ID, ev.Text)
	})
	return stats.Stats, err
}

func (t *sharedTalker) tokens() int { return t.count }

func (t *sharedTalker) reset() { t.count = 0 }

// chat answers line by line until the input ends, beside the clients of a server if there is one.
func (p *program) chat(e *engine.Engine, server *sched.Scheduler) (int, error) {
	c := &conversation{program: p, engine: e}
	if server != nil {
		c.talk = &sharedTalker{Scheduler: server}
	} else {
		session, err := e.NewSession()
		if err != nil {
			return 0, err
		}
		c.talk = aloneTalker{session}
	}
	c.clear()
	info := e.Info()
	fmt.Fprintf(p.Stderr, "%s: %s, %s, context %d, %s; /help lists commands\n", p.Name, info.Name, info.Arch, info.Context, info.Level)
	if !e.HasTemplate() {
		fmt.Fprintf(p.Stderr, "%s: the model has no chat template: it continues what you type; --chat-template gives it one\n", p.Name)
	}
	for _, prompt := range p.options.prompts {
		fmt.Fprintf(p.Stdout, "%s%s\n", promptSign, prompt)
		if err := c.answer(prompt); err != nil {
			return 0, err
		}
	}
	for lines := 0; ; lines++ {
		c.showStatus()
		line, err := p.console.ReadLine(p.Stdout, promptSign)
		switch {
		case err == console.ErrInterrupted && p.PowerOff != nil: // the machine has nothing else to do
			continue
		case err == console.ErrInterrupted:
			fmt.Fprintln(p.Stdout)
			return ExitInterrupted, nil
		case err == io.EOF:
			fmt.Fprintln(p.Stdout)
			if server != nil && lines == 0 {
				<-p.stops() // nobody is at the keyboard: it is a server
			}
			return ExitOK, nil
		case err != nil:
			return 0, err
		}
		quit, err := c.line(line)
		if quit || err != nil {
			return ExitOK, err
		}
	}
}

// line handles one typed line: a command or something to answer.
func (c *conversation) line(line string) (quit bool, err error) {
	line = strings.TrimSpace(line)
	switch {
	case line == "":
		return false, nil
	case line == "/quit", line == "/exit":
		if c.PowerOff != nil {
			c.PowerOff()
		}
		return true, nil
	case line == "/reboot" && c.Reboot != nil:
		c.Reboot()
		return true, nil
	case line == "/help":
		text := chatHelp + programHelp
		if c.PowerOff != nil {
			text = chatHelp + machineHelp
		}
		_, err = fmt.Fprint(c.Stdout, text)
	case line == "/clear":
		c.clear()
		_, err = fmt.Fprintln(c.Stdout, "The conversation is forgotten.")
	case line == "/context":
		_, err = fmt.Fprintf(c.Stdout, "%d of %d tokens\n", c.talk.tokens(), c.engine.Info().Context)
	case line == "/stats":
		text := "Nothing was answered yet."
		if c.last != nil {
			text = formatStats(*c.last)
		}
		_, err = fmt.Fprintf(c.Stdout, "%s\n%s\n", text, c.statusText())
	case strings.HasPrefix(line, "/"):
		_, err = fmt.Fprintf(c.Stdout, "Unknown command %s; /help lists them.\n", line)
	default:
		err = c.answer(line)
	}
	return false, err
}

// clear forgets everything but the system message.
func (c *conversation) clear() {
	c.talk.reset()
	c.history, c.text = nil, ""
	if c.options.system != "" {
		c.history = append(c.history, chat.Message{Role: "system", Content: c.options.system})
	}
}

// answer generates the answer to one line. When the conversation no longer fits the context it says so, forgets the
// earlier turns and answers the line alone.
func (c *conversation) answer(line string) error {
	err := c.turn(line)
	if errors.Is(err, engine.ErrContextFull) && (len(c.history) > 0 || c.text != "") {
		fmt.Fprintf(c.Stderr, "%s: the context is full, going on without the earlier turns\n", c.Name)
		c.clear()
		err = c.turn(line)
	}
	var failed turnError
	switch {
	case errors.Is(err, engine.ErrContextFull):
		fmt.Fprintf(c.Stderr, "%s: that is longer than the whole context: %v\n", c.Name, err)
		c.clear()
		return nil
	case errors.As(err, &failed):
		fmt.Fprintf(c.Stderr, "%s: no answer to this: %v; the chat goes on without it, /clear forgets the earlier turns\n", c.Name, failed.error)
		return nil
	}
	return err
}

// turnError is why a line got no answer, when another line may get one.
type turnError struct{ error }

func (e turnError) Unwrap() error { return e.error }

// turn adds line to the conversation and streams the answer.
func (c *conversation) turn(line string) error {
	messages := append(c.history[:len(c.history):len(c.history)], chat.Message{Role: "user", Content: line})
	prompt := c.text + line
	if c.engine.HasTemplate() {
		var err error
		if prompt, err = c.engine.ChatPrompt(messages, true); err != nil {
			return turnError{err}
		}
	}
	params, err := c.params(c.engine)
	if err != nil {
		return err
	}
	answer := c.newAnswer(prompt)
	params.Special = answer.parser != nil // control tokens may be marks
	ctx, stop := c.interruptible()
	defer stop()
	c.last, c.speed = nil, meter{}
	stats, err := c.talk.generate(ctx, c.engine.TokenizePrompt(prompt), params, func(id int32, piece string) error {
		if id >= 0 && c.speed.count(time.Now()) {
			c.showStatus()
		}
		return answer.add(id, piece)
	})
	answer.end()
	switch {
	case answer.failed != nil: // nobody reads the answer
		return answer.failed
	case errors.Is(err, engine.ErrContextFull):
		return err
	case err != nil && !errors.Is(err, context.Canceled):
		return turnError{err}
	}
	if _, err := fmt.Fprintln(c.Stdout); err != nil {
		return err
	}
	if stats.StopReason == engine.StopContext {
		fmt.Fprintf(c.Stderr, "%s: the context is full: the answer ends here; --context-shift lets it go on, -c makes room\n", c.Name)
	}
	// What was said until Ctrl-C stays part of the conversation.
	c.last = &stats
	if !c.engine.HasTemplate() {
		c.text = prompt + answer.message.Content + "\n"
		return nil
	}
	c.history = append(messages, answer.message)
	return nil
}

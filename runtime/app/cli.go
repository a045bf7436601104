package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/runtime/engine"
)

// completeAll generates from one prompt after the other, each by itself.
func (p *program) completeAll(e *engine.Engine, prompts []string) (int, error) {
	ctx, stop := p.interruptible()
	defer stop()
	for _, prompt := range prompts {
		stats, err := p.complete(ctx, e, prompt)
		if errors.Is(err, context.Canceled) {
			return ExitInterrupted, nil
		}
		if err != nil {
			return 0, err
		}
		p.printStats(stats)
	}
	return ExitOK, nil
}

// complete generates from one prompt: the text, or with --ids the token ids, then one newline on standard output and
// nothing else there.
func (p *program) complete(ctx context.Context, e *engine.Engine, prompt string) (stats engine.Stats, err error) {
	params, err := p.params(e)
	if err != nil {
		return stats, err
	}
	session, err := e.NewSession()
	if err != nil {
		return stats, err
	}
	if p.MarkText {
		fmt.Fprintln(p.Stderr, guest.TextBegin)
	}
	out := bufio.NewWriter(p.Stdout)
	first := true
	emit := func(id int32, piece string) error {
		switch {
		case !p.options.ids:
			out.WriteString(piece)
		case id >= 0: // -1 brings text that was held back, of tokens already printed
			if !first {
				out.WriteByte(' ')
			}
			first = false
			fmt.Fprint(out, id)
		}
		return out.Flush() // keeps the first write error
	}
	stats, err = session.Generate(ctx, e.TokenizePrompt(prompt), params, emit)
	out.WriteByte('\n')
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	if p.MarkText {
		fmt.Fprintln(p.Stderr, guest.TextEnd)
	}
	return stats, err
}

// printStats reports what a generation cost.
func (p *program) printStats(s engine.Stats) {
	fmt.Fprintf(p.Stderr, "%s: %s\n", p.Name, formatStats(s))
}

func formatStats(s engine.Stats) string {
	return fmt.Sprintf("prompt %d tokens, %s; generated %d tokens, %s; stopped: %s",
		s.PromptTokens, rate(s.PromptTokens, s.PromptTime.Seconds()), s.Tokens, rate(s.Tokens, s.Time.Seconds()), s.StopReason)
}

func rate(tokens int, seconds float64) string {
	if tokens == 0 || seconds <= 0 {
		return "- tok/s"
	}
	return fmt.Sprintf("%.1f tok/s", float64(tokens)/seconds)
}

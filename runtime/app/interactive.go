package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/llamaboot/llamaboot/runtime/console"
	"github.com/llamaboot/llamaboot/runtime/engine"
)

// interactive continues one text in turns with a person, as llama.cpp's --interactive does: the model writes until a
// reverse prompt or its end, then a line is read and goes between --in-prefix and --in-suffix. The prompt is printed first.
func (p *program) interactive(e *engine.Engine) (int, error) {
	o := p.options
	session, err := e.NewSession()
	if err != nil {
		return 0, err
	}
	params, err := p.params(e)
	if err != nil {
		return 0, err
	}
	text := ""
	if len(o.prompts) > 0 {
		text = o.prompts[0]
	}
	if _, err := fmt.Fprint(p.Stdout, text); err != nil {
		return 0, err
	}
	for turn := 0; ; turn++ {
		if turn > 0 || o.interactiveFirst || text == "" {
			line, err := p.console.ReadLine(p.Stdout, o.inPrefix)
			switch {
			case err == io.EOF:
				fmt.Fprintln(p.Stdout)
				return ExitOK, nil
			case err == console.ErrInterrupted:
				fmt.Fprintln(p.Stdout)
				return ExitInterrupted, nil
			case err != nil:
				return 0, err
			}
			text += o.inPrefix + line + "\n" + o.inSuffix
			if _, err := fmt.Fprint(p.Stdout, o.inSuffix); err != nil {
				return 0, err
			}
		}
		written, err := p.continueText(e, session, text, params)
		if err != nil {
			return 0, err
		}
		text += written
	}
}

// continueText lets the model continue a text, prints what it writes and the reverse prompt it stops at, and returns
// both.
func (p *program) continueText(e *engine.Engine, session *engine.Session, text string, params engine.Params) (string, error) {
	ctx, stop := p.interruptible()
	defer stop()
	written := ""
	emit := func(_ int32, piece string) error {
		written += piece
		_, err := fmt.Fprint(p.Stdout, piece)
		return err
	}
	stats, err := session.Generate(ctx, e.TokenizePrompt(text), params, emit)
	if err != nil && !errors.Is(err, context.Canceled) {
		return "", err
	}
	if stats.StopReason == engine.StopText && len(p.options.stop) > 0 {
		written += p.options.stop[0]
		if _, err := fmt.Fprint(p.Stdout, p.options.stop[0]); err != nil {
			return "", err
		}
	}
	return written, nil
}

// Package cli holds what our commands go by towards the person who typed them: errors with a hint, errors in the command
// line itself, and work that Ctrl-C ends.
package cli

import (
	"errors"
	"fmt"
)

// ErrInterrupted ends work that Ctrl-C stopped. What writes files says with it that there are none.
var ErrInterrupted = errors.New("interrupted")

// hintError is an error with one line that says what to do about it.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }
func (e *hintError) Hint() string  { return e.hint }

// WithHint adds to err what to do about it. HintOf finds it.
func WithHint(err error, format string, args ...any) error {
	return &hintError{err, fmt.Sprintf(format, args...)}
}

// HintOf returns what the outermost error in the chain of err that has a method Hint() string says to do, if any.
func HintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// usageError marks an error in the command line itself.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// Usage makes err an error in the command line itself: its message names the flag or argument and what was expected.
func Usage(err error) error { return &usageError{err} }

// Usagef is Usage of a new error.
func Usagef(format string, args ...any) error { return Usage(fmt.Errorf(format, args...)) }

// IsUsage reports whether err is an error in the command line itself.
func IsUsage(err error) bool {
	var usage *usageError
	return errors.As(err, &usage)
}

package main

import (
	"errors"
	"fmt"
)

// errInterrupted ends a verb that Ctrl-C stopped: status 130. A verb that writes files says with it that there are none.
var errInterrupted = errors.New("interrupted")

// hintError is an error with one line that says what to do about it.
// Packages may give hints of their own: run looks for any error in the chain with a Hint method.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }
func (e *hintError) Hint() string  { return e.hint }

// withHint adds what to do to err. The hint is printed on a line of its own after the error.
func withHint(err error, format string, args ...any) error {
	return &hintError{err, fmt.Sprintf(format, args...)}
}

// usageError marks an error in the command line itself: exit status 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// exitError ends the command with a status and without a message: another program has already said why.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit status %d", e.code) }

//go:build !windows && (!unix || aix || solaris || illumos)

package console

// ttyState is nothing: this system has no terminals that we know to switch.
type ttyState struct{}

func (t *Terminal) raw() bool { return false }

// Close has nothing to restore.
func (t *Terminal) Close() {}

// Columns is 0: unknown.
func (t *Terminal) Columns() int { return 0 }

// Suspend does nothing: nobody could continue the process.
func (t *Terminal) Suspend() {}

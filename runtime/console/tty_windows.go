package console

import "golang.org/x/sys/windows"

// ttyState is what Close restores: the modes of both sides.
type ttyState struct{ in, out uint32 }

func (t *Terminal) raw() bool {
	in, out := windows.Handle(t.in.Fd()), windows.Handle(t.out.Fd())
	if windows.GetConsoleMode(in, &t.state.in) != nil || windows.GetConsoleMode(out, &t.state.out) != nil {
		return false
	}
	// Windows before 10 has no control sequences: lines are edited by the console there.
	if windows.SetConsoleMode(out, t.state.out|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil {
		return false
	}
	const cooked = windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_LINE_INPUT | windows.ENABLE_ECHO_INPUT
	if windows.SetConsoleMode(in, t.state.in&^cooked|windows.ENABLE_VIRTUAL_TERMINAL_INPUT) != nil {
		windows.SetConsoleMode(out, t.state.out)
		return false
	}
	t.out.WriteString(pasteOn)
	return true
}

// Close restores the console.
func (t *Terminal) Close() {
	t.out.WriteString(pasteOff)
	windows.SetConsoleMode(windows.Handle(t.in.Fd()), t.state.in)
	windows.SetConsoleMode(windows.Handle(t.out.Fd()), t.state.out)
}

// Columns is the console's width, 0 if it does not say.
func (t *Terminal) Columns() int {
	var info windows.ConsoleScreenBufferInfo
	if windows.GetConsoleScreenBufferInfo(windows.Handle(t.out.Fd()), &info) != nil {
		return 0
	}
	return int(info.Window.Right-info.Window.Left) + 1
}

// Suspend does nothing: Windows has no job control.
func (t *Terminal) Suspend() {}

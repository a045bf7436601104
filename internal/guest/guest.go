// Package guest holds what the bare-metal core and the host's `llamaboot qemu` agree on.
package guest

// ArgsFile is the QEMU fw_cfg file with the guest's arguments, in the syntax of .args, which it replaces
// (QEMU docs/specs/fw_cfg: names under opt/ are the user's).
const ArgsFile = "opt/org.llamaboot/args"

// The exit device: a byte b written to I/O port ExitPort ends QEMU with status b<<1 | 1 (QEMU's isa-debug-exit).
const (
	ExitPort    = 0xf4
	ExitSuccess = 0x10 // QEMU status 33
	ExitFailure = 0x11 // QEMU status 35
)

// The lines around the text of --cli on the console, where the text and all other messages share one stream.
const (
	TextBegin = "llamaboot: begin of text"
	TextEnd   = "llamaboot: end of text"
)

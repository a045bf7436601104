package ps2

import "github.com/llamaboot/llamaboot/runtime/metal/port"

// Ports of the keyboard controller (8042), bits of its status, and a command.
const (
	portData   = 0x60
	portStatus = 0x64 // read; commands are written
	full       = 0x01 // output buffer
	fromMouse  = 0x20
	absent     = 0xff // nothing answers
	pulseReset = 0xfe // pulls the processor's reset line
)

// longest is the most bytes that one scan code types.
const longest = 8

// Poll appends what was typed to b, as far as there is room.
func Poll(io port.IO, d *Decoder, b []byte) []byte {
	for cap(b)-len(b) >= longest {
		s := io.In8(portStatus)
		if s == absent || s&full == 0 {
			return b
		}
		code := io.In8(portData)
		if s&fromMouse == 0 {
			b = append(b, d.Key(code)...)
		}
	}
	return b
}

// ResetProcessor starts the machine again through the keyboard controller.
func ResetProcessor(io port.IO) { io.Out8(portStatus, pulseReset) }

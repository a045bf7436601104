// Package boottest has only tests: it builds the demo llamafile with the real command, runs it as a program of this
// machine, boots it in QEMU under BIOS and UEFI, and compares what the three say.
package boottest

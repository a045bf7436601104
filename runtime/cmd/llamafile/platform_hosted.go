//go:build !metal && !tamago

package main

import "github.com/llamaboot/llamaboot/runtime/app"

func platform() app.Platform { return hosted() }

// finish has nothing to add to the end of a process.
func finish(status int) int { return status }

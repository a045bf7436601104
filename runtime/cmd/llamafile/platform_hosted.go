//go:build !metal

package main

import "github.com/llamaboot/llamaboot/runtime/app"

func platform() app.Platform { return hosted() }

func finish(status int) int { return status }

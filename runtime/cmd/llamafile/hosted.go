//go:build !tamago

package main

import (
	"os"

	"github.com/llamaboot/llamaboot/runtime/app"
)

// hosted is the world of a process under an operating system.
func hosted() app.Platform { return app.Hosted("llamafile", os.Args[1:]) }

// Command llamafile is the program inside every .llamafile: it runs the model of the file it was started from.
//
// One source serves every operating system and the bare-metal core. platform() says which world this is: without the
// tag metal it is always a process under an OS; with it, the core's kernel tells at run time (platform_metal.go).
package main

import (
	"os"

	"github.com/llamaboot/llamaboot/runtime/app"
)

func main() {
	os.Exit(finish(app.Main(platform())))
}

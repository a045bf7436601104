//go:build !(amd64 && metal)

package kern

// Without the tag metal the package is only compiled for its tests: nothing here
// runs in ring 0.

var printed []byte

func putc(c byte) { printed = append(printed, c) }

func hardwareInit() {}

func hardwareReady() {}

func hardwareExit(status int32) { panic("kern: exit") }

//go:build !metal

package kern

// What only the real machine's layer (machine_amd64.go) uses. It is compiled without the
// tag metal too, so that tests and checks of the host see it.
var (
	_ = leaveAPIC
	_ = enterAPIC
	_ = apicOn
	_ = tscFrom
	_ = tscSources
	_ = stage2Tables
	_ = &bootStack
	_ = efiCall
	_ = biosCall
	_ = invlpg
	_ = ticks
	_ = rdrand
)

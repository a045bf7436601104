//go:build !linux

package compute

// coreSets lists physical cores where the system tells (Linux).
func coreSets() []struct{} { return nil }

// pin keeps a thread on a core where the system allows it (Linux).
func pin(id, threads int) {}

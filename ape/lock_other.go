//go:build !unix || solaris || aix

package ape

import "os"

// lock does nothing where flock is not known: Windows refuses a second writer itself.
func lock(*os.File) error { return nil }

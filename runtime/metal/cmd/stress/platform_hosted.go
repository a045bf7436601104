//go:build !metal

package main

import "os"

func platform() (seconds int, finish func(int)) { return hosted(), os.Exit }

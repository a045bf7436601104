//go:build !metal

package main

func platform() world { return hosted() }

package main

import (
	"os"
	"strconv"
	"strings"
)

const defaultSeconds = 20

// hosted takes the duration from the command line.
func hosted() int {
	if len(os.Args) > 1 {
		return parse(os.Args[1])
	}
	return defaultSeconds
}

func parse(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n <= 0 {
		return defaultSeconds
	}
	return n
}

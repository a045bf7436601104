// Package rules has only tests: what this project asks of its own source.
package rules

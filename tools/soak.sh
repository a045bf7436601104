#!/bin/sh
# Long runs: every fuzz target for SOAK seconds, default 60.
set -eu
cd "$(dirname "$0")/.."

seconds=${SOAK:-60}
go list ./... | while read -r package; do
	go test -list '^Fuzz' "$package" 2>/dev/null | grep '^Fuzz' | while read -r target; do
		echo "== $package $target, $seconds s"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${seconds}s" "$package" </dev/null
	done
done

#!/bin/sh
# Long runs: the kernel under load for STRESS seconds, default 600, on 1, 2 and 4 CPUs under both firmwares; then every
# fuzz target for SOAK seconds, default 60.
set -eu
cd "$(dirname "$0")/.."

go run ./tools/stress -seconds "${STRESS:-600}"

seconds=${SOAK:-60}
go list ./... | while read -r package; do
	go test -list '^Fuzz' "$package" 2>/dev/null | grep '^Fuzz' | while read -r target; do
		echo "== $package $target, $seconds s"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${seconds}s" "$package" </dev/null
	done
done

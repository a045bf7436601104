#!/bin/sh
# The rules a machine can check without running anything: gofmt, go vet for every target, staticcheck and deadcode when
# they can be had. What needs Go's own parser (imports of the core, length of files) is a test: internal/rules.
set -eu
cd "$(dirname "$0")/.."

unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [ -n "$unformatted" ]; then
	echo "check: gofmt would change:" >&2
	echo "$unformatted" >&2
	exit 1
fi
# The kernel and its stress test turn addresses into pointers all the time: that is their work.
metal=$(go list ./runtime/metal/...)
go vet $(go list ./... | grep -vxF "$metal")
go vet -unsafeptr=false $metal
for target in linux/arm64 windows/amd64 darwin/arm64 freebsd/amd64; do
	GOOS=${target%/*} GOARCH=${target#*/} go vet ./runtime/cmd/llamafile ./runtime/app ./runtime/bundle ./cmd/llamaboot
	GOOS=${target%/*} GOARCH=${target#*/} go vet -unsafeptr=false ./runtime/metal/kern/...
done
# A system without memory maps, terminals and assembly shows that the program needs none of them.
GOOS=wasip1 GOARCH=wasm go vet ./runtime/app ./runtime/cmd/llamafile
GOOS=wasip1 GOARCH=wasm go build -o /dev/null ./runtime/cmd/llamafile
go vet -tags metal -unsafeptr=false ./runtime/metal/... ./runtime/cmd/...
# Two tools come through the module proxy; without a network the other checks stand, but not where CI says so.
fetch() {
	GOBIN="$PWD/build" go install "$1" 2>/dev/null && return
	echo "check: ${1##*/} cannot be had here: go install $1" >&2
	[ -z "${CI:-}" ] || exit 1
	return 1
}
if fetch honnef.co/go/tools/cmd/staticcheck@v0.8.2; then
	build/staticcheck ./...
	build/staticcheck -tags metal ./runtime/metal/... ./runtime/cmd/...
fi
if fetch golang.org/x/tools/cmd/deadcode@v0.51.0; then
	go run ./tools/deadcode build/deadcode
fi

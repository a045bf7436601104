#!/bin/sh
# Runs README.md's session with bin/llamaboot and writes what it printed into README.md, between the first pair of ```
# lines. internal/boottest checks that the text there is still what the demo model says.
set -eu
cd "$(dirname "$0")/.."

root=$PWD
PATH=$root/bin:$PATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp testdata/demo.gguf "$dir"
cd "$dir"
run() {
	echo "\$ $*"
	eval "$*" 2>/dev/null
}
{
	run llamaboot build --model demo.gguf
	run 'sh demo.llamafile --cli -p "Once upon a time" -n 28 --temp 0'
	run 'llamaboot qemu --bios --prompt "Once upon a time" -n 28 demo.llamafile'
	run 'llamaboot qemu --uefi --prompt "Once upon a time" -n 28 demo.llamafile'
	run unzip -l demo.llamafile
} >session
awk -v session="$dir/session" '
	/^```$/ && ++fence == 1 { print; while ((getline line < session) > 0) print line; skipping = 1; next }
	/^```$/ && fence == 2 { skipping = 0 }
	!skipping { print }
' "$root/README.md" >new
mv new "$root/README.md"

#!/bin/sh
# The main job, shown: build/demo.llamafile answers as a program of this machine, then boots under BIOS and under UEFI
# and answers again. The three texts must be the same. `make demo` runs it after the build.
set -eu
cd "$(dirname "$0")/.."

file=build/demo.llamafile
prompt=${PROMPT:-Once upon a time}
n=${N:-48}

say() { printf '\n== %s\n' "$*"; }

say "bin/llamaboot build --force --model testdata/demo.gguf -o $file"
bin/llamaboot build --force --model testdata/demo.gguf -o "$file"
ls -l "$file"

say "sh $file --cli -p \"$prompt\" -n $n --temp 0"
sh "$file" --cli -p "$prompt" -n "$n" --temp 0 >build/demo-host.txt
cat build/demo-host.txt

for firmware in bios uefi; do
	say "bin/llamaboot qemu --$firmware --prompt \"$prompt\" -n $n $file"
	start=$(date +%s)
	bin/llamaboot qemu --$firmware --prompt "$prompt" -n "$n" --timeout 180s "$file" >build/demo-$firmware.txt
	cat build/demo-$firmware.txt
	echo "($(($(date +%s) - start)) s from the start of QEMU to its end)"
	if ! cmp -s build/demo-host.txt build/demo-$firmware.txt; then
		echo "demo: the $firmware boot gave another text than the program on this machine; compare build/demo-host.txt and build/demo-$firmware.txt" >&2
		exit 1
	fi
done

say "the same text three times: as a program, booted under BIOS, booted under UEFI"

#!/bin/sh
# The program with TamaGo's compiler instead of Go's and package kern: build/llamafile-tamago.elf, a kernel for virtual
# machines that have their llamafile as a virtio disk (runtime/metal/board/microvm).
#
#   tools/tamago.sh build   compile it
#   tools/tamago.sh test    boot it in QEMU's microvm machine, where it must answer as the program on this machine does
#
# TAMAGO names the go command of TamaGo's toolchain (github.com/usbarmory/tamago-go), in the version of the tamago module
# that go.mod names. Without it TamaGo's own command fetches the toolchain from GitHub with git and builds it once: some
# minutes and 1 GB in the user's cache folder.
set -eu
cd "$(dirname "$0")/.."
elf=build/llamafile-tamago.elf
file=build/demo.llamafile

case ${1:-} in
build)
	tamago=${TAMAGO:-}
	if [ -z "$tamago" ]; then
		tamago=build/tamago
		go build -o "$tamago" github.com/usbarmory/tamago/cmd/tamago
	fi
	# Package amd64 has memory begin at 256 MiB; the text follows after 64 KiB, in pages (-R).
	GOTOOLCHAIN=local GOOS=tamago GOARCH=amd64 GOOSPKG=github.com/usbarmory/tamago CGO_ENABLED=0 \
		"$tamago" build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -T 0x10010000 -R 0x1000" -o "$elf" ./runtime/cmd/llamafile
	ls -l "$elf"
	;;
test)
	bin/llamaboot build --force --model testdata/demo.gguf -o "$file"
	prompt="Once upon a time"
	sh "$file" --cli -p "$prompt" -n 24 --temp 0 >build/tamago-host.txt
	printf '%s\n' --cli -p "$prompt" -n 24 --temp 0 >build/tamago-args.txt
	# QEMU's status is that of its exit device: 33 for success (package guest).
	status=0
	timeout 180 qemu-system-x86_64 -machine microvm,pic=off,rtc=on -global virtio-mmio.force-legacy=false \
		-accel tcg -cpu max -m 1536 -no-reboot -nodefaults -no-user-config -display none -serial stdio \
		-device isa-debug-exit,iobase=0xf4,iosize=1 -fw_cfg name=opt/org.llamaboot/args,file=build/tamago-args.txt \
		-drive if=none,id=disk,format=raw,readonly=on,file="$file" -device virtio-blk-device,drive=disk \
		-kernel "$elf" >build/tamago-boot.txt </dev/null || status=$?
	tr -d '\r' <build/tamago-boot.txt | sed -n '/^llamaboot: begin of text$/,/^llamaboot: end of text$/p' | sed '1d;$d' >build/tamago-guest.txt
	if [ "$status" != 33 ] || ! cmp -s build/tamago-host.txt build/tamago-guest.txt; then
		cat build/tamago-boot.txt
		echo "tamago: QEMU ended with status $status, want 33, and the text must be that of build/tamago-host.txt" >&2
		exit 1
	fi
	cat build/tamago-guest.txt
	echo "TamaGo's build answers as the program on this machine does"
	;;
*)
	echo "usage: tools/tamago.sh build|test" >&2
	exit 2
	;;
esac

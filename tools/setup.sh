#!/bin/sh
# Installs what the build, the demo and the tests use beside Go: QEMU with its firmwares, an assembler, and the
# independent tools that check our files. Does nothing when all is there. As root it installs what is missing with apt;
# without root it prints the one line to run and ends with status 1.
#
#   tools/setup.sh demo    what `make demo` needs
#   tools/setup.sh test    what `make test` needs as well
#   tools/setup.sh model   what `make model` needs: Python with PyTorch, to train the demo model
set -eu

what=${1:-test}

# need TEST PACKAGE: the package is missing when the test fails.
missing=
need() {
	if ! eval "$1" >/dev/null 2>&1; then
		case " $missing " in
		*" $2 "*) ;;
		*) missing="$missing $2" ;;
		esac
	fi
}
has() { command -v "$1" || test -x "/usr/sbin/$1" || test -x "/sbin/$1"; }
ovmf() {
	for f in /usr/share/OVMF/OVMF_CODE_4M.fd /usr/share/OVMF/OVMF_CODE.fd /usr/share/edk2/ovmf/OVMF_CODE.fd \
		/usr/share/edk2/x64/OVMF_CODE.4m.fd /usr/share/edk2-ovmf/x64/OVMF_CODE.fd \
		/usr/share/qemu/ovmf-x86_64-4m-code.bin /usr/share/qemu/ovmf-x86_64-code.bin "${LLAMABOOT_OVMF:-}"; do
		test -f "$f" && return 0
	done
	return 1
}

case $what in
demo | test | model) ;;
*)
	echo "setup: unknown set $what, want demo, test or model" >&2
	exit 2
	;;
esac

if ! has go >/dev/null; then
	echo "setup: Go is missing; install Go 1.26 or later, then run this again" >&2
	exit 1
fi
need "has qemu-system-x86_64" qemu-system-x86
need ovmf ovmf
if [ "$what" = test ]; then
	need "has nasm" nasm
	need "has mdir" mtools
	need "has sgdisk" gdisk
	need "has fdisk" fdisk
	need "has fsck.fat" dosfstools
	need "has unzip" unzip
	need "has zip" zip
	need "has bsdtar" libarchive-tools
	need "has 7z" p7zip-full
	need "has xz" xz-utils
	need "has objdump" binutils
	need "has python3" python3
	need "has dash" dash
	need "has bash" bash
	need "has zsh" zsh
	need "has ksh93" ksh
	need "has yash" yash
	need "has mksh" mksh
	need "has posh" posh
	need "has busybox" busybox
	need "has file" file
	need "has node" nodejs
	need "has npm" npm
	need "has chromium || has chromium-browser || has google-chrome" chromium
	# Not on every system under these names: the tests that use them say when they are missing.
	need "has readpe || ! apt-cache show pev" pev
	need "has qemu-aarch64 || ! apt-cache show qemu-user" qemu-user
	need "has wine64 || test -x /usr/lib/wine/wine64 || ! apt-cache show wine64" wine64
fi
if [ "$what" = model ]; then
	need "/usr/bin/python3 -c 'import torch'" python3-torch
	need "/usr/bin/python3 -c 'import numpy'" python3-numpy
	need "ls /usr/lib/*/openblas-pthread/libopenblas.so.0" libopenblas0-pthread
fi
[ -n "$missing" ] || exit 0

line="apt-get install -y --no-install-recommends$missing"
if ! has apt-get >/dev/null; then
	echo "setup: missing the Debian packages$missing; install your system's equivalents" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "setup: some tools are missing; run this once, then try again:" >&2
	echo "  sudo apt-get update && sudo $line" >&2
	exit 1
fi
echo "setup: $line" >&2
export DEBIAN_FRONTEND=noninteractive
# A fresh image has no package lists; update only fetches what changed.
apt-get update -q
$line

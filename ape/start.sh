# The shell face of a llamafile (POSIX sh; also zsh, ksh93, mksh, yash, busybox).
#
# It finds its own file, picks the program for this machine, copies it once to a
# cache folder and starts it. The cache name holds the program's SHA-256, so a
# llamafile made with another version never meets an old copy, and llamafiles of
# one version share it. Package ape strips comments and fills in the @ marks.

# Own file: $0 has no slash when started as "sh name" or found by a shell.
o=$0
case $o in
*/*) ;;
*) if [ -f "./$o" ]; then o=./$o; else o=$(command -v "$o"); fi;;
esac
case $o in
/*) ;;
*) o=$(pwd)/$o;;
esac
if [ ! -r "$o" ]; then
	echo "llamafile: cannot read my own file ($0)" >&2
	exit 127
fi

# k: first 4 KiB block of the program, z: its bytes, h: its hash.
m=$(uname -s)-$(uname -m)
case $m in
@CASES@
*)
	echo "llamafile: no program for $m in this file, only for: @NAMES@" >&2
	exit 126;;
esac

# --assimilate makes the file a plain ELF by replacing its first 64 bytes.
if [ "$1" = --assimilate ]; then
	case $m in
	*-x86_64) a=0;;
	Linux-aarch64) a=1;;
	*) a=;;
	esac
	case $m$a in
	Linux*[01]) ;;
	*)
		echo "llamafile: --assimilate is for Linux; elsewhere use: llamaboot assimilate" >&2
		exit 126;;
	esac
	dd if="$o" of="$o" bs=64 skip=$((@ELF@+a)) count=1 conv=notrunc 2>/dev/null
	exit
fi

# The program opens this file for its weights.
LLAMABOOT_SELF=$o
export LLAMABOOT_SELF

# copy puts the program at $t, by way of a temporary name: two starts at once, or
# one interrupted, never leave half a program there. It fails if the folder is
# not ours, not writable or mounted noexec (then -x is false).
copy() {
	(umask 077; mkdir -p "$d") 2>/dev/null && [ -O "$d" ] && [ -w "$d" ] || return 1
	p=$t.$$.$(uname -n)
	trap 'rm -f "$p"; exit 130' 1 2 15
	if dd if="$o" of="$p" bs=4096 skip="$k" count=$((z/4096)) 2>/dev/null &&
		dd if="$o" bs=1 skip=$((k*4096+z-z%4096)) count=$((z%4096)) 2>/dev/null >>"$p" &&
		chmod 700 "$p" && [ -x "$p" ]; then
		s=$({ sha256sum || shasum -a 256 || sha256 -q; } <"$p" 2>/dev/null)
		case $s in
		""|$h*)
			# Programs of other versions go when nobody has started them for a month.
			mv -f "$p" "$t" && trap - 1 2 15 && { find "$d" -type f -name 'llamafile-*' -atime +30 -exec rm -f {} + 2>/dev/null; return 0; };;
		*)
			rm -f "$p"
			echo "llamafile: the program inside $o is damaged: copy the file again" >&2
			exit 126;;
		esac
	fi
	rm -f "$p"
	trap - 1 2 15
	return 1
}

u=$(id -u)
c=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
for d in "$LLAMABOOT_CACHE" "${c:+$c/llamaboot}" "${TMPDIR:-/tmp}/llamaboot-$u" "/var/tmp/llamaboot-$u" "/dev/shm/llamaboot-$u"; do
	[ "$d" ] || continue
	t=$d/llamafile-$h
	if [ -O "$d" ] && [ -x "$t" ] || copy; then
		exec "$t" "$@"
	fi
done

# No folder takes programs: Cosmopolitan's loader starts the file without a copy.
command -v ape >/dev/null 2>&1 && exec ape "$o" "$@"
echo "llamafile: no folder for the program (tried \$XDG_CACHE_HOME, ~/.cache, /tmp, /var/tmp, /dev/shm): set LLAMABOOT_CACHE to a folder of yours that allows programs" >&2
exit 126

# Never run: Cosmopolitan's loader reads the ELF headers out of these statements.
@PRINTF@

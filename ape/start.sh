# The shell face of a llamafile (POSIX sh; also zsh, ksh93, mksh, posh, yash, busybox).
#
# It finds its own file, picks the program for this machine, copies it once to a
# cache folder and starts it. The cache name holds the program's SHA-256, so a
# llamafile made with another version never meets an old copy, and llamafiles of
# one version share it. Package ape strips comments and fills in the @ marks.
#
# Messages nobody needs go to e=$(... 2>&1) or 2>&-, as /dev/null may be missing. dd gets
# the former: GNU dd fails where it cannot print its statistics.

# Own file: the first line has just read $0, so without a slash it lies right here. The
# absolute path may be unusable though (too long, a folder above is closed to us, $PWD is gone).
o=$0
case $o in
*/*) ;;
*) o=./$o;;
esac
case $o in
/*) ;;
*) [ ! -f "${PWD-}/$o" ] || o=$PWD/$o;;
esac

m=$(uname -s)-$(uname -m)
# A shell under Rosetta says x86_64 on an arm64 machine.
case $m in
Darwin-x86_64) [ "$(sysctl -n sysctl.proc_translated 2>&-)" != 1 ] || m=Darwin-arm64;;
esac
# k: first 4 KiB block of the program, z: its bytes, c: its CRC (POSIX cksum), h: its
# hash, x: its suffix.
x=
case $m in
@CASES@
*)
	echo "llamafile: no program for $m in this file, only for: @NAMES@" >&2
	exit 126;;
esac

# --assimilate makes the file a plain ELF by replacing its first 64 bytes.
if [ "${1-}" = --assimilate ]; then
	case $m in
	Linux-x86_64|Linux-amd64) a=0;;
	Linux-a*64) a=1;;
	*)
		echo "llamafile: --assimilate is for Linux; elsewhere use: llamaboot assimilate" >&2
		exit 126;;
	esac
	e=$( (dd <"$o" of="$o" bs=64 skip=$((@ELF@+a)) count=1 conv=notrunc) 2>&1) && exit
	echo "llamafile: cannot write $o: $e" >&2
	exit 1
fi

# The program opens this file for its weights; a Windows program knows no /c/ or /cygdrive.
LLAMABOOT_SELF=$o
[ ! "$x" ] || LLAMABOOT_SELF=$(cygpath -m "$o" 2>&-) || LLAMABOOT_SELF=$o
export LLAMABOOT_SELF

# whole: $1 has the program's size and CRC (its size, where cksum is missing). A power
# cut may leave a file of the right name that is empty, short or full of zeros.
whole() {
	s=$( (cksum <"$1") 2>&-)
	[ $? != 127 ] || s="$c "$(($(wc -c <"$1")))
	case "$s " in
	"$c $z "*) ;; # some add a name
	*) return 1;;
	esac
}

# runs: $1 can be started. -x does not tell: in ksh93, zsh, posh and busybox it is true in
# noexec folders, and everywhere false where a sandbox refuses faccessat2 (Docker before 20.10).
runs() {
	("$1" --version) >&- 2>&-
	case $? in
	12[67]) return 1;;
	esac
}

# own: folder $1 is ours. posh has no -O, some small systems have no find.
u=$(id -u)
own() {
	[ -O "$1" ] 2>&- || [ "$(find "$1/." -prune -user "$u" 2>&-)" ]
}

# copy puts the program at $t, by way of a temporary name: two starts at once, or
# one interrupted, never leave half a program there. It fails if the folder is
# not ours, not writable or does not start programs.
copy() {
	(umask 077; mkdir -p "$d") 2>&- && own "$d" || return 1
	p=$t.$$.$(uname -n)$x
	trap 'rm -f "$p"; exit 130' 1 2 15
	if e=$( (dd <"$o" >"$p" bs=4096 skip=$k count=$((z/4096)) &&
		dd <"$o" >>"$p" bs=1 skip=$((k*4096+z-z%4096)) count=$((z%4096)) && chmod 700 "$p") 2>&1); then
		if ! whole "$p"; then
			rm -f "$p"
			echo "llamafile: the program inside $o is damaged: copy the file again" >&2
			exit 126
		fi
		if runs "$p"; then
			# GNU sync writes out the one file, others everything.
			(sync "$p" || sync) 2>&-
			# Programs of other versions go when nobody has started them for a month.
			mv -f "$p" "$t" && trap - 1 2 15 && { find "$d" -type f -name 'llamafile-*' -atime +30 -exec rm -f {} + 2>&-; return 0; }
		fi
	fi
	rm -f "$p" 2>&-
	trap - 1 2 15
	return 1
}

# The cache must be made in a folder of ours: root leaves nothing in a user's $HOME.
b=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
a=$b
while [ "$a" ] && [ ! -d "$a" ]; do
	case $a in
	*/*) a=${a%/*};;
	*) a=;;
	esac
done
own "${a:-/}" || b=

# First any copy there is (w=0): a noexec folder would be tried at each start otherwise.
for w in 0 1; do
	for d in "${LLAMABOOT_CACHE-}" "${b:+$b/llamaboot}" "${TMPDIR:-/tmp}/llamaboot-$u" "/var/tmp/llamaboot-$u" "/dev/shm/llamaboot-$u"; do
		[ "$d" ] || continue
		t=$d/llamafile-$h$x
		if [ $w = 1 ]; then
			copy
		else
			[ -f "$t" ] && own "$d" && whole "$t" && { [ -x "$t" ] || runs "$t"; }
		fi && exec "$t" ${1+"$@"}
	done
done

# No folder takes programs: Cosmopolitan's loader starts the file without a copy.
command -v ape >&- 2>&- && exec ape "$o" ${1+"$@"}
echo "llamafile: no folder for the program of $((z/1000000+1)) MB (tried \$XDG_CACHE_HOME, ~/.cache, /tmp, /var/tmp, /dev/shm): set LLAMABOOT_CACHE to a folder of yours with space that allows programs" >&2
exit 126

# Never run: Cosmopolitan's loader reads the ELF headers out of these statements.
@PRINTF@

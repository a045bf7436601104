// Package buildid names a build of the bare-metal core: a hash over the read-only segments of its ELF file (code,
// constants, tables), which are the same bytes in the file and in the memory of a running machine. A panic screen shows
// the hash of what is in memory, `llamaboot inspect` and `llamaboot version` that of the file: equal ones say which
// build it was, and that its code was intact.
package buildid

// Start is the hash of nothing: FNV-1a's 64-bit offset basis (Fowler, Noll, Vo; RFC 9923).
const Start uint64 = 0xcbf29ce484222325

const prime = 0x100000001b3

// Add continues a hash with b. It allocates nothing: the kernel calls it while it reports a panic.
func Add(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * prime
	}
	return h
}

// Fold shortens a finished hash to what is shown, as 8 hexadecimal digits.
func Fold(h uint64) uint32 { return uint32(h>>32) ^ uint32(h) }

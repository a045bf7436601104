package kern

// userSP is the stack pointer Go's runtime starts with.
var userSP uintptr

// buildUserStack lays out argc, argv, envp and auxv as execve does (System V ABI
// AMD64 section 3.4.1; the same on every architecture).
func buildUserStack() {
	const atPagesz, atRandom = 6, 25
	top := uintptr(userStack + userStackSize - 4096)
	data := top + 1024
	at := top
	put := func(v uintptr) { *word(at) = v; at += 8 }
	str := func(s string) uintptr {
		p := data
		for i := 0; i < len(s); i++ {
			*bytePtr(data) = s[i]
			data++
		}
		*bytePtr(data) = 0
		data++
		return p
	}
	seed := data
	for i := uintptr(0); i < 16; i += 8 {
		*word(seed + i) = uintptr(random())
	}
	data += 16
	put(1)
	put(str("llamafile"))
	put(0)
	put(str("HOME=/"))
	put(0)
	put(atPagesz)
	put(pageSize)
	put(atRandom)
	put(seed)
	put(0)
	put(0)
	userSP = top
}

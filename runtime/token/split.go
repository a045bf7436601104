package token

import "strings"

// A splitter returns the length of the first piece of s, which is not empty. The pre-tokenizers are the regular
// expressions of the models' tokenizer.json, written out by hand; the expression stands above each function and the
// tests compare them with a regular expression engine.
type splitter func(s string) int

// tail cuts white space: \s+(?!\S) and then \s+ alone. The last space before a word stays with the word.
func tail(s string) int {
	i, last := 0, 0
	for i < len(s) {
		c, _, n := next(s[i:])
		if c&space == 0 {
			if last > 0 {
				return last // more than one: leave the last one
			}
			return i
		}
		last = i
		i += n
	}
	return i
}

// contraction is the length of 's 't 're 've 'm 'll 'd at the start of s, 0 if there is none.
func contraction(s string, anyCase bool) int {
	if len(s) < 2 || s[0] != '\'' {
		return 0
	}
	lower := func(c byte) byte {
		if anyCase && c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}
	a := lower(s[1])
	if a == 's' || a == 't' || a == 'm' || a == 'd' {
		return 2
	}
	if len(s) >= 3 {
		b := lower(s[2])
		if a == 'r' && b == 'e' || a == 'v' && b == 'e' || a == 'l' && b == 'l' {
			return 3
		}
	}
	return 0
}

// splitGPT2 is 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
func splitGPT2(s string) int {
	if n := contraction(s, false); n > 0 {
		return n
	}
	skip := 0
	c, r, _ := next(s)
	if r == ' ' {
		skip = 1
		c, _, _ = next(s[1:])
		if len(s) == 1 {
			return 1
		}
	}
	switch {
	case c&letter != 0:
		return skip + run(s[skip:], letter)
	case c&number != 0:
		return skip + run(s[skip:], number)
	case c&space == 0:
		return skip + runNot(s[skip:], space|letter|number)
	}
	return tail(s)
}

// family holds what differs between the descendants of cl100k's expression.
type family struct {
	contractions bool
	cased        bool  // words are cut where case changes, contractions belong to the word (o200k)
	digits       int   // most digits in a piece, 0 for no limit
	word         class // letter, or letter|mark_
	slash        bool  // punctuation takes slashes as well as newlines behind it

	newlinesApart bool // punctuation takes no newlines behind it
}

// split is, with the options of the family,
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func (f family) split(s string) int {
	if f.contractions && !f.cased {
		if n := contraction(s, true); n > 0 {
			return n
		}
	}
	if n := f.wordAt(s); n > 0 {
		return n
	}
	c, r, size := next(s)
	if c&number != 0 {
		return digits(s, f.digits)
	}
	skip := 0
	if r == ' ' {
		skip = 1
		c, _, size = next(s[1:])
	}
	none := space | number | f.word
	if size > 0 && c&none == 0 {
		i := skip + runNot(s[skip:], none)
		for !f.newlinesApart && i < len(s) && (s[i] == '\r' || s[i] == '\n' || f.slash && s[i] == '/') {
			i++
		}
		return i
	}
	return newlines(s)
}

// newlines is \s*[\r\n]+|\s+(?!\S)|\s+
func newlines(s string) int {
	white := run(s, space)
	if i := strings.LastIndexAny(s[:white], "\r\n"); i >= 0 {
		return i + 1
	}
	if white == 0 { // nothing matches: a piece of its own
		_, _, n := next(s)
		return n
	}
	return tail(s)
}

// digits is \p{N}{1,most}
func digits(s string, most int) int {
	i := 0
	for n := 0; i < len(s) && (most == 0 || n < most); n++ {
		c, _, size := next(s[i:])
		if c&number == 0 {
			break
		}
		i += size
	}
	return i
}

// wordAt is [^\r\n\p{L}\p{N}]?\p{L}+ or its cased form; 0 if no word starts here.
func (f family) wordAt(s string) int {
	c, r, n := next(s)
	lead := 0
	if c&(letter|number) == 0 && r != '\r' && r != '\n' {
		if c2, _, _ := next(s[n:]); c2&f.word != 0 {
			lead = n
		} else if c&f.word == 0 {
			return 0
		}
	} else if c&f.word == 0 {
		return 0
	}
	if !f.cased {
		return lead + run(s[lead:], f.word)
	}
	i := lead + f.casedWord(s[lead:])
	if f.contractions {
		i += contraction(s[i:], true)
	}
	return i
}

// casedWord is U*L+|U+L* where U is a letter that is not a-z and L one that is not A-Z. Letters beyond ASCII are
// both, as in llama.cpp, whose expression engine has no letter cases.
func (f family) casedWord(s string) int {
	i, both := 0, -1 // both: start of the last character that is U and L
	for i < len(s) {
		c, r, n := next(s[i:])
		if c&f.word == 0 || r >= 'a' && r <= 'z' {
			break
		}
		if r < 'A' || r > 'Z' {
			both = i
		}
		i += n
	}
	lowers := func(from int) int {
		for from < len(s) {
			c, r, n := next(s[from:])
			if c&f.word == 0 || r >= 'A' && r <= 'Z' {
				break
			}
			from += n
		}
		return from
	}
	if end := lowers(i); end > i {
		return end // U* took all it could and L+ follows
	}
	if both >= 0 {
		return lowers(both) // U* gives back up to the last character L+ can start with
	}
	return i // only U+
}

// isolate makes a splitter of a match function: matches and what lies between them become pieces.
// match returns the length of a match at the start of s, 0 for none.
func isolate(match func(s string) int) splitter {
	return func(s string) int {
		if n := match(s); n > 0 {
			return n
		}
		for i := 0; i < len(s); {
			if i > 0 && match(s[i:]) > 0 {
				return i
			}
			_, _, n := next(s[i:])
			i += n
		}
		return len(s)
	}
}

// isolateSet is [...]+ for a set of characters; it needs no second look at what it passes.
func isolateSet(in func(c class, r rune) bool) splitter {
	return func(s string) int {
		c, r, i := next(s)
		inside := in(c, r)
		for i < len(s) {
			c, r, n := next(s[i:])
			if in(c, r) != inside {
				break
			}
			i += n
		}
		return i
	}
}

// isolateOne is one character of a set.
func isolateOne(in func(c class, r rune) bool) splitter {
	set := isolateSet(in)
	return func(s string) int {
		if c, r, n := next(s); in(c, r) {
			return n
		}
		return set(s)
	}
}

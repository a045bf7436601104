package token

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// The expressions of the models in Go's syntax, which has no look-ahead: \s+(?!\S) is matched as \s+ and gives back
// its last character when something follows, which is the same. Go's \s and \d are ASCII, so white space is spelled out.
const ws = `[\t\n\v\f\r \x{85}\p{Z}]`

var (
	notWS      = `[^\t\n\v\f\r \x{85}\p{Z}\p{L}\p{N}]`
	notWSM     = `[^\t\n\v\f\r \x{85}\p{Z}\p{L}\p{M}\p{N}]`
	spaceTail  = `(` + ws + `*[\r\n]+)|(?P<tail>` + ws + `+)`
	anyCase    = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`
	exprGPT2   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?` + notWS + `+|(?P<tail>` + ws + `+)`
	exprLlama3 = anyCase + `|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?` + notWS + `+[\r\n]*|` + spaceTail
	exprQwen2  = anyCase + `|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?` + notWS + `+[\r\n]*|` + spaceTail
	exprQwen35 = anyCase + `|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?` + notWSM + `+[\r\n]*|` + spaceTail
	upperOrAny = `[A-Z` + beyondASCII() + `]`
	lowerOrAny = `[a-z` + beyondASCII() + `]`
	exprTekken = `[^\r\n\p{L}\p{N}]?` + upperOrAny + `*` + lowerOrAny + `+|[^\r\n\p{L}\p{N}]?` + upperOrAny + `+` + lowerOrAny +
		`*|\p{N}| ?` + notWS + `+[\r\n/]*|` + spaceTail
	exprGPT4o = `[^\r\n\p{L}\p{N}]?` + upperOrAny + `*` + lowerOrAny + `+` + anyCase + `?|[^\r\n\p{L}\p{N}]?` + upperOrAny + `+` + lowerOrAny +
		`*` + anyCase + `?|\p{N}{1,3}| ?` + notWS + `+[\r\n/]*|` + spaceTail
	// [一-龥ࠀ-一가-퟿]+ without white space
	exprCJK       = `[\x{800}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{9fa5}\x{ac00}-\x{d7ff}]+`
	exprDeepSeek3 = `[!-/:-@\[-` + "`" + `{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|` + spaceTail
)

// beyondASCII spells the letters above ASCII for a class.
func beyondASCII() string {
	var b strings.Builder
	add := func(lo, hi, stride uint32) {
		for r := lo; r <= hi; r += stride {
			if stride == 1 {
				fmt.Fprintf(&b, `\x{%x}-\x{%x}`, max(lo, 0x80), hi)
				return
			}
			if r >= 0x80 {
				fmt.Fprintf(&b, `\x{%x}`, r)
			}
		}
	}
	for _, r := range unicode.L.R16 {
		if r.Hi >= 0x80 {
			add(uint32(r.Lo), uint32(r.Hi), uint32(r.Stride))
		}
	}
	for _, r := range unicode.L.R32 {
		add(r.Lo, r.Hi, r.Stride)
	}
	return b.String()
}

// byRegexp cuts text with the expressions, one after another; what lies between matches is a piece too.
func byRegexp(text string, exprs []*regexp.Regexp) []string {
	pieces := []string{text}
	for _, e := range exprs {
		var next []string
		for _, s := range pieces {
			next = append(next, cutByRegexp(s, e)...)
		}
		pieces = next
	}
	return pieces
}

func cutByRegexp(s string, e *regexp.Regexp) (out []string) {
	tail := e.SubexpIndex("tail")
	for len(s) > 0 {
		m := e.FindStringSubmatchIndex(s)
		if m == nil {
			return append(out, s)
		}
		from, to := m[0], m[1]
		if tail >= 0 && m[2*tail] >= 0 && to < len(s) {
			if _, n := utf8.DecodeLastRuneInString(s[from:to]); n < to-from {
				to -= n
			}
		}
		if from > 0 {
			out = append(out, s[:from])
		}
		out = append(out, s[from:to])
		s = s[to:]
	}
	return out
}

func byScanner(text string, stages []splitter) []string {
	pieces := []string{text}
	for _, f := range stages {
		var next []string
		for _, s := range pieces {
			for len(s) > 0 {
				n := f(s)
				next = append(next, s[:n])
				s = s[n:]
			}
		}
		pieces = next
	}
	return pieces
}

var splitCases = map[string][]string{
	"gpt-2":          {exprGPT2},
	"llama-bpe":      {exprLlama3},
	"qwen2":          {exprQwen2},
	"qwen35":         {exprQwen35},
	"tekken":         {exprTekken},
	"gpt-4o":         {exprGPT4o},
	"starcoder":      {`\p{N}`, exprGPT2},
	"falcon":         {"[\\p{P}$+<=>^~|`]+", exprGPT2, `[0-9][0-9][0-9]`},
	"default":        {`[\p{P}$+<=>^~|]+`, exprGPT2, `\p{N}+`, `[0-9][0-9][0-9]`},
	"deepseek-coder": {`[\r\n]`, ws + `?\p{L}+`, ws + `?\p{P}+`, exprCJK, `\p{N}`},
	"deepseek-v3":    {`\p{N}{1,3}`, `[一-龥぀-ゟ゠-ヿ]+`, exprDeepSeek3},
	"bloom":          {` ?[^(` + ws[1:len(ws)-1] + `|.,!?…。，、।۔،)]+`},
}

// alphabet has every kind of character the expressions tell apart.
var alphabet = []rune("  \t\n\r\u00a0\u3000\u0085aZsStTlLvVrReEdDmM'’0123456789٣½éÉßñжЖ中文あア한ि्́.,!?-/:;$+<=>^~|`\"#%(){}[]_—…。「€😀\u200d\ufeff\u0000\u001f")

func TestSplitters(t *testing.T) {
	buildClasses()
	r := rand.New(rand.NewPCG(3, 4))
	for name, sources := range splitCases {
		var exprs []*regexp.Regexp
		for _, s := range sources {
			exprs = append(exprs, regexp.MustCompile(s))
		}
		stages := preTokenizers[name].stages
		check := func(text string) bool {
			got, want := byScanner(text, stages), byRegexp(text, exprs)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q\n got %q\nwant %q", name, text, got, want)
				return false
			}
			return true
		}
		for _, s := range []string{"Hello, world! It's 12345 o'clock\n\n  x\t y  ", "don'T I'LL we'vE 'dx '", "  \n \n", "ABCdefGHI éÀb", "a\u0301bc \u0301", "   ", " \n  a", "12 34", "...\n\n//\n"} {
			check(s)
		}
		for range 2000 {
			var b strings.Builder
			for range 1 + r.IntN(14) {
				b.WriteRune(alphabet[r.IntN(len(alphabet))])
			}
			if !check(b.String()) {
				break
			}
		}
	}
}

// TestSplittersAdvance: every scanner takes at least one byte of anything and never cuts a character.
func TestSplittersAdvance(t *testing.T) {
	buildClasses()
	r := rand.New(rand.NewPCG(5, 6))
	for name, p := range preTokenizers {
		for range 500 {
			var b strings.Builder
			for range 1 + r.IntN(10) {
				b.WriteRune(alphabet[r.IntN(len(alphabet))])
			}
			pieces := byScanner(b.String(), p.stages)
			if strings.Join(pieces, "") != b.String() || slices.Contains(pieces, "") {
				t.Fatalf("%s: %q is cut into %q", name, b.String(), pieces)
			}
			for _, s := range pieces {
				if !utf8.ValidString(s) {
					t.Fatalf("%s: %q cuts a character: %q", name, b.String(), pieces)
				}
			}
		}
	}
}

// TestLinear feeds each scanner long runs of one kind: quadratic work would take many seconds.
func TestLinear(t *testing.T) {
	buildClasses()
	for name, p := range preTokenizers {
		for _, s := range []string{" ", "a", "1", "\n", "!", "中", " \n", "'s", "a ", "\u0301", " a\n1"} {
			start := time.Now()
			byScanner(strings.Repeat(s, 1<<16/len(s))+"x", p.stages)
			if took := time.Since(start); took > 2*time.Second { // alone some 10 ms
				t.Errorf("%s: %q and so on took %v", name, s, took)
			}
		}
	}
}

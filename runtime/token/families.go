package token

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// preTokenizer says how one value of tokenizer.ggml.pre cuts text into words.
type preTokenizer struct {
	stages     []splitter // each cuts the pieces of the one before
	wholeWords bool       // a word that is a vocabulary entry is taken without merging
	addBOS     bool       // a beginning token is added unless the file says no
}

// oneDigit is \p{N}
var oneDigit = isolateOne(func(c class, _ rune) bool { return c&number != 0 })

// upTo3Digits is \p{N}{1,3}
var upTo3Digits = isolate(func(s string) int { return digits(s, 3) })

// threeDigits is [0-9][0-9][0-9]
var threeDigits = isolate(func(s string) int {
	for i := range 3 {
		if i >= len(s) || s[i] < '0' || s[i] > '9' {
			return 0
		}
	}
	return 3
})

// numbers is \p{N}+
var numbers = isolateSet(func(c class, _ rune) bool { return c&number != 0 })

// newlineChar is [\r\n]
var newlineChar = isolateOne(func(_ class, r rune) bool { return r == '\r' || r == '\n' })

// falconPunct is [\p{P}\$\+<=>\^~\|`]+, which is punctuation and the ASCII symbols.
var falconPunct = isolateSet(func(c class, r rune) bool { return c&punct != 0 || r < 0x80 && c&symbolC != 0 })

// plainPunct is [\p{P}\$\+<=>\^~\|]+, the same without the backquote.
var plainPunct = isolateSet(func(c class, r rune) bool {
	return c&punct != 0 || r < 0x80 && c&symbolC != 0 && r != '`'
})

// spaced is \s?X+ for a set X.
func spaced(in func(c class, r rune) bool) splitter {
	return isolate(func(s string) int {
		c, r, n := next(s)
		i := 0
		if c&space != 0 && !in(c, r) {
			i = n
		}
		start := i
		for i < len(s) {
			c, r, n := next(s[i:])
			if !in(c, r) {
				break
			}
			i += n
		}
		if i == start {
			return 0
		}
		return i
	})
}

// spacedClass is \s?X+ for a class X, in one pass.
func spacedClass(any class) splitter {
	return func(s string) int {
		blank := -1 // where the white space right before the current character begins
		for i := 0; i < len(s); {
			c, _, n := next(s[i:])
			switch {
			case c&any == 0 && c&space != 0:
				blank = i
			case c&any == 0:
				blank = -1
			default:
				from := i
				if blank >= 0 {
					from = blank
				}
				if from > 0 {
					return from // what lies before the match
				}
				return i + run(s[i:], any)
			}
			i += n
		}
		return len(s)
	}
}

// cjk is [一-龥ࠀ-一가-퟿]+, the ranges DeepSeek's tokenizers use. White space beyond ASCII is in no range, as in
// llama.cpp, which shows it to its regular expressions as a vertical tab.
var cjk = isolateSet(func(c class, r rune) bool {
	return c&space == 0 && (r >= 0x800 && r <= 0x9FA5 || r >= 0xAC00 && r <= 0xD7FF)
})

// han is [一-龥぀-ゟ゠-ヿ]+
var han = isolateSet(func(_ class, r rune) bool { return r >= 0x4E00 && r <= 0x9FA5 || r >= 0x3040 && r <= 0x30FF })

// trailingSpace is \s+$
func trailingSpace(s string) int {
	n := len(s)
	for n > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:n])
		if classOf(r)&space == 0 {
			return n
		}
		n -= size
	}
	return len(s)
}

// splitDeepSeek3 cuts what matchDeepSeek3 matches.
var splitDeepSeek3 = isolate(matchDeepSeek3)

// matchDeepSeek3 is
//
//	[!-/:-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func matchDeepSeek3(s string) int {
	c, r, n := next(s)
	if r < 0x80 && c&(punct|symbolC) != 0 {
		i := 1
		for i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z') {
			i++
		}
		if i > 1 {
			return i
		}
	}
	if c&(letter|punct|symbolC) == 0 && r != '\r' && r != '\n' {
		if i := run(s[n:], letter|mark_); i > 0 {
			return n + i
		}
	}
	if i := run(s, letter|mark_); i > 0 {
		return i
	}
	skip := 0
	if r == ' ' {
		skip = 1
	}
	if i := run(s[skip:], punct|symbolC); i > 0 {
		i += skip
		for i < len(s) && (s[i] == '\r' || s[i] == '\n') {
			i++
		}
		return i
	}
	if c&space != 0 {
		return newlines(s)
	}
	return 0
}

// splitBloom is  ?[^(\s|.,!?…。，、।۔،)]+
var splitBloom = isolate(func(s string) int {
	skip := 0
	if s[0] == ' ' {
		skip = 1
	}
	i := skip
	for i < len(s) {
		c, r, n := next(s[i:])
		if c&space != 0 || strings.ContainsRune("(|.,!?…。，、।۔،)", r) {
			break
		}
		i += n
	}
	if i == skip {
		return 0
	}
	return i
})

var (
	llama3  = family{contractions: true, digits: 3, word: letter}
	qwen2   = family{contractions: true, digits: 1, word: letter}
	qwen35  = family{contractions: true, digits: 1, word: letter | mark_}
	gpt4o   = family{contractions: true, cased: true, digits: 3, word: letter, slash: true}
	tekken  = family{cased: true, digits: 1, word: letter, slash: true}
	minicpm = family{contractions: true, word: letter}

	seedCoder = family{contractions: true, digits: 1, word: letter, newlinesApart: true}
	ufakzeka  = family{digits: 1, word: letter}
)

var (
	preGPT2      = preTokenizer{stages: []splitter{splitGPT2}}
	preLlama3    = preTokenizer{stages: []splitter{llama3.split}, wholeWords: true, addBOS: true}
	preStarcoder = preTokenizer{stages: []splitter{oneDigit, splitGPT2}}
	preQwen2     = preTokenizer{stages: []splitter{qwen2.split}}
	preGPT4o     = preTokenizer{stages: []splitter{gpt4o.split}}
	preDeepSeek3 = preTokenizer{stages: []splitter{upTo3Digits, han, splitDeepSeek3}}
	preDefault   = preTokenizer{stages: []splitter{plainPunct, splitGPT2, numbers, threeDigits}}
	preBloom     = preTokenizer{stages: []splitter{splitBloom}}
)

// preTokenizers lists the supported values of tokenizer.ggml.pre.
var preTokenizers = map[string]preTokenizer{
	"": preDefault, "default": preDefault,
	"gpt-2": preGPT2, "phi-2": preGPT2, "mpt": preGPT2, "olmo": preGPT2, "jais": preGPT2, "exaone4": preGPT2,
	"trillion": preGPT2, "granite-docling": preGPT2, "gigachat": preGPT2, "mellum": preGPT2, "modern-bert": preGPT2,
	"a.x-4.0": preGPT2, "jina-es": preGPT2, "jina-de": preGPT2, "jina-v2-es": preGPT2, "jina-v2-de": preGPT2,
	"jina-v1-en": preGPT2, "jina-v2-code": preGPT2, "roberta-bpe": preGPT2,
	"llama-bpe": preLlama3, "llama3": preLlama3, "llama-v3": preLlama3, "falcon3": preLlama3, "falcon-h1": preLlama3,
	"pixtral": preLlama3, "midm-2.0": preLlama3, "lfm2": preLlama3, "jina-v5-nano": preLlama3,
	"dbrx": {stages: []splitter{llama3.split}}, "smaug-bpe": {stages: []splitter{llama3.split}},
	"chatglm-bpe": {stages: []splitter{llama3.split}}, "glm4": {stages: []splitter{llama3.split}},
	"minicpm5": {stages: []splitter{upTo3Digits, minicpm.split}, wholeWords: true},
	"qwen2":    preQwen2, "deepseek-r1-qwen": preQwen2, "stablelm2": preQwen2, "hunyuan": preQwen2, "megrez": preQwen2,
	"kormo": preQwen2, "f2llmv2": preQwen2, "grok-2": preQwen2, "solar-open": preQwen2, "bailingmoe": preQwen2,
	"bailingmoe2": preQwen2, "llada-moe": preQwen2,
	"qwen35":     {stages: []splitter{qwen35.split}},
	"seed-coder": {stages: []splitter{seedCoder.split}},
	"ufakzeka":   {stages: []splitter{ufakzeka.split}},
	"gpt-4o":     preGPT4o, "llama4": preGPT4o, "kanana2": preGPT4o, "minimax-m2": preGPT4o, "talkie": preGPT4o,
	"tekken":    {stages: []splitter{tekken.split}, wholeWords: true, addBOS: true},
	"starcoder": preStarcoder, "refact": preStarcoder, "command-r": preStarcoder, "smollm": preStarcoder,
	"codeshell": preStarcoder, "exaone": preStarcoder, "minerva-7b": preStarcoder, "mellum2": preStarcoder,
	"falcon":         {stages: []splitter{falconPunct, splitGPT2, threeDigits}},
	"deepseek-coder": {stages: []splitter{newlineChar, spacedClass(letter), spacedClass(punct), cjk, oneDigit}},
	"deepseek-llm":   {stages: []splitter{newlineChar, spaced(isDeepSeekLetter), spaced(isDeepSeekPunct), trailingSpace, cjk, numbers}},
	"deepseek-v3":    preDeepSeek3, "hunyuan-dense": preDeepSeek3, "joyai-llm": preDeepSeek3, "hy_v4": preDeepSeek3,
	"bloom": preBloom, "poro-chat": preBloom, "gpt3-finnish": preBloom,
	"viking": {stages: []splitter{splitBloom, oneDigit}},
}

func isDeepSeekPunct(_ class, r rune) bool {
	// [!-/:-~！-／：-～‘-‟　-。], where U+3000 is white space like in cjk
	return r >= '!' && r <= '/' || r >= ':' && r <= '~' || r >= '！' && r <= '／' || r >= '：' && r <= '～' ||
		r >= '‘' && r <= '‟' || r >= '、' && r <= '。'
}

// isDeepSeekLetter is the list of letters with case that DeepSeek's first tokenizer spells out.
func isDeepSeekLetter(_ class, r rune) bool {
	i, found := slices.BinarySearchFunc(deepSeekLetters, r, func(x [2]rune, r rune) int { return int(x[0] - r) })
	return found || i > 0 && r <= deepSeekLetters[i-1][1]
}

var deepSeekLetters = [][2]rune{
	{'A', 'Z'}, {'a', 'z'}, {'µ', 'µ'}, {'À', 'Ö'}, {'Ø', 'ö'}, {'ø', 'ƺ'}, {'Ƽ', 'ƿ'}, {'Ǆ', 'ʓ'}, {'ʕ', 'ʯ'},
	{'Ͱ', 'ͳ'}, {'Ͷ', 'ͷ'}, {'ͻ', 'ͽ'}, {'Ϳ', 'Ϳ'}, {'Ά', 'Ά'}, {'Έ', 'Ί'}, {'Ό', 'Ό'}, {'Ύ', 'Ρ'}, {'Σ', 'ϵ'},
	{'Ϸ', 'ҁ'}, {'Ҋ', 'ԯ'}, {'Ա', 'Ֆ'}, {'Ⴀ', 'Ⴥ'}, {'Ꭰ', 'Ᏽ'}, {'ᏸ', 'ᏽ'}, {'Ა', 'Ჺ'}, {'Ჽ', 'Ჿ'}, {'ᴀ', 'ᴫ'},
	{'ᵫ', 'ᵷ'}, {'ᵹ', 'ᶚ'}, {'Ḁ', 'ἕ'}, {'Ἐ', 'Ἕ'}, {'ἠ', 'ὅ'}, {'Ὀ', 'Ὅ'}, {'ὐ', 'ὗ'}, {'Ὑ', 'Ὑ'}, {'Ὓ', 'Ὓ'},
	{'Ὕ', 'Ὕ'}, {'Ὗ', 'ώ'}, {'ᾀ', 'ᾴ'}, {'ᾶ', 'ᾼ'}, {'\u1FBE', '\u1FBE'}, {'ῂ', 'ῄ'}, {'ῆ', 'ῌ'}, {'ῐ', '\u1FD3'},
	{'ῖ', 'Ί'}, {'ῠ', 'Ῥ'}, {'ῲ', 'ῴ'}, {'ῶ', 'ῼ'}, {'ℂ', 'ℂ'}, {'ℇ', 'ℇ'}, {'ℊ', 'ℓ'}, {'ℕ', 'ℕ'}, {'ℙ', 'ℝ'},
	{'ℤ', 'ℤ'}, {'\u2126', '\u2126'}, {'ℨ', 'ℨ'}, {'\u212A', 'ℭ'}, {'ℯ', 'ℴ'}, {'ℹ', 'ℹ'}, {'ℼ', 'ℿ'}, {'ⅅ', 'ⅉ'},
	{'ⅎ', 'ⅎ'}, {'Ↄ', 'ↄ'}, {'Ⰰ', 'ⱻ'}, {'Ȿ', 'ⳤ'}, {'Ⳬ', 'ⳮ'}, {'Ⳳ', 'ⳳ'}, {'Ꙁ', 'ꙭ'}, {'Ꚁ', 'ꚛ'}, {'Ꜣ', 'ꝯ'},
	{'ꝱ', 'ꞇ'}, {'Ꞌ', 'ꞎ'}, {'ꭰ', 'ꮿ'}, {'ﬀ', 'ﬆ'}, {'ﬓ', 'ﬗ'}, {'Ａ', 'Ｚ'}, {'ａ', 'ｚ'}, {0x10400, 0x1044F},
	{0x104B0, 0x104D3}, {0x104D8, 0x104FB}, {0x10C80, 0x10CB2}, {0x10CC0, 0x10CF2}, {0x118A0, 0x118DF}, {0x1E900, 0x1E943},
}

// PreTokenizers returns the supported values of tokenizer.ggml.pre, sorted; the empty one is the default.
func PreTokenizers() []string { return slices.Sorted(maps.Keys(preTokenizers)) }

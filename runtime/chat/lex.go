package chat

import (
	"fmt"
	"strconv"
	"strings"
)

// tokenKind says what a token of an expression is.
type tokenKind byte

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenText // text holds the string itself, escapes resolved
	tokenInt
	tokenFloat
	tokenOperator
)

type exprToken struct {
	kind tokenKind
	text string
}

// operators, longest first.
var operators = []string{"**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "|", ".", ",", ":", "(", ")", "[", "]", "{", "}"}

// lex cuts the text of a tag into tokens (Jinja's lexer, token_re).
func lex(s string) ([]exprToken, error) {
	var out []exprToken
	for i := 0; i < len(s); {
		c := s[i]
		n := 0
		switch {
		case strings.IndexByte(whiteSpace, c) >= 0:
			i++
			continue
		case c == '\'' || c == '"':
			n = stringLen(s[i:])
			if n < 2 || s[i+n-1] != c {
				return nil, fmt.Errorf("%w: a string is not closed: %.40q", ErrTemplate, s[i:])
			}
			out = append(out, exprToken{tokenText, unescape(s[i+1 : i+n-1])})
		case c >= '0' && c <= '9':
			t, err := lexNumber(s[i:])
			if err != nil {
				return nil, err
			}
			n = len(t.text)
			t.text = strings.ReplaceAll(t.text, "_", "")
			out = append(out, t)
		case isNameByte(c):
			for i+n < len(s) && isNameByte(s[i+n]) {
				n++
			}
			out = append(out, exprToken{tokenName, s[i : i+n]})
		default:
			for _, op := range operators {
				if strings.HasPrefix(s[i:], op) {
					n = len(op)
					out = append(out, exprToken{tokenOperator, op})
					break
				}
			}
			if n == 0 {
				return nil, fmt.Errorf("%w: unexpected character in an expression: %.40q", ErrTemplate, s[i:])
			}
		}
		i += n
	}
	return out, nil
}

// lexNumber reads the number s begins with: digits, perhaps a fraction and an exponent.
func lexNumber(s string) (exprToken, error) {
	t := exprToken{kind: tokenInt}
	digits := func(i int) int {
		for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '_') {
			i++
		}
		return i
	}
	n := digits(0)
	if n+1 < len(s) && s[n] == '.' && s[n+1] >= '0' && s[n+1] <= '9' {
		n, t.kind = digits(n+1), tokenFloat
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		k := n + 1
		if k < len(s) && (s[k] == '+' || s[k] == '-') {
			k++
		}
		if end := digits(k); end > k {
			n, t.kind = end, tokenFloat
		}
	}
	t.text = s[:n]
	var err error
	if plain := strings.ReplaceAll(t.text, "_", ""); t.kind == tokenInt {
		_, err = strconv.ParseInt(plain, 10, 64)
	} else {
		_, err = strconv.ParseFloat(plain, 64)
	}
	if err != nil {
		return t, fmt.Errorf("%w: the number %.40s is out of range", ErrTemplate, t.text)
	}
	return t, nil
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// unescape resolves the escapes of a Python string literal. Unknown ones stay, as in Python.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out.WriteByte(s[i])
			continue
		}
		i++
		if j := strings.IndexByte(`nrtabfv\'"`, s[i]); j >= 0 {
			out.WriteByte("\n\r\t\a\b\f\v\\'\""[j])
			continue
		}
		if s[i] == '\n' { // a line that goes on
			continue
		}
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i]]
		if v, err := strconv.ParseUint(s[i+1:min(len(s), i+1+digits)], 16, 32); digits > 0 && err == nil && i+digits < len(s) {
			out.WriteRune(rune(v))
			i += digits
			continue
		}
		out.WriteByte('\\')
		out.WriteByte(s[i])
	}
	return out.String()
}

// quote writes text as a string literal of the library's template language.
func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

package chat

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ardanlabs/jinja"
)

// Limits of a template. Real ones are below 40 KB and take some thousand steps for a long conversation.
const (
	maxSource  = 256 << 10
	maxNesting = 100     // of brackets and of blocks
	maxSteps   = 1 << 20 // loop rounds and macro calls
	maxCalls   = 1 << 14 // macro calls alone, which bounds recursion
	maxValue   = 4 << 20 // bytes of a variable, and of what a filter makes
	maxInt     = 1 << 31 // of a variable
	maxOutput  = 16 << 20
	maxRange   = 1 << 16
)

// prefix begins the names of the functions that rewrite inserts calls of; templates cannot use it.
const prefix = "llamaboot_"

// rewrite makes the source the library compiles: text as string expressions, a call of step at the beginning of every
// round of a loop and every macro, a check of size after every assignment, and our own filters where the library's
// differ from Python's or know no limits.
func rewrite(source string) (string, error) {
	if len(source) > maxSource {
		return "", fmt.Errorf("%w: the template has %d bytes, want at most %d", ErrLimit, len(source), maxSource)
	}
	if strings.Contains(source, prefix) {
		return "", fmt.Errorf("%w: names beginning with %s are reserved", ErrTemplate, prefix)
	}
	pieces, err := scan(source)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	depth := 0
	for _, p := range pieces {
		switch p.kind {
		case 't':
			if p.text != "" {
				out.WriteString("{{ " + quote(p.text) + " }}")
			}
		case '{':
			out.WriteString("{{ " + renameFilters(p.text) + " }}")
		case '%':
			out.WriteString("{% " + renameFilters(p.text) + " %}")
			d, insert := statement(p.text)
			out.WriteString(insert)
			if depth += d; depth > maxNesting {
				return "", fmt.Errorf("%w: blocks are nested more than %d deep", ErrLimit, maxNesting)
			}
		}
	}
	return out.String(), nil
}

// statement returns by how much a statement changes the nesting and what to insert behind it.
func statement(text string) (depth int, insert string) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return 0, ""
	}
	switch words[0] {
	case "for":
		return 1, "{{ " + prefix + "step(0) }}"
	case "macro":
		return 1, "{{ " + prefix + "step(1) }}"
	case "if", "filter", "call", "block":
		return 1, ""
	case "endfor", "endmacro", "endif", "endfilter", "endcall", "endblock":
		return -1, ""
	case "set":
		if name := setTarget(text); name != "" {
			return 0, "{{ " + prefix + "size(" + name + ") }}"
		}
	}
	return 0, ""
}

// setTarget is the variable of an assignment, without what follows a dot; "" for a block or several variables.
func setTarget(text string) string {
	left, _, ok := strings.Cut(text, "=")
	name, found := strings.CutPrefix(strings.TrimSpace(left), "set")
	if !ok || !found {
		return ""
	}
	name, _, _ = strings.Cut(strings.TrimSpace(name), ".")
	for i := range len(name) {
		if !isNameByte(name[i]) {
			return ""
		}
	}
	return name
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// quote writes text as a string literal of the template language.
func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// renameFilters puts our names for the filters of ownFilters behind every bar. It also sets closing braces apart,
// because the library takes two in a row for the end of the tag, and resolves the escapes of strings, of which the
// library knows few.
func renameFilters(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\'' || c == '"':
			n := stringLen(text[i:])
			out.WriteString(quote(unescape(text[i+1 : max(i+1, i+n-1)])))
			i += n
		case c == '|':
			j := i + 1
			for j < len(text) && strings.IndexByte(whiteSpace, text[j]) >= 0 {
				j++
			}
			k := j
			for k < len(text) && isNameByte(text[k]) {
				k++
			}
			if name := text[j:k]; ownFilters[name] != nil {
				out.WriteString("|" + prefix + name)
			} else {
				out.WriteString("|" + name)
			}
			i = k
		case c == '}':
			out.WriteString("} ")
			i++
		default:
			out.WriteByte(c)
			i++
		}
	}
	return out.String()
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

// budget counts what one rendering has used.
type budget struct {
	steps, calls int
	exceeded     error
}

var errStop = errors.New("stopped")

func (b *budget) fail(format string, args ...any) (jinja.Value, error) {
	b.exceeded = fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
	return jinja.None(), errStop
}

// step is called at the beginning of every round of a loop (0) and of every macro (1).
func (b *budget) step(args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	b.steps++
	if args[0].AsInt() == 1 {
		b.calls++
	}
	if b.steps > maxSteps || b.calls > maxCalls {
		return b.fail("more than %d steps or %d macro calls", maxSteps, maxCalls)
	}
	return jinja.NewString(""), nil
}

// size is called with every variable that was assigned.
func (b *budget) size(args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	left := maxValue
	if len(args) == 1 && !measure(args[0], &left, 0) {
		return b.fail("a variable is larger than %d bytes, nested more than %d deep or a number above %d", maxValue, maxDepth, maxInt)
	}
	return jinja.NewString(""), nil
}

// measure takes the size of v from left; false when it does not fit.
func measure(v jinja.Value, left *int, depth int) bool {
	*left -= 16
	if depth > maxDepth || *left < 0 {
		return false
	}
	switch {
	case v.IsInt():
		return v.AsInt() <= maxInt && v.AsInt() >= -maxInt
	case v.IsString():
		*left -= len(v.AsString())
	case v.IsList():
		for _, x := range v.AsList().Items {
			if !measure(x, left, depth+1) {
				return false
			}
		}
	case v.IsDict():
		d := v.AsDict()
		for _, k := range d.Keys {
			x, _ := d.Get(k)
			if !measure(x, left, depth+1) {
				return false
			}
		}
	}
	return *left >= 0
}

// numbers is Python's range with a bound on its length.
func (b *budget) numbers(args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	var n [3]int64
	for i, a := range args {
		if i > 2 || !a.IsInt() {
			return jinja.None(), errors.New("range: want one to three integers")
		}
		n[i] = a.AsInt()
	}
	start, stop, step := n[0], n[1], int64(1)
	switch len(args) {
	case 0:
		return jinja.None(), errors.New("range: want one to three integers")
	case 1:
		start, stop = 0, n[0]
	case 3:
		step = n[2]
	}
	if step == 0 {
		return jinja.None(), errors.New("range: the step is zero")
	}
	items := []jinja.Value{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if len(items) >= maxRange {
			return b.fail("a range of more than %d numbers", maxRange)
		}
		items = append(items, jinja.NewInt(i))
	}
	return jinja.NewList(items), nil
}

package chat

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// bombs are templates that want too much.
func bombs() map[string]string {
	rep := strings.Repeat
	big := "{% set a = 'a' * 4000000 %}"
	return map[string]string{
		"loops":            "{% for a in range(60000) %}{% for b in range(60000) %}{% endfor %}{% endfor %}",
		"loops of ifs":     "{% for a in range(60000) %}" + rep("{% if a %}{% endif %}", 5000) + "{% endfor %}",
		"loops of text":    "{% for a in range(60000) %}" + rep("x", 100000) + "{% endfor %}",
		"loops of and":     "{% for a in range(60000) %}" + rep("{{ 1"+rep(" and 1", 200)+" }}", 100) + "{% endfor %}",
		"range":            "{% for a in range(1000000000) %}x{% endfor %}",
		"filtered range":   "{% for a in range(60000) if range(60000)|sum %}{% endfor %}",
		"recursion":        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
		"deep recursion":   "{% macro f() %}" + rep("{% if true %}", 90) + "{{ " + rep("(", 90) + "f()" + rep(")", 90) + " }}" + rep("{% endif %}", 90) + "{% endmacro %}{{ f() }}",
		"excess":           "{% macro f(x) %}{{ f(1, 2, 3, 4) }}{% endmacro %}{{ f(1) }}",
		"caller":           "{% set ns = namespace() %}{% macro f() %}{% set ns.c = caller %}{% endmacro %}{% call f() %}{{ ns.c() }}{% endcall %}{{ ns.c() }}",
		"nested macros":    "{% macro f(n) %}{% macro g() %}{{ f(n + 1) }}{% endmacro %}{{ g() }}{% endmacro %}{{ f(0) }}",
		"doubling":         "{% set x = 'aaaaaaaa' %}" + rep("{% set x = x ~ x %}", 40),
		"doubling in one":  "{{ " + rep("'a' ~ ", 300) + "'a' }}",
		"in a loop":        "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
		"set block":        "{% set x = 'aaaaaaaa' %}" + rep("{% set x %}{{ x }}{{ x }}{% endset %}", 40),
		"filter block":     "{% filter upper %}{% for i in range(60000) %}" + rep("x", 1000) + "{% endfor %}{% endfilter %}",
		"macro text":       "{% macro f(n) %}" + rep("x", 1000) + "{% endmacro %}{% for i in range(60000) %}{{ f() }}{% endfor %}",
		"repeat":           "{{ 'a' * 10 ** 9 }}",
		"repeat reversed":  "{{ 1000000000 * 'a' }}",
		"repeat unused":    "{% if 'a' * 1000000000 %}{% endif %}",
		"repeat a list":    "{{ [0] * 1000000000 }}",
		"repeat in a loop": "{% set ns = namespace(l=[]) %}{% for i in range(60000) %}{% set _ = ns.l.append('a' * 4000000) %}{% endfor %}",
		"power":            "{% for i in range(60000) %}{{ 2 ** 62 ** 9 }}{% endfor %}",
		"replace":          "{% set x = 'a' %}" + rep("{% set x = x | replace('a', 'aaaaaaaaaaaaaaaa') %}", 10),
		"replace method":   "{{ ('a' * 100000).replace('a', 'b' * 100000) }}",
		"replace empty":    "{{ ('a' * 100000).replace('', 'b' * 100000) }}",
		"method as value":  "{% set f = ('a' * 100000).replace %}{{ f('a', 'b' * 100000) }}",
		"join":             "{% set x = range(60000) | join('" + rep("x", 1000) + "') %}",
		"join method":      "{{ ('x' * 100000).join(range(60000)) }}",
		"map join":         "{{ ([['a' * 1000000] * 4] * 60000) | map('join', 'x') | list | length }}",
		"printf":           big + "{{ ('%s' * 1000) % ([a] * 1000) }}",
		"printf width":     "{% for i in range(60000) %}{% if '%1000d' * 100 % ([1] * 100) %}{% endif %}{% endfor %}",
		"center":           "{% for i in range(60000) %}{{ 'a'.center(1000) }}{% endfor %}",
		"fill batch":       "{% for i in range(60000) %}{% if range(60000) | batch(60000, 'x') | list %}{% endif %}{% endfor %}",
		"slices of slices": "{% for i in range(60000) %}{% if range(60000) | slice(60000) | list %}{% endif %}{% endfor %}",
		"groups":           "{% for i in range(60000) %}{% if range(60000) | groupby(0) %}{% endif %}{% if range(60000) | unique | list %}{% endif %}{% endfor %}",
		"spread":           "{% macro f() %}{% endmacro %}{% for i in range(60000) %}{{ f(*range(60000)) }}{% endfor %}",
		"spread names":     "{% set d = {} %}{% for i in range(9000) %}{% set _ = d.update({i | string: i}) %}{% endfor %}{% for i in range(60000) %}{% if dict(**d) %}{% endif %}{% endfor %}",
		"with":             rep("{% with x = 1 %}", 200),
		"format":           "{{ ('{0}' * 100000).format('a' * 100000) }}",
		"split":            big + "{% set ns = namespace(l=[]) %}{% for i in range(60000) %}{% set _ = ns.l.append(a.split('a')) %}{% endfor %}",
		"list of text":     big + "{{ a | list | length }}",
		"loop over text":   big + "{% for c in a %}{% endfor %}",
		"slices":           big + "{% for i in range(60000) %}{{ a[::-1] | length }}{% endfor %}",
		"slice step":       "{% for i in range(60000) %}{{ range(60000)[::2 ** 62] }}{{ range(60000)[-2 ** 62:2 ** 62:-2 ** 62] }}{{ range(60000)[:] | length }}{% endfor %}",
		"trim":             big + "{{ a.strip(a) }}",
		"trim filter":      big + "{{ a | trim(a) }}",
		"upper":            big + "{% for i in range(60000) %}{% if a.upper() %}{% endif %}{% if a | upper | lower | title %}{% endif %}{% endfor %}",
		"length":           big + "{% for i in range(60000) %}{% if a | length %}{% endif %}{% endfor %}",
		"words":            "{% set a = 'a ' * 2000000 %}{% for i in range(60000) %}{% if a | wordcount %}{% endif %}{% endfor %}",
		"indent":           "{{ ('a\\n' * 1000000) | indent(1000000000) }}",
		"indent lines":     "{{ ('a\\n' * 100000) | indent(100000) }}",
		"escape":           "{% set a = '\"' * 4000000 %}{% for i in range(60000) %}{% if a | escape %}{% endif %}{% endfor %}",
		"tojson":           "{% set a = '\\x01' * 1000000 %}{{ [a, a, a] | tojson }}",
		"tojson indent":    rep("{% set a = [a, a] %}", 15) + "{{ a | tojson(indent=64) }}",
		"fromjson":         "{{ ('[' * 1000000) | fromjson }}",
		"sort":             "{% set l = ([' ' * 100000 ~ 'a'] * 30) + ([' ' * 100000 ~ 'b'] * 30) %}{% for i in range(60000) %}{% if range(60000) | list | sort(reverse=true) %}{% endif %}{% if l | sort %}{% endif %}{% endfor %}",
		"unique":           "{{ (['a' * 4000000] * 60000) | unique | length }}",
		"select":           "{{ range(60000) | select('in', range(60000) | list) | list | length }}",
		"selectattr":       "{{ ([{'a': 1}] * 60000) | selectattr('a', 'in', range(2, 60000)) | list | length }}",
		"in":               big + "{% for i in range(60000) %}{% if 'b' in a %}{% endif %}{% endfor %}",
		"equal":            "{% set a = 'a' * 3000000 ~ 'b' %}{% set c = 'a' * 3000000 ~ 'b' %}{% for i in range(60000) %}{% if a == c %}{% endif %}{% endfor %}",
		"equal lists":      "{% set a = range(60000) %}{% for i in range(60000) %}{% if a == range(60000) %}{% endif %}{% endfor %}",
		"batch":            "{% for i in range(60000) %}{% if range(60000) | batch(1) %}{% endif %}{% endfor %}",
		"laughs":           "{% set a = ['ha', 'ha', 'ha', 'ha'] %}" + rep("{% set a = [a, a, a, a] %}", 40) + "{{ a }}",
		"laughs appended":  "{% set a = ['ha'] %}" + rep("{% set b = [] %}{% for i in range(60000) %}{% set _ = b.append(a) %}{% endfor %}{% set a = b %}", 4),
		"laughs grown": "{% set a = [] %}{% set b = [] %}{% for i in range(9000) %}{% set _ = b.append(a) %}{% endfor %}" +
			"{% for i in range(9000) %}{% set _ = a.append(i) %}{% endfor %}{{ b }}",
		"laughs called":     rep("{% set a = [a, a] %}", 17) + "{{ a() }}",
		"laughs raised":     "{% set l = [] %}{% set m = [l] * 3000 %}{% for i in range(5000) %}{% set _ = l.append('aaaaaaaa') %}{% endfor %}{{ raise_exception(m) }}",
		"laughs as a key":   "{% set l = [] %}{% set m = [l] * 3000 %}{% for i in range(5000) %}{% set _ = l.append('aaaaaaaa') %}{% endfor %}{{ {}[m] }}{{ {m: 1} }}{{ m | string }}",
		"cycle":             "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
		"cycle appended":    "{% set l = [] %}{% set _ = l.append(l) %}{{ l == l }}",
		"cycle of two":      "{% set l = [] %}{% set m = [l] %}{% set _ = l.append(m) %}{{ l }}",
		"cycle in a dict":   "{% set d = {} %}{% set _ = d.update({'d': [d]}) %}{{ d }}",
		"cycle by insert":   "{% set l = [1] %}{% set _ = l.insert(0, [[l]]) %}{{ l | unique }}",
		"keys":              "{% set d = {} %}{% for i in range(60000) %}{% for j in range(60000) %}{% set _ = d.update({i ~ j: 1}) %}{% endfor %}{% endfor %}",
		"list literals":     "{% set ns = namespace(l=[]) %}{% for i in range(60000) %}{% set _ = ns.l.append([" + rep("0,", 50000) + "]) %}{% endfor %}",
		"brackets":          "{{ " + rep("(", 200) + "1" + rep(")", 200) + " }}",
		"more brackets":     "{{ " + rep("[", 100000) + " }}",
		"not":               "{{ " + rep("not ", 50000) + "1 }}",
		"minus":             "{{ " + rep("-", 100000) + "1 }}",
		"conditions":        "{{ " + rep("1 if 1 else ", 20000) + "1 }}",
		"conditions inside": "{{ " + rep("1 if ", 20000) + "1 }}",
		"plus":              "{{ 1" + rep("+1", 100000) + " }}",
		"comparisons":       "{{ " + rep("0 < (", 90) + "1" + rep(") < 1", 90) + " }}",
		"or":                "{{ 1" + rep(" or 1", 40000) + " }}",
		"filters":           "{{ 1" + rep("|abs", 50000) + " }}",
		"attributes":        "{{ a" + rep(".a", 100000) + " }}",
		"subscripts":        "{{ a" + rep("[a", 100000) + " }}",
		"calls":             "{{ a" + rep("()", 100000) + " }}",
		"dicts":             "{{ " + rep("{1:", 80000) + " }}",
		"blocks":            rep("{% if true %}", 200) + rep("{% endif %}", 200),
		"open blocks":       rep("{% for a in b %}", 16000),
		"size":              rep("x", maxSource+1),
		"joiner":            "{% set j = joiner('a' * 4000000) %}{% for i in range(60000) %}{{ j() }}{% endfor %}",
		"date":              "{{ strftime_now('%A' * 1000000) }}",
	}
}

// TestBombs wants an error for templates that want too much, in little time and memory.
func TestBombs(t *testing.T) {
	const (
		mostTime   = 10 * time.Second // on a busy machine; alone each takes less than 2 s
		mostMemory = 256 << 20
	)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for name, source := range bombs() {
		start := time.Now()
		_, err := render(t, source, `{}`)
		if took := time.Since(start); took > mostTime {
			t.Errorf("%s: took %v, want at most %v", name, took, mostTime)
		}
		wrong := name == "power" || name == "laughs called" // refused for another reason
		if !errors.Is(err, ErrLimit) && !(wrong && errors.Is(err, ErrTemplate)) {
			t.Errorf("%s: %v, want a limit", name, err)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.Sys) - int64(before.Sys); grown > mostMemory {
		t.Errorf("all of them took %d MiB of memory, want at most %d", grown>>20, mostMemory>>20)
	} else {
		t.Logf("%d MiB of memory", grown>>20)
	}
	deep := strings.Repeat("[", 300) + strings.Repeat("]", 300)
	if _, err := render(t, "{{ x }}", `{"x": `+deep+`}`); err == nil {
		t.Error("300 nested lists are accepted")
	}
}

// TestLongSource wants sources that are large but ask for little to compile and run in little time.
func TestLongSource(t *testing.T) {
	for name, source := range map[string]string{
		"tags":   strings.Repeat("{%if a%}{%endif%}", maxSource/17),
		"sets":   strings.Repeat("{%set a=1%}", maxSource/11),
		"prints": strings.Repeat("{{1}}", maxSource/5),
		"braces": strings.Repeat("{{'{'}}{", maxSource/8),
		"raw":    strings.Repeat("{%raw%}{%", maxSource/9),
		"in raw": "{%raw%}" + strings.Repeat("{%a)", maxSource/4-2),
		"endraw": "{%raw%}" + strings.Repeat("{%endraw )", maxSource/10-1),
		"open":   strings.Repeat("{{ '", maxSource/4),
		"dashes": strings.Repeat("{{-1-}}\n", maxSource/8),
	} {
		start := time.Now()
		_, err := render(t, source, `{}`)
		if took := time.Since(start); took > 10*time.Second { // alone less than one
			t.Errorf("%s: took %v (%v)", name, took, err)
		}
	}
}

// TestLongConversation wants a large conversation with tools to stay far below the limits.
func TestLongConversation(t *testing.T) {
	const source = "{% set ns = namespace(last='') %}{% for m in messages %}{% set content = m.content | trim %}" +
		"{% if m.role == 'user' and loop.index0 == messages | length - 1 %}{% set ns.last = m.content %}{% endif %}" +
		"{{ '<|' + m.role + '|>\\n' + content + '<|end|>\\n' }}{{ messages[::-1] | length if messages | selectattr('role', 'equalto', 'user') | list else '' }}{% endfor %}"
	var messages []string
	for i := range 500 {
		messages = append(messages, fmt.Sprintf(`{"role": %q, "content": %q}`, [2]string{"user", "assistant"}[i%2], strings.Repeat("word ", 400)))
	}
	tpl, err := Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	out, err := tpl.Render(Input{Messages: []byte("[" + strings.Join(messages, ",") + "]")})
	if err != nil || len(out) < 1e6 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

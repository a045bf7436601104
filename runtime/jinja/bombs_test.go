package jinja

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// bombs are templates that want too much.
func bombs() map[string]string {
	rep := strings.Repeat
	big := "{% set a = 'a' * 4000000 %}"
	return map[string]string{
		"loops":             "{% for a in range(60000) %}{% for b in range(60000) %}{% endfor %}{% endfor %}",
		"loops of ifs":      "{% for a in range(60000) %}" + rep("{% if a %}{% endif %}", 5000) + "{% endfor %}",
		"loops of text":     "{% for a in range(60000) %}" + rep("x", 100000) + "{% endfor %}",
		"loops of and":      "{% for a in range(60000) %}" + rep("{{ 1"+rep(" and 1", 200)+" }}", 100) + "{% endfor %}",
		"range":             "{% for a in range(1000000000) %}x{% endfor %}",
		"filtered range":    "{% for a in range(60000) if range(60000)|sum %}{% endfor %}",
		"recursion":         "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
		"deep recursion":    "{% macro f() %}" + rep("{% if true %}", 90) + "{{ " + rep("(", 90) + "f()" + rep(")", 90) + " }}" + rep("{% endif %}", 90) + "{% endmacro %}{{ f() }}",
		"excess":            "{% macro f(x) %}{{ f(1, 2, 3, 4) }}{% endmacro %}{{ f(1) }}",
		"caller":            "{% set ns = namespace() %}{% macro f() %}{% set ns.c = caller %}{% endmacro %}{% call f() %}{{ ns.c() }}{% endcall %}{{ ns.c() }}",
		"nested macros":     "{% macro f(n) %}{% macro g() %}{{ f(n + 1) }}{% endmacro %}{{ g() }}{% endmacro %}{{ f(0) }}",
		"doubling":          "{% set x = 'aaaaaaaa' %}" + rep("{% set x = x ~ x %}", 40),
		"in a loop":         "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
		"set block":         "{% set x = 'aaaaaaaa' %}" + rep("{% set x %}{{ x }}{{ x }}{% endset %}", 40),
		"filter block":      "{% filter upper %}{% for i in range(60000) %}" + rep("x", 1000) + "{% endfor %}{% endfilter %}",
		"macro text":        "{% macro f(n) %}" + rep("x", 1000) + "{% endmacro %}{% for i in range(60000) %}{{ f() }}{% endfor %}",
		"repeat":            "{{ 'a' * 10 ** 9 }}",
		"repeat reversed":   "{{ 1000000000 * 'a' }}",
		"repeat unused":     "{% if 'a' * 1000000000 %}{% endif %}",
		"repeat a list":     "{{ [0] * 1000000000 }}",
		"repeat in a loop":  "{% set ns = namespace(l=[]) %}{% for i in range(60000) %}{% set ns.l = ns.l + ['a' * 4000000] %}{% endfor %}",
		"power":             "{% for i in range(60000) %}{{ 2 ** 62 ** 9 }}{% endfor %}",
		"replace":           "{% set x = 'a' %}" + rep("{% set x = x | replace('a', 'aaaaaaaaaaaaaaaa') %}", 10),
		"replace method":    "{{ ('a' * 100000).replace('a', 'b' * 100000) }}",
		"replace empty":     "{{ ('a' * 100000).replace('', 'b' * 100000) }}",
		"method as value":   "{% set f = ('a' * 100000).replace %}{{ f('a', 'b' * 100000) }}",
		"join":              "{% set x = range(60000) | join('" + rep("x", 1000) + "') %}",
		"join method":       "{{ ('x' * 100000).join(range(60000) | map('string')) }}",
		"map join":          "{{ ([['a' * 1000000] * 4] * 60000) | map('join', 'x') | list | length }}",
		"printf":            big + "{{ ('%s' * 1000) % ([a] * 1000) }}",
		"printf width":      "{% for i in range(60000) %}{% if '%1000d' * 100 % ((1,) * 100) %}{% endif %}{% endfor %}",
		"center":            "{% for i in range(60000) %}{{ 'a'.center(1000) }}{% endfor %}",
		"fill batch":        "{% for i in range(60000) %}{% if range(60000) | batch(60000, 'x') | list %}{% endif %}{% endfor %}",
		"slices of slices":  "{% for i in range(60000) %}{% if range(60000) | slice(60000) | list %}{% endif %}{% endfor %}",
		"groups":            "{% for i in range(60000) %}{% if range(60000) | groupby(0) %}{% endif %}{% if range(60000) | unique | list %}{% endif %}{% endfor %}",
		"spread":            "{% macro f() %}{{ varargs | length }}{% endmacro %}{% for i in range(60000) %}{{ f(*range(60000)) }}{% endfor %}",
		"spread names":      "{% set d = dict(range(9000) | map('string') | map('batch', 2, 'x') | map('first') | list) %}{% for i in range(60000) %}{% if dict(**d) %}{% endif %}{% endfor %}",
		"with":              rep("{% with x = 1 %}", 200),
		"format":            "{{ ('{0}' * 100000).format('a' * 100000) }}",
		"split":             big + "{% set ns = namespace(l=[]) %}{% for i in range(60000) %}{% set ns.l = ns.l + [a.split('a')] %}{% endfor %}",
		"list of text":      big + "{{ a | list | length }}",
		"loop over text":    big + "{% for c in a %}{% endfor %}",
		"slices":            big + "{% for i in range(60000) %}{{ a[::-1] | length }}{% endfor %}",
		"slice step":        "{% for i in range(60000) %}{{ range(60000)[::2 ** 62] }}{{ range(60000)[-2 ** 62:2 ** 62:-2 ** 62] }}{{ range(60000)[:] | length }}{% endfor %}",
		"trim":              big + "{{ a.strip(a) }}",
		"trim filter":       big + "{{ a | trim(a) }}",
		"upper":             big + "{% for i in range(60000) %}{% if a.upper() %}{% endif %}{% if a | upper | lower | title %}{% endif %}{% endfor %}",
		"length":            big + "{% for i in range(60000) %}{% if a | length %}{% endif %}{% endfor %}",
		"words":             "{% set a = 'a ' * 2000000 %}{% for i in range(60000) %}{% if a | wordcount %}{% endif %}{% endfor %}",
		"indent":            "{{ ('a\\n' * 1000000) | indent(1000000000) }}",
		"indent lines":      "{{ ('a\\n' * 100000) | indent(100000) }}",
		"escape":            "{% set a = '\"' * 4000000 %}{% for i in range(60000) %}{% if a | escape %}{% endif %}{% endfor %}",
		"tojson":            "{% set a = '\\x01' * 1000000 %}{{ [a, a, a] | tojson }}",
		"tojson indent":     "{% set a = 1 %}" + rep("{% set a = [a, a] %}", 15) + "{{ a | tojson(indent=64) }}",
		"fromjson":          "{{ ('[' * 1000000) | fromjson }}",
		"sort":              "{% set l = ([' ' * 100000 ~ 'a'] * 30) + ([' ' * 100000 ~ 'b'] * 30) %}{% for i in range(60000) %}{% if range(60000) | list | sort(reverse=true) %}{% endif %}{% if l | sort %}{% endif %}{% endfor %}",
		"unique":            "{{ (['a' * 4000000] * 60000) | unique | length }}",
		"select":            "{{ range(60000) | select('in', range(60000) | list) | list | length }}",
		"selectattr":        "{{ ([{'a': 1}] * 60000) | selectattr('a', 'in', range(2, 60000)) | list | length }}",
		"in":                big + "{% for i in range(60000) %}{% if 'b' in a %}{% endif %}{% endfor %}",
		"equal":             "{% set a = 'a' * 3000000 ~ 'b' %}{% set c = 'a' * 3000000 ~ 'b' %}{% for i in range(60000) %}{% if a == c %}{% endif %}{% endfor %}",
		"equal lists":       "{% set a = range(60000) %}{% for i in range(60000) %}{% if a == range(60000) %}{% endif %}{% endfor %}",
		"batch":             "{% for i in range(60000) %}{% if range(60000) | batch(1) %}{% endif %}{% endfor %}",
		"laughs":            "{% set a = ['ha', 'ha', 'ha', 'ha'] %}" + rep("{% set a = [a, a, a, a] %}", 40) + "{{ a }}",
		"laughs appended":   "{% set a = ['ha'] %}" + rep("{% set a = [a] * 60000 %}", 4) + "{{ a }}",
		"laughs grown":      "{% set ns = namespace(a=[]) %}{% set b = [ns] * 9000 %}{% set ns.a = range(9000) | list %}{{ b }}",
		"laughs called":     rep("{% set a = [a, a] %}", 17) + "{{ a() }}",
		"laughs raised":     "{% set m = [['aaaaaaaa'] * 5000] * 3000 %}{{ raise_exception(m) }}",
		"laughs as a key":   "{% set m = [['aaaaaaaa'] * 5000] * 3000 %}{{ {}[m] }}{{ m | string }}",
		"cycle":             "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
		"cycle appended":    "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ [ns.a] | string }}",
		"cycle of two":      "{% set a = namespace() %}{% set b = namespace(a=a) %}{% set a.b = b %}{{ a }}",
		"cycle in a dict":   "{% set ns = namespace() %}{% set ns.d = {'d': [ns]} %}{{ ns.d }}",
		"cycle by insert":   "{% set ns = namespace() %}{% set ns.d = {'d': [ns]} %}{{ ns.d ~ '' }}",
		"keys":              "{% set ns = namespace(d={}) %}{% for i in range(60000) %}{% set ns.d = dict(ns.d, **{'k' ~ i: 1}) %}{% endfor %}",
		"list literals":     "{% set ns = namespace(l=[]) %}{% for i in range(60000) %}{% set ns.l = ns.l + [[" + rep("0,", 5000) + "]] %}{% endfor %}",
		"brackets":          "{{ " + rep("(", 200) + "1" + rep(")", 200) + " }}",
		"more brackets":     "{{ " + rep("[", 100000) + " }}",
		"not":               "{{ " + rep("not ", 50000) + "1 }}",
		"minus":             "{{ " + rep("-", 100000) + "1 }}",
		"conditions":        "{{ " + rep("1 if 1 else ", 20000) + "1 }}",
		"conditions inside": "{{ " + rep("1 if ", 20000) + "1 }}",
		"plus":              "{{ 1" + rep("+1", 100000) + " }}",
		"or":                "{{ 1" + rep(" or 1", 40000) + " }}",
		"filters":           "{{ 1" + rep("|abs", 50000) + " }}",
		"attributes":        "{{ a" + rep(".a", 100000) + " }}",
		"subscripts":        "{{ a" + rep("[a", 100000) + " }}",
		"calls":             "{{ a" + rep("()", 100000) + " }}",
		"dicts":             "{{ " + rep("{1:", 80000) + " }}",
		"blocks":            rep("{% if true %}", 200) + rep("{% endif %}", 200),
		"open blocks":       rep("{% for a in b %}", 16000),
		"size":              rep("x", MaxSource+1),
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
		took := time.Since(start)
		if took > mostTime {
			t.Errorf("%s: took %v, want at most %v", name, took, mostTime)
		}
		// Refused for another reason.
		wrong := slices.Contains([]string{"laughs called", "excess", "subscripts", "dicts", "more brackets"}, name)
		if !errors.Is(err, ErrLimit) && !(wrong && (errors.Is(err, ErrRender) || errors.Is(err, ErrSyntax))) {
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
	if _, err := FromJSON([]byte(deep)); err == nil {
		t.Error("300 nested lists are accepted")
	}
}

// TestLongSource wants sources that are large but ask for little to compile and run in little time.
func TestLongSource(t *testing.T) {
	for name, source := range map[string]string{
		"tags":   strings.Repeat("{%if a%}{%endif%}", MaxSource/17),
		"sets":   strings.Repeat("{%set a=1%}", MaxSource/11),
		"prints": strings.Repeat("{{1}}", MaxSource/5),
		"braces": strings.Repeat("{{'{'}}{", MaxSource/8),
		"raw":    strings.Repeat("{%raw%}{%", MaxSource/9),
		"in raw": "{%raw%}" + strings.Repeat("{%a)", MaxSource/4-2),
		"endraw": "{%raw%}" + strings.Repeat("{%endraw )", MaxSource/10-1),
		"open":   strings.Repeat("{{ '", MaxSource/4),
		"dashes": strings.Repeat("{{-1-}}\n", MaxSource/8),
	} {
		start := time.Now()
		_, err := render(t, source, `{}`)
		if took := time.Since(start); took > 10*time.Second { // alone less than one
			t.Errorf("%s: took %v (%v)", name, took, err)
		}
	}
}

// TestLongConversation wants a large conversation to stay far below the limits.
func TestLongConversation(t *testing.T) {
	const source = "{% set ns = namespace(last='') %}{% for m in messages %}{% set content = m.content | trim %}" +
		"{% if m.role == 'user' and loop.index0 == messages | length - 1 %}{% set ns.last = m.content %}{% endif %}" +
		"{{ '<|' + m.role + '|>\\n' + content + '<|end|>\\n' }}{{ messages[::-1] | length if messages | selectattr('role', 'equalto', 'user') | list else '' }}{% endfor %}"
	var messages []string
	for i := range 500 {
		messages = append(messages, fmt.Sprintf(`{"role": %q, "content": %q}`, [2]string{"user", "assistant"}[i%2], strings.Repeat("word ", 400)))
	}
	out, err := render(t, source, `{"messages": [`+strings.Join(messages, ",")+`]}`)
	if err != nil || len(out) < 1e6 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

// TestDeepExpressions wants expressions that are long and ask for little to work.
func TestDeepExpressions(t *testing.T) {
	for source, want := range map[string]string{
		"{{ " + strings.Repeat("'a' ~ ", 300) + "'a' }}":                                strings.Repeat("a", 301),
		"{{ " + strings.Repeat("0 < (", 90) + "1" + strings.Repeat(") < 2", 90) + " }}": "True",
	} {
		if got, err := render(t, source, `{}`); err != nil || got != want {
			t.Errorf("%.40s: got %q, %v; want %q", source, got, err, want)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("{% for m in messages %}{{ m.role ~ m['content'] | trim }}{% endfor %}")
	f.Add("{%- set x = namespace(a=1) -%}{% if x.a is defined and not false %}{{ [1,2][::-1] | tojson(indent=1) }}{% else %}{% endif %}")
	f.Add("{% macro f(a, b=2) %}{{ a if b else '' }}{% endmacro %}{{ f(1) }}{% raw %}{{{% endraw %}")
	for _, c := range pythonCases(f) {
		f.Add(c.Source)
	}
	messages, err := FromJSON([]byte(`[{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [{"f": 1.5}]}]`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, source string) {
		tpl, err := Parse(source)
		if err == nil {
			_, err = tpl.Render(map[string]Value{"messages": messages, "bos_token": "<s>", "add_generation_prompt": true})
		}
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%v is no template error", err)
		}
	})
}

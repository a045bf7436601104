package grammar

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func match(t *testing.T, gbnf, text string) bool {
	t.Helper()
	g, err := Parse(gbnf, "root")
	if err != nil {
		t.Fatalf("%s: %v", gbnf, err)
	}
	ok, err := g.Match(text)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		grammar string
		yes, no []string
	}{
		{`root ::= "abc"`, []string{"abc"}, []string{"", "ab", "abcd", "xbc"}},
		{`root ::= "a" | "b" "c"`, []string{"a", "bc"}, []string{"b", "c", "abc"}},
		{"root ::= x | y\nx ::= \"1\"\ny ::= \"2\" # comment\n", []string{"1", "2"}, []string{"3"}},
		{`root ::= [a-cx] [^0-9] .`, []string{"aé1", "x--", "c\n\n"}, []string{"d--", "a1-", "ab"}},
		{`root ::= "a"* "b"+ "c"?`, []string{"b", "aabbb", "abc"}, []string{"", "a", "ac", "abcc"}},
		{`root ::= "ab"{2} [0-9]{1,3} "x"{2,}`, []string{"abab1xx", "abab123xxxx"}, []string{"ab1xx", "ababxx", "abab1234xx", "abab1x"}},
		{`root ::= ("a" | "b" ("c" | "d"))+`, []string{"a", "bc", "abda", "bd"}, []string{"", "b", "ac"}},
		{"root ::= (\n  \"a\" |\n  \"b\"\n) \"c\"", []string{"ac", "bc"}, []string{"a"}},
		{`root ::= "\x41\u00e9\U0001F600\n\t\"\\"`, []string{"Aé😀\n\t\"\\"}, []string{"A"}},
		{`root ::= [\]\-a] [-x] [x-]`, []string{"]-x", "--x", "ax-"}, []string{"bxx"}},
		{`root ::= ""  "a" ""`, []string{"a"}, []string{""}},
		{"root ::= list\nlist ::= \"(\" list* \")\"", []string{"()", "(()(()))"}, []string{"(", "(()", ")("}},
		{"root ::= e\ne ::= t (\"+\" t)*\nt ::= [0-9]+ | \"(\" e \")\"", []string{"1", "1+(23+4)"}, []string{"1+", "(1", "+1"}},
		{"root ::= \"a\" root | \"\"", []string{"", strings.Repeat("a", 3000)}, []string{"ab"}},
		{"root ::= [あ-ん]+", []string{"ねこ"}, []string{"猫"}},
	} {
		for _, s := range c.yes {
			if !match(t, c.grammar, s) {
				t.Errorf("%s: %q does not match", c.grammar, s)
			}
		}
		for _, s := range c.no {
			if match(t, c.grammar, s) {
				t.Errorf("%s: %q matches", c.grammar, s)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		text string
		err  error
		want string
	}{
		{``, ErrSyntax, `no rule "root"`},
		{`root = "a"`, ErrSyntax, "::="},
		{`root ::= x`, ErrSyntax, `"x" is used but not defined`},
		{"root ::= \"a\"\nroot ::= \"b\"", ErrSyntax, "twice"},
		{`root ::= "a`, ErrSyntax, "not closed"},
		{`root ::= [a-`, ErrSyntax, "not closed"},
		{`root ::= "\`, ErrSyntax, "not closed"},
		{`root ::= [\`, ErrSyntax, "not closed"},
		{`root ::= [z-a]`, ErrSyntax, "empty"},
		{`root ::= ("a"`, ErrSyntax, "want )"},
		{`root ::= "a")`, ErrSyntax, "end of the rule"},
		{`root ::= *`, ErrSyntax, "nothing to repeat"},
		{`root ::= "a"{3,2}`, ErrSyntax, "no repetition"},
		{`root ::= "a"{x}`, ErrSyntax, "no repetition"},
		{`root ::= "a"{2001}`, ErrLimit, "2001"},
		{`root ::= "\q"`, ErrSyntax, "unknown escape"},
		{`root ::= "\UFFFFFFFF"`, ErrSyntax, "no character"},
		{`root ::= root "a" | "b"`, ErrSyntax, "left recursion"},
		{"root ::= n root \"a\" | \"b\"\nn ::= \"x\"?", ErrSyntax, "left recursion"},
		{"root ::= \"a\"\nx ::= y\ny ::= z*\nz ::= x", ErrSyntax, "left recursion"},
		{`root ::= <[1]>`, ErrSyntax, "<[1]>"},
		{"root ::= \"\xff\"", ErrSyntax, "UTF-8"},
		{"root ::= " + strings.Repeat("(", 300), ErrLimit, "deep"},
		{strings.Repeat(" ", maxText+1), ErrLimit, "bytes"},
		{"root ::= x{2000}\nx ::= y{2000}\ny ::= \"a\"{2000}\n" + strings.Repeat("z", 0), nil, ""},
	} {
		_, err := Parse(c.text, "root")
		if c.err == nil {
			if err != nil {
				t.Errorf("%.40q: %v", c.text, err)
			}
			continue
		}
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v; want %v and %q", c.text, err, c.err, c.want)
		}
	}
}

// vocabulary is a tokenizer for tests: id 0 ends, the others stand for their text.
type vocabulary []string

func (v vocabulary) Piece(id int32, _ bool) string { return v[id] }
func (v vocabulary) IsEOG(id int32) bool           { return id == 0 }

func TestMatcher(t *testing.T) {
	v := vocabulary{"", "a", "ab", "b", "\xc3", "\xa9", "bé", "\xff", "", "\xf0\x9f", "\xe0", "\xe0\x80", "\xf0"}
	g, err := Parse(`root ::= "ab" [é-ü]+ | "a"`, "root")
	if err != nil {
		t.Fatal(err)
	}
	m, err := g.NewMatcher(v)
	if err != nil {
		t.Fatal(err)
	}
	allowed := func() (ids []int32) {
		for id := range v {
			if m.Allowed(int32(id)) {
				ids = append(ids, int32(id))
			}
		}
		return ids
	}
	want := func(ids ...int32) {
		t.Helper()
		got := allowed()
		ok := len(got) == len(ids)
		for i := 0; ok && i < len(ids); i++ {
			ok = got[i] == ids[i]
		}
		if !ok {
			t.Fatalf("allowed are %v, want %v", got, ids)
		}
	}
	accept := func(id int32) {
		t.Helper()
		if err := m.Accept(id); err != nil {
			t.Fatal(err)
		}
	}
	want(1, 2)
	accept(1)
	want(0, 3, 6) // the end, b, bé
	accept(3)
	want(4) // the first byte of é
	accept(4)
	want(5) // only its second byte, and no end inside a character
	if m.Done() {
		t.Error("done inside a character")
	}
	accept(5)
	want(0, 4)
	if err := m.Accept(1); err == nil {
		t.Error("a token that does not match is accepted")
	}
}

// TestGrammarBombs wants an answer for hostile grammars in little time.
func TestGrammarBombs(t *testing.T) {
	var chain, back strings.Builder
	for i := range 60000 {
		fmt.Fprintf(&chain, "a%d::=a%d\n", i, i+1)
		fmt.Fprintf(&back, "a%d::=a%d\n", 60000-i, 59999-i)
	}
	for name, text := range map[string]string{
		"chain":       "root::=a0\n" + chain.String() + "a60000::=\"\"",
		"backward":    "root::=a60000\n" + back.String() + "a0::=\"\"",
		"empty ones":  "root::=" + strings.Repeat("e ", 200000) + "\ne::=\"\"",
		"optional":    "root::=" + strings.Repeat("e? ", 100000) + "\ne::=\"a\"?",
		"repetitions": "root::=((((\"a\"{0,2000}){0,2000}){0,2000}){0,2000}){0,2000}",
		"exponential": "root::=x\nx::=y y y y\ny::=z z z z|\"\"\nz::=(\"a\"?){2000}|\"a\"*",
		"copies":      "root::=" + strings.Repeat("x{2000} ", 130000) + "\nx::=\"a\"",
		"class":       "root::=[" + strings.Repeat("a-z", 300000) + "]*",
	} {
		start := time.Now()
		g, err := Parse(text, "root")
		if err == nil {
			_, err = g.Match(strings.Repeat("a", 200))
		}
		if took := time.Since(start); took > 10*time.Second { // alone less than two
			t.Errorf("%s: took %v (%.100v)", name, took, err)
		}
	}
}

// TestAmbiguous wants bounded work for a grammar with many ways to read a text.
func TestAmbiguous(t *testing.T) {
	g, err := Parse("root ::= x x x x x x x x x x\nx ::= \"a\"* y*\ny ::= \"a\"+ | \"a\" y", "root")
	if err != nil {
		t.Fatal(err)
	}
	ok, err := g.Match(strings.Repeat("a", 2000))
	if err == nil && !ok {
		t.Error("no match")
	}
	if err != nil && !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("root ::= \"a\" [b-c]* (x | \"d\"{2,3})\nx ::= .", "abcd")
	f.Add("root ::= root", "")
	f.Fuzz(func(t *testing.T, grammar, text string) {
		g, err := Parse(grammar, "root")
		if err == nil {
			g.Match(text)
		}
	})
}

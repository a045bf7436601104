package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/chats"
)

func fetch(t *testing.T, h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFiles(t *testing.T) {
	h, known := Handler(chats.Memory())
	page := fetch(t, h, "GET", "/", "")
	if page.Code != 200 || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", page.Code, page.Header())
	}
	if csp := page.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if regexp.MustCompile(`https?://|style=| on[a-z]+=`).MatchString(page.Body.String()) {
		t.Error("the page has an address of another origin, an inline style or an inline script")
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="(page/[^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1) {
		f := fetch(t, h, "GET", "/"+m[1], "")
		if f.Code != 200 || f.Body.Len() == 0 || !Public("/"+m[1]) {
			t.Errorf("%s: %d, %d bytes, public %v", m[1], f.Code, f.Body.Len(), Public("/"+m[1]))
		}
		r := httptest.NewRequest("GET", "/"+m[1], nil)
		r.Header.Set("If-None-Match", f.Header().Get("ETag"))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNotModified {
			t.Errorf("%s again: %d", m[1], w.Code)
		}
	}
	for path, want := range map[string][2]bool{"/": {true, true}, "/page/app.js": {true, true}, "/page/chats": {true, false}, "/page/": {true, false},
		"/page/../x": {true, false}, "/v1/models": {false, false}} {
		if known(path) != want[0] || Public(path) != want[1] {
			t.Errorf("%s: known %v, public %v, want %v", path, known(path), Public(path), want)
		}
	}
}

// TestTexts wants as many texts in every language as there are keys, and only keys that exist.
func TestTexts(t *testing.T) {
	b, err := assets.ReadFile("assets/i18n.js")
	if err != nil {
		t.Fatal(err)
	}
	s := string(b)
	list := func(from, to string) (l []string) {
		i := strings.Index(s, from)
		if i < 0 {
			t.Fatalf("no %q", from)
		}
		part := s[i+len(from):]
		part = part[:strings.Index(part, to)]
		if err := json.Unmarshal([]byte("["+strings.TrimSpace(part)+"]"), &l); err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		return l
	}
	keys := list("const keys = [", "];")
	for _, lang := range []string{"en", "de", "fr", "es", "pt", "zh", "ja"} {
		if l := list("\n  "+lang+": [", "],\n"); len(l) != len(keys) {
			t.Errorf("%s: %d texts for %d keys", lang, len(l), len(keys))
		}
	}
	used := regexp.MustCompile(`\bt\("(\w+)"|data-t(?:-label|-hint)?="(\w+)"`)
	for _, name := range []string{"index.html", "app.js", "view.js", "files.js", "settings.js"} {
		b, err := assets.ReadFile("assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllStringSubmatch(string(b), -1) {
			if key := m[1] + m[2]; !strings.Contains(s, `"`+key+`"`) {
				t.Errorf("%s asks for text %q, which there is not", name, key)
			}
		}
	}
}

func TestMarkdown(t *testing.T) {
	for source, want := range map[string]string{
		"# A\n\n*b*":                      "<h1>A</h1>\n<p><em>b</em></p>\n",
		"<script>alert(1)</script>":       "<!-- raw HTML omitted -->\n",
		"a <img src=x onerror=y> b":       "<p>a <!-- raw HTML omitted --> b</p>\n",
		"[x](javascript:alert(1))":        "<p><a href=\"\">x</a></p>\n",
		"![x](data:text/html,<b>)":        "<p><img src=\"\" alt=\"x\"></p>\n",
		"```go\nx < 1\n```":               "<pre><code class=\"language-go\">x &lt; 1\n</code></pre>\n",
		"costs $5 and $10":                "<p>costs $5 and $10</p>\n",
		"$5":                              "<p>$5</p>\n",
		"`$x$`":                           "<p><code>$x$</code></p>\n",
		"| a | b |\n|---|---|\n| 1 | 2 |": "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>\n",
	} {
		if got := Markdown(source); got != want {
			t.Errorf("%q:\n got %q\nwant %q", source, got, want)
		}
	}
	for _, source := range []string{"so $x^2$ is", `so \(x^2\) is`, "$$x^2$$", "\\[\nx^2\n\\]"} {
		if got := Markdown(source); !strings.Contains(got, "<msup><mi>x</mi><mn>2</mn></msup>") {
			t.Errorf("%q: %q", source, got)
		}
	}
}

func TestMathML(t *testing.T) {
	for source, want := range map[string]string{
		`\frac{a}{b}`:                          "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>",
		`\frac12`:                              "<mfrac><mn>1</mn><mn>2</mn></mfrac>",
		`\sqrt[3]{x}`:                          "<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>",
		`x_i^2`:                                "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>",
		`\sum_{i=1}^n`:                         "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>",
		`\mathbb{R}`:                           "<mi>ℝ</mi>",
		`a<b`:                                  "<mi>a</mi><mo>&lt;</mo><mi>b</mi>",
		`\text{if <x>}`:                        "<mtext>if &lt;x&gt;</mtext>",
		`\unknown{x}`:                          "<mtext>\\unknown</mtext><mrow><mi>x</mi></mrow>",
		`\begin{pmatrix}1&2\\3&4\end{pmatrix}`: "<mrow><mo>(</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd><mn>3</mn></mtd><mtd><mn>4</mn></mtd></mtr></mtable><mo>)</mo></mrow>",
	} {
		if got := MathML(source, false); !strings.Contains(got, "<semantics><mrow>"+want+"</mrow>") {
			t.Errorf("%s:\n got %s\nwant %s", source, got, want)
		}
	}
}

// balanced reports whether elements are closed in order and no attribute but ours appears.
func balanced(s string) bool {
	var open []string
	for _, m := range regexp.MustCompile(`<(/?)([a-z]+)([^>]*)>`).FindAllStringSubmatch(s, -1) {
		if m[1] == "" {
			open = append(open, m[2])
			continue
		}
		if len(open) == 0 || open[len(open)-1] != m[2] {
			return false
		}
		open = open[:len(open)-1]
	}
	return len(open) == 0
}

func FuzzMathML(f *testing.F) {
	f.Add(`\frac{a}{b} \left( \begin{cases} a & b \\ c \end{cases} \right)`)
	f.Add(strings.Repeat("{", 200) + `\sqrt[`)
	f.Add("x^_'&\\\\ \\end")
	f.Fuzz(func(t *testing.T, source string) {
		got := MathML(source, true)
		if !balanced(got) {
			t.Errorf("%q gives %q", source, got)
		}
		if len(got) > 200+200*len(source) {
			t.Errorf("%d bytes give %d", len(source), len(got))
		}
	})
}

func FuzzMarkdown(f *testing.F) {
	f.Add("a $x$ \\(y\\) $$z$$ \n\n> - `$`")
	f.Fuzz(func(t *testing.T, source string) {
		if got := strings.ToLower(Markdown(source)); strings.Contains(got, "<script") || strings.Contains(got, "<iframe") {
			t.Errorf("%q gives %q", source, got)
		}
	})
}

func TestRender(t *testing.T) {
	h, _ := Handler(chats.Memory())
	w := fetch(t, h, "POST", "/page/render", `{"texts":["*a*","b"]}`)
	var got struct{ HTML []string }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.HTML) != 2 || got.HTML[0] != "<p><em>a</em></p>\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := fetch(t, h, "POST", "/page/render", `{"texts":["`+strings.Repeat("x", maxMarkdown)+`"]}`); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too much: %d", w.Code)
	}
	if w := fetch(t, h, "POST", "/page/render", `{"texts":`); w.Code != http.StatusBadRequest {
		t.Errorf("broken: %d", w.Code)
	}
}

package app

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// demo is the project's own small model.
func demo(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "demo.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// world is a Platform in memory: a llamafile, standard streams, no operating system.
type world struct {
	Platform
	out, err output
	image    string // the llamafile
}

// output is a bytes.Buffer for several goroutines.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

type files map[string]string

// newWorld packs members into a llamafile and gives args and stdin to the program in it.
func newWorld(t *testing.T, members files, stdin string, args ...string) *world {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range members {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, data)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	w := &world{image: b.String()}
	w.Platform = Platform{
		Name: "test", Args: args, Threads: 1,
		Stdin: strings.NewReader(stdin), Stdout: &w.out, Stderr: &w.err,
		OpenSelf: openImage(w.image),
		OpenFile: bundle.Open,
		OpenText: func(path string) (io.ReadCloser, error) { return os.Open(path) },
	}
	return w
}

// openImage opens a llamafile in memory.
func openImage(image string) func() (*bundle.File, error) {
	load := func(name string, off, n int64, _ *uint32) ([]byte, func() error, error) {
		return []byte(image[off : off+n]), func() error { return nil }, nil
	}
	return func() (*bundle.File, error) {
		return bundle.New("test.llamafile", strings.NewReader(image), int64(len(image)), load)
	}
}

// run runs the program and checks its status.
func (w *world) run(t *testing.T, want int) (stdout, stderr string) {
	t.Helper()
	if got := Main(w.Platform); got != want {
		t.Errorf("%q: status %d, want %d; stderr:\n%s", w.Args, got, want, w.err.String())
	}
	return w.out.String(), w.err.String()
}

func TestComplete(t *testing.T) {
	model := files{"demo.gguf": string(demo(t))}
	args := []string{"--cli", "-p", "Once upon a time", "-n", "12", "--temp", "0"}
	text, _ := newWorld(t, model, "", args...).run(t, ExitOK)
	if len(strings.Fields(text)) < 3 || !strings.HasSuffix(text, "\n") || strings.Contains(text, "Once upon a time") {
		t.Errorf("text %q", text)
	}
	ids, stderr := newWorld(t, model, "", append(args, "--ids")...).run(t, ExitOK)
	fields := strings.Split(strings.TrimSuffix(ids, "\n"), " ")
	if len(fields) == 0 || len(fields) > 12 {
		t.Errorf("%d ids: %q", len(fields), ids)
	}
	for _, id := range fields {
		if _, err := strconv.Atoi(id); err != nil {
			t.Errorf("ids %q: %v", ids, err)
		}
	}
	if !strings.Contains(stderr, "tok/s") {
		t.Errorf("stderr %q says nothing of the speed", stderr)
	}
	again, _ := newWorld(t, model, "", args...).run(t, ExitOK)
	if again != text {
		t.Errorf("greedy text changed: %q, then %q", text, again)
	}
	short, _ := newWorld(t, model, "", "--cli", "-p", "Once upon a time", "-n", "4", "--temp", "0").run(t, ExitOK)
	if !strings.HasPrefix(text, strings.TrimSuffix(short, "\n")) {
		t.Errorf("4 tokens %q are not the start of 12 tokens %q", short, text)
	}
}

func TestSeeds(t *testing.T) {
	model := files{"demo.gguf": string(demo(t))}
	text := func(seed string) string {
		out, _ := newWorld(t, model, "", "--cli", "-p", "Once", "-n", "24", "--temp", "1.5", "--seed", seed).run(t, ExitOK)
		return out
	}
	if a, b := text("1"), text("1"); a != b {
		t.Errorf("one seed, two texts: %q, %q", a, b)
	}
	if a, b := text("1"), text("2"); a == b {
		t.Errorf("two seeds, one text: %q", a)
	}
}

func TestPromptSources(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prompt.txt")
	if err := os.WriteFile(path, []byte("Once upon a time"), 0o666); err != nil {
		t.Fatal(err)
	}
	members := files{"demo.gguf": string(demo(t)), "prompt.txt": "Once upon a time"}
	rest := []string{"-n", "6", "--temp", "0", "--ids"}
	want, _ := newWorld(t, members, "", append([]string{"--cli", "-p", "Once upon a time"}, rest...)...).run(t, ExitOK)
	for _, source := range [][]string{{"-f", path}, {"-f", "-"}, {"-f", "/zip/prompt.txt"}, {"-e", "-p", `Once\x20upon a time`}} {
		got, _ := newWorld(t, members, "Once upon a time", append(append([]string{"--cli"}, source...), rest...)...).run(t, ExitOK)
		if got != want {
			t.Errorf("%q: ids %q, want %q", source, got, want)
		}
	}
}

func TestModelSources(t *testing.T) {
	model := string(demo(t))
	path := filepath.Join(t.TempDir(), "outside.gguf")
	if err := os.WriteFile(path, []byte(model), 0o666); err != nil {
		t.Fatal(err)
	}
	rest := []string{"--cli", "-p", "Once", "-n", "3", "--temp", "0", "--ids"}
	members := files{"a/demo.gguf": model}
	want, _ := newWorld(t, members, "", rest...).run(t, ExitOK)
	for _, source := range []string{"/zip/a/demo.gguf", "a/demo.gguf", path} {
		got, _ := newWorld(t, members, "", append([]string{"-m", source}, rest...)...).run(t, ExitOK)
		if got != want {
			t.Errorf("-m %s: ids %q, want %q", source, got, want)
		}
	}
}

func TestArgsFile(t *testing.T) {
	members := files{"demo.gguf": string(demo(t)), ".args": "--cli\n-p\nOnce\n--temp\n0\n-n\n3\n--ids\n...\n"}
	three, _ := newWorld(t, members, "").run(t, ExitOK)
	two, _ := newWorld(t, members, "", "-n", "2").run(t, ExitOK)
	if len(strings.Fields(three)) != 3 || len(strings.Fields(two)) != 2 || !strings.HasPrefix(three, strings.TrimSpace(two)) {
		t.Errorf("ids %q, with -n 2: %q", three, two)
	}
	w := newWorld(t, members, "")
	boot := "--cli\n-p\nOnce\n--temp\n0\n-n\n1\n--ids\n"
	w.BootArgs = &boot
	if one, _ := w.run(t, ExitOK); len(strings.Fields(one)) != 1 {
		t.Errorf("ids with boot arguments %q, want one", one)
	}
}

func TestConstraints(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const gbnf = `root ::= "yes" | "no"`
	const schema = `{"type":"object","properties":{"n":{"type":"boolean"}},"required":["n"],"additionalProperties":false}`
	members := files{"demo.gguf": string(demo(t)), "g.gbnf": gbnf}
	for _, args := range [][]string{{"--grammar", gbnf}, {"--grammar-file", file("g", gbnf)}, {"--grammar-file", "/zip/g.gbnf"}} {
		text, _ := newWorld(t, members, "", append([]string{"--cli", "-p", "Is the sky blue?", "-n", "20"}, args...)...).run(t, ExitOK)
		if text != "yes\n" && text != "no\n" {
			t.Errorf("%q: text %q", args, text)
		}
	}
	for _, args := range [][]string{{"-j", schema}, {"-jf", file("s", schema)}} {
		text, _ := newWorld(t, members, "", append([]string{"--cli", "-p", "Is the sky blue?", "-n", "200", "--temp", "0"}, args...)...).run(t, ExitOK)
		var got struct{ N *bool }
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.N == nil {
			t.Errorf("%q: text %q, %v", args, text, err)
		}
	}
	out, _ := newWorld(t, members, "Hello\nHello\n", "--grammar", gbnf).run(t, ExitOK)
	if n := strings.Count(out, "yes\n") + strings.Count(out, "no\n"); n != 2 {
		t.Errorf("%d answers that fit the grammar, want 2:\n%s", n, out)
	}
	_, stderr := newWorld(t, members, "", "--cli", "-p", "x", "--grammar", "root ::= (").run(t, ExitUsage)
	if !strings.Contains(stderr, "malformed grammar") {
		t.Errorf("stderr %q", stderr)
	}
	for _, flag := range []string{"--grammar-file", "--json-schema-file"} {
		_, stderr := newWorld(t, members, "", "--cli", "-p", "x", flag, file("empty", "")).run(t, ExitUsage)
		if !strings.Contains(stderr, flag) || !strings.Contains(stderr, "is empty") {
			t.Errorf("%s with an empty file: stderr %q", flag, stderr)
		}
	}
}

func TestMarks(t *testing.T) {
	w := newWorld(t, files{"demo.gguf": string(demo(t))}, "", "--cli", "-p", "Once", "-n", "4", "--temp", "0")
	w.MarkText = true
	w.Stderr = &w.out // one console for both
	out, _ := w.run(t, ExitOK)
	before, rest, ok1 := strings.Cut(out, guest.TextBegin+"\n")
	text, after, ok2 := strings.Cut(rest, "\n"+guest.TextEnd+"\n")
	if !ok1 || !ok2 || text == "" || strings.Contains(before+after, text) {
		t.Errorf("console %q", out)
	}
}

func TestChat(t *testing.T) {
	model := files{"demo.gguf": string(demo(t))}
	stdin := "/help\n/stats\n/foo\n\nHello\r/stats\r\n/clear\nHello\n/quit\nnever read\n"
	out, _ := newWorld(t, model, stdin, "-n", "8", "--temp", "0").run(t, ExitOK)
	if got := strings.Count(out, promptSign); got != 9 {
		t.Errorf("%d prompt signs, want 9:\n%s", got, out)
	}
	for _, want := range []string{"/clear    forget", "Nothing was answered yet.", "Unknown command /foo", "generated ", "The conversation is forgotten."} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	// The same question to a forgotten conversation has the same answer.
	turns := strings.Split(out, promptSign)
	if first, second := turns[5], turns[8]; first != second || strings.TrimSpace(first) == "" {
		t.Errorf("answers %q and, after /clear, %q", first, second)
	}
}

func TestChatContext(t *testing.T) {
	model := files{"demo.gguf": string(demo(t))}
	out, _ := newWorld(t, model, "/context\nHello\n/context\n", "-n", "4", "-c", "64").run(t, ExitOK)
	if !strings.Contains(out, "> 0 of 64 tokens\n") || strings.Count(out, "of 64 tokens") != 2 || strings.Count(out, "0 of 64 tokens") == 2 {
		t.Errorf("/context before and after an answer:\n%s", out)
	}
}

func TestChatSwitchesTheMachine(t *testing.T) {
	model := files{"demo.gguf": string(demo(t))}
	for typed, want := range map[string]string{"/quit\n": "off", "/reboot\n": "reboot", "": ""} {
		w := newWorld(t, model, "/help\n"+typed)
		got := ""
		w.PowerOff = func() { got += "off" }
		w.Reboot = func() { got += "reboot" }
		if out, _ := w.run(t, ExitOK); got != want || !strings.Contains(out, machineHelp) {
			t.Errorf("%q: machine asked to %q, want %q; output:\n%s", typed, got, want, out)
		}
	}
	out, _ := newWorld(t, model, "/reboot\n").run(t, ExitOK)
	if !strings.Contains(out, "Unknown command /reboot") {
		t.Errorf("/reboot under an operating system:\n%s", out)
	}
}

func TestChatGoesOnWhenTheContextIsFull(t *testing.T) {
	model := files{"demo.gguf": string(demo(t))}
	stdin := strings.Repeat("Tell me a story about a little dog and a big red ball.\n", 6) + "/quit\n"
	out, stderr := newWorld(t, model, stdin, "-n", "20", "--temp", "0", "-c", "128").run(t, ExitOK)
	if got := strings.Count(out, promptSign); got != 7 {
		t.Errorf("%d prompt signs, want 7", got)
	}
	if !strings.Contains(stderr, "the context is full, going on") {
		t.Errorf("nothing about the full context in %q", stderr)
	}
	_, stderr = newWorld(t, model, "Tell me a story.\n", "--ignore-eos", "--temp", "0", "-c", "32").run(t, ExitOK)
	if !strings.Contains(stderr, "the context is full: the answer ends here") {
		t.Errorf("nothing about the answer cut off in %q", stderr)
	}
	_, stderr = newWorld(t, model, strings.Repeat("dog ", 200)+"\nHello\n/quit\n", "-n", "4", "-c", "64").run(t, ExitOK)
	if !strings.Contains(stderr, "longer than the whole context") {
		t.Errorf("nothing about the long line in %q", stderr)
	}
}

// TestCtrlC interrupts a generation without end through the signal channel of a process and through the console of
// bare metal.
func TestCtrlC(t *testing.T) {
	model := files{"demo.gguf": string(demo(t))}
	args := []string{"--cli", "-p", "Once", "--temp", "0", "--ignore-eos"}
	t.Run("signal", func(t *testing.T) {
		w := newWorld(t, model, "", args...)
		interrupts := make(chan struct{}, 1)
		interrupts <- struct{}{}
		w.Interrupts = func() <-chan struct{} { return interrupts }
		w.run(t, ExitInterrupted)
	})
	t.Run("console", func(t *testing.T) {
		w := newWorld(t, model, "\x03", args...)
		w.RawConsole = true
		w.run(t, ExitInterrupted)
	})
	t.Run("at the prompt", func(t *testing.T) {
		w := newWorld(t, model, "", "--chat")
		interrupts := make(chan struct{}, 1)
		interrupts <- struct{}{}
		w.Interrupts = func() <-chan struct{} { return interrupts }
		w.Stdin, _ = io.Pipe() // nobody types
		w.run(t, ExitInterrupted)
	})
}

func TestRawConsoleEchoes(t *testing.T) {
	r, typing := io.Pipe()
	w := newWorld(t, files{"demo.gguf": string(demo(t))}, "", "--chat")
	w.RawConsole, w.Stdin = true, r
	go func() {
		io.WriteString(typing, "/stxx\x7f\x7fats\r")
		for !strings.HasSuffix(w.out.String(), "\n"+promptSign) { // the next line is typed once the prompt is there
			time.Sleep(time.Millisecond)
		}
		io.WriteString(typing, "/quit\r")
	}()
	out, _ := w.run(t, ExitOK)
	if !strings.HasPrefix(out, "> /stats\nNothing was answered yet.\n") || !strings.HasSuffix(out, "\n> /quit\n") {
		t.Errorf("console %q", out)
	}
}

func TestErrors(t *testing.T) {
	model := string(demo(t))
	text := filepath.Join(t.TempDir(), "text.gguf")
	if err := os.WriteFile(text, []byte("this is no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		members files
		args    string
		status  int
		want    string
	}{
		{"usage", nil, "--nope", ExitUsage, "hint: --help lists the flags"},
		{"no model", files{"x.txt": ""}, "--cli -p x", ExitFailure, "no .gguf member"},
		{"missing member", files{"a.gguf": model}, "-m /zip/b.gguf --cli -p x", ExitFailure, "no such member: b.gguf"},
		{"missing file", files{"a.gguf": model}, "-m none.gguf --cli -p x", ExitFailure, "none.gguf"},
		{"a text as model", files{"a.gguf": model}, "-m " + text + " --cli -p x", ExitFailure, "no ZIP archive and no GGUF model"},
		{"a text as member", files{"a.gguf": "this is no model"}, "--cli -p x", ExitFailure, "a.gguf"},
		{"truncated model", files{"a.gguf": model[:len(model)/2]}, "--cli -p x", ExitFailure, "a.gguf"},
		{"cut header", files{"a.gguf": model[:100]}, "--cli -p x", ExitFailure, "a.gguf"},
		{"missing prompt", files{"a.gguf": model}, "--cli -f none.txt", ExitFailure, "none.txt"},
		{"too long a prompt", files{"a.gguf": model}, "--cli -c 8 -p one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve", ExitFailure, "context"},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, stderr := newWorld(t, test.members, "", strings.Fields(test.args)...).run(t, test.status)
			if strings.TrimSpace(out) != "" || !strings.Contains(stderr, test.want) || !strings.HasPrefix(stderr, "test: ") {
				t.Errorf("stdout %q, stderr %q, want %q", out, stderr, test.want)
			}
		})
	}
	t.Run("no self", func(t *testing.T) {
		w := newWorld(t, nil, "", "--cli", "-p", "x")
		w.OpenSelf = func() (*bundle.File, error) { return nil, errors.New("disk is on fire") }
		if _, stderr := w.run(t, ExitFailure); !strings.Contains(stderr, "disk is on fire") {
			t.Errorf("stderr %q", stderr)
		}
	})
	t.Run("bad level", func(t *testing.T) {
		w := newWorld(t, files{"a.gguf": model}, "", "--cli", "-p", "x")
		w.Env = func(string) string { return "mmx" }
		if _, stderr := w.run(t, ExitFailure); !strings.Contains(stderr, "LLAMABOOT_CPU=mmx") {
			t.Errorf("stderr %q", stderr)
		}
	})
	t.Run("closed output", func(t *testing.T) {
		w := newWorld(t, files{"a.gguf": model}, "", "--cli", "-p", "x", "--ignore-eos")
		r, out := io.Pipe()
		r.CloseWithError(errors.New("nobody listens"))
		w.Stdout = out
		if _, stderr := w.run(t, ExitFailure); !strings.Contains(stderr, "nobody listens") {
			t.Errorf("stderr %q", stderr)
		}
	})
}

// TestHelpAndVersionNeedNoModel: they must work for whoever has only the bare program.
func TestHelpAndVersionNeedNoModel(t *testing.T) {
	for _, flag := range []string{"--help", "-h", "--version"} {
		w := newWorld(t, nil, "", flag)
		w.OpenSelf = func() (*bundle.File, error) { return nil, bundle.ErrNotBundle }
		if out, stderr := w.run(t, ExitOK); out == "" || stderr != "" {
			t.Errorf("%s: stdout %q, stderr %q", flag, out, stderr)
		}
	}
}

// templated is the demo model with another chat template.
func templated(t *testing.T, source string) string {
	t.Helper()
	f, err := gguf.Parse(demo(t))
	if err != nil {
		t.Fatal(err)
	}
	w := new(gguf.Writer)
	for _, kv := range f.Keys {
		if kv.Key != "tokenizer.chat_template" {
			err = errors.Join(err, w.Add(kv.Key, kv.Value))
		}
	}
	err = errors.Join(err, w.Add("tokenizer.chat_template", source))
	for _, x := range f.Tensors {
		err = errors.Join(err, w.AddTensor(x.Name, x.Type, x.Dims, x.Data))
	}
	var b bytes.Buffer
	if err == nil {
		_, err = w.WriteTo(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBrokenTemplate wants a chat in spite of a broken template, and on a machine in spite of a broken one that is given.
func TestBrokenTemplate(t *testing.T) {
	broken := files{"m.gguf": templated(t, "{{ bos_token }}\n{% for m in messages %}")}
	out, stderr := newWorld(t, broken, "Hello\n/quit\n", "-n", "4", "--temp", "0").run(t, ExitOK)
	if strings.Count(out, promptSign) != 2 || !strings.Contains(stderr, "line 2, column") || !strings.Contains(stderr, `built-in template "zephyr"`) {
		t.Errorf("output %q, stderr %q", out, stderr)
	}
	model := files{"demo.gguf": string(demo(t))}
	newWorld(t, model, "Hello\n", "--chat-template", "{% broken").run(t, ExitUsage)
	w := newWorld(t, model, "Hello\n", "-n", "4", "--chat-template", "{% broken")
	w.PowerOff = func() {}
	if out, stderr := w.run(t, ExitOK); strings.Count(out, promptSign) != 2 || !strings.Contains(stderr, "going on with the model's own template") {
		t.Errorf("machine: output %q, stderr %q", out, stderr)
	}
}

// TestAnswersAreTakenApart has a template that, like that of gpt-oss, refuses a history with the marks of channels in it.
func TestAnswersAreTakenApart(t *testing.T) {
	const source = "{% for m in messages %}{% if '<|channel|>' in m.content or '<|message|>' in m.content %}" +
		"{{ raise_exception('marks in the history') }}{% endif %}{{ m.role }}{% if m.reasoning_content %} thought {{ m.reasoning_content }} and{% endif %} said {{ m.content }};{% endfor %}"
	model := files{"m.gguf": templated(t, source)}
	const grammar = `root ::= "<|channel|>analysis<|message|>I think<|end|><|start|>assistant<|channel|>final<|message|>Hi"`
	out, stderr := newWorld(t, model, "Hello\nAgain\n/quit\n", "-n", "200", "--temp", "0", "--grammar", grammar).run(t, ExitOK)
	if want := thinkBegin + "I think" + thinkEnd + "Hi\n"; strings.Count(out, want) != 2 || strings.Contains(stderr, "marks in the history") {
		t.Errorf("output %q, stderr %q; want twice %q", out, stderr, want)
	}
	const think = `root ::= "<think>So</think>Hi"`
	out, stderr = newWorld(t, files{"m.gguf": templated(t, strings.ReplaceAll(source, "<|channel|>", "<think>"))}, "Hello\nAgain\n/quit\n",
		"-n", "200", "--temp", "0", "--grammar", think).run(t, ExitOK)
	if want := thinkBegin + "So" + thinkEnd + "Hi\n"; strings.Count(out, want) != 2 || strings.Contains(stderr, "marks in the history") {
		t.Errorf("output %q, stderr %q; want twice %q", out, stderr, want)
	}
}

// TestFailedTurn wants the chat to go on after a turn that the template refuses.
func TestFailedTurn(t *testing.T) {
	const source = "{% for m in messages %}{% if 'bad' in m.content %}{{ raise_exception('no bad words') }}{% endif %}{{ m.content }}{% endfor %}"
	w := newWorld(t, files{"m.gguf": templated(t, source)}, "Hello\nbad\nHello\n/quit\n", "-n", "4", "--temp", "0")
	off := 0
	w.PowerOff = func() { off++ }
	out, stderr := w.run(t, ExitOK)
	if strings.Count(out, promptSign) != 4 || strings.Count(stderr, "no bad words") != 1 || off != 1 {
		t.Errorf("output %q, stderr %q, switched off %d times", out, stderr, off)
	}
}

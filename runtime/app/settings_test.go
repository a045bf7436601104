package app

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/fat32"
)

func TestParseSettings(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"# nothing\r\n\r\n  ; here\r\n": "",
		"temp = 0.5\nctx=2048\n":        "--temp=0.5 --ctx-size=2048",
		"\ufeffsystem = Be brief.\r\nthreads = 2\r\n": "--system-prompt=Be brief. --threads=2",
		"zz = 1\rtemp = 0\r":                          "--temp=0",
		"SYSTEM = Be = brief":                         "--system-prompt=Be = brief",
		"--top-k = 3\ntop_p = 0.5":                    "--top-k=3 --top-p=0.5",
		`prompt = " two\nlines \"q\""`:                "--prompt= two\nlines \"q\"",
		"mode = cli\nids = yes":                       "--cli --ids=true",
		"ids = off":                                   "--ids=false",
		"system =":                                    "--system-prompt=",
	} {
		if args, _ := ParseSettings([]byte(text)); strings.Join(args, " ") != want {
			t.Errorf("%q: %q, want %q", text, args, want)
		}
	}
	for text, want := range map[string]string{
		"\n\ntmep = 1":               "llamaboot.cfg line 3: \"tmep\" is no setting; want mode, prompt, system, ctx",
		"temp":                       "line 1: \"temp\": want KEY = VALUE",
		"= 5":                        "line 1: \"= 5\": want KEY = VALUE",
		"temp = hot":                 "line 1: temp = \"hot\": want a number",
		"temp = -1":                  "line 1: temp: --temp -1: want 0 or more",
		"ctx = 99999999999999999999": "line 1: ctx = \"99999999999999999999\": ",
		"ctx = two":                  "line 1: ctx = \"two\": want a number",
		"threads = -2":               "line 1: threads: -t -2: want a number of threads",
		"ids = perhaps":              "line 1: ids: \"perhaps\": want yes or no",
		"mode = server":              "line 1: mode = \"server\": want one of chat, cli, bench",
		"chat = yes":                 "line 1: \"chat\" is no setting",
		"help = yes":                 "line 1: \"help\" is no setting",
		"network = dhcp":             "line 1: network = dhcp: there is no network on a bare machine yet",
		`system = "a \q"`:            "line 1: system: unknown escape \\q",
		"\x00\x01\xfe":               "line 1: ",
	} {
		args, problems := ParseSettings([]byte(text))
		if len(args) != 0 || len(problems) != 1 || !strings.Contains(problems[0], want) || !strings.HasSuffix(problems[0], "; the line is left out") {
			t.Errorf("%q: %q, %q; want %q", text, args, problems, want)
		}
	}
	args, problems := ParseSettings([]byte(strings.Repeat("nonsense\n", 100) + "temp = 0\n"))
	if len(args) != 1 || len(problems) != maxProblems+1 || !strings.Contains(problems[maxProblems], "90 more lines") {
		t.Errorf("100 bad lines: %q, %d problems", args, len(problems))
	}
}

// TestDefaultSettings: every example in the file that comes with a llamafile is a good line.
func TestDefaultSettings(t *testing.T) {
	examples := 0
	for _, line := range strings.Split(string(ape.DefaultSettings), "\r\n") {
		line, ok := strings.CutPrefix(line, "#")
		if !ok || strings.HasPrefix(line, " ") || line == "" {
			continue
		}
		examples++
		if args, problems := ParseSettings([]byte(line)); len(args) != 1 || problems != nil {
			t.Errorf("%q: %q, %q", line, args, problems)
		}
	}
	if examples < 10 {
		t.Errorf("%d examples", examples)
	}
}

// TestUTF16 is what an editor writes that calls UTF-16 "Unicode".
func TestUTF16(t *testing.T) {
	for mark, order := range map[string]binary.AppendByteOrder{"\xff\xfe": binary.LittleEndian, "\xfe\xff": binary.BigEndian} {
		b := []byte(mark)
		for _, u := range utf16.Encode([]rune("system = Grüße 🙂\r\ntemp = 0\r\n")) {
			b = order.AppendUint16(b, u)
		}
		if args, problems := ParseSettings(b); !slices.Equal(args, []string{"--system-prompt=Grüße 🙂", "--temp=0"}) || problems != nil {
			t.Errorf("%q: %q, %q", mark, args, problems)
		}
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte("temp = 0.5\r\nsystem = \"a\\n\"\r\nmode = cli\n# x"))
	f.Add([]byte("\xff\xfea\x00=\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		args, problems := ParseSettings(text)
		if len(problems) > maxProblems+1 {
			t.Errorf("%d problems", len(problems))
		}
		if o := newOptions(); o.flagSet().Parse(args) != nil || o.checkValues() != nil {
			// Two good values can only be wrong together for the sampler.
			if o.checkSampling() == nil {
				t.Errorf("%q gave the arguments %q, which are refused", text, args)
			}
		}
	})
}

// esp returns a FAT32 volume with llamaboot.cfg.
func esp(t *testing.T, text string) string {
	t.Helper()
	v, err := fat32.New(fat32.Options{}, []fat32.File{{Path: format.SettingsName, Size: int64(len(text)), Short: "LLAMAB~1.CFG"}})
	if err != nil {
		t.Fatal(err)
	}
	b := make(volume, v.Size())
	if err := v.WriteMetadata(b, 0); err != nil {
		t.Fatal(err)
	}
	at, _ := v.Offset(format.SettingsName)
	copy(b[at:], text)
	return string(b)
}

type volume []byte

func (v volume) WriteAt(p []byte, off int64) (int, error) { return copy(v[off:], p), nil }

// TestSettingsLayers: .args gives way to llamaboot.cfg, that to the arguments of the boot environment.
func TestSettingsLayers(t *testing.T) {
	model := string(demo(t))
	boot := func(args, cfg string, bootArgs *string) *world {
		w := newWorld(t, files{".args": args, format.ESPName: esp(t, cfg), "demo.gguf": model}, "")
		w.BootSettings, w.BootArgs = true, bootArgs
		return w
	}
	count := func(w *world) int {
		out, _ := w.run(t, ExitOK)
		return len(strings.Fields(out))
	}
	args := "--cli\n-p\nOnce upon a time\n--ids\n--temp\n0\n-n\n3\n"
	if n := count(boot(args, "", nil)); n != 3 {
		t.Errorf(".args alone: %d ids, want 3", n)
	}
	if n := count(boot(args, "predict = 5\r\n", nil)); n != 5 {
		t.Errorf("with llamaboot.cfg: %d ids, want 5", n)
	}
	fw := "--cli\n--ids\n-p\nOnce\n-n\n7\n"
	if n := count(boot(args, "predict = 5\ntemp = 0\n", &fw)); n != 7 {
		t.Errorf("with boot arguments: %d ids, want 7", n)
	}
	w := boot(args, "predict = 5\ntemp = hot\n", nil)
	if n := count(w); n != 5 {
		t.Errorf("with a bad line: %d ids, want 5", n)
	}
	for _, want := range []string{"warning: llamaboot.cfg line 2: temp", "llamaboot.cfg sets predict\n"} {
		if !strings.Contains(w.err.String(), want) {
			t.Errorf("no %q in %q", want, w.err.String())
		}
	}
	w = boot(args, "mode = chat\n", nil) // with --ids of .args: cannot be
	if n := count(w); n != 3 || !strings.Contains(w.err.String(), "llamaboot.cfg is left out: --ids goes with --cli") {
		t.Errorf("settings that do not fit: %d ids, want 3; %q", n, w.err.String())
	}
	hosted := boot(args, "predict = 5\n", nil)
	hosted.BootSettings = false
	if n := count(hosted); n != 3 {
		t.Errorf("under an operating system: %d ids, want 3", n)
	}
	// A volume that is none costs the settings and not the boot.
	broken := newWorld(t, files{".args": args, format.ESPName: strings.Repeat("x", 4096), "demo.gguf": model}, "")
	broken.BootSettings = true
	if n := count(broken); n != 3 || !strings.Contains(broken.err.String(), "warning: test.llamafile: llamaboot.cfg on boot/esp.img: not a FAT32 volume") {
		t.Errorf("broken volume: %d ids; %q", n, broken.err.String())
	}
}

// TestPromptStartsChat: the prompt of a chat is said first, then it goes on.
func TestPromptStartsChat(t *testing.T) {
	model := files{"demo.gguf": string(demo(t))}
	asked, _ := newWorld(t, model, "Hello!\n", "-n", "12", "--temp", "0").run(t, ExitOK)
	given, _ := newWorld(t, model, "", "-n", "12", "--temp", "0", "--chat", "-p", "Hello!").run(t, ExitOK)
	answer := strings.TrimPrefix(asked, promptSign)
	if len(answer) < 10 || !strings.HasPrefix(given, promptSign+"Hello!\n"+answer[:len(answer)-len(promptSign)-1]) {
		t.Errorf("typed: %q; given with -p: %q", asked, given)
	}
	booted := newWorld(t, model, "", "-n", "12", "--temp", "0", "-p", "Hello!")
	booted.BootSettings = true
	if got, _ := booted.run(t, ExitOK); got != given {
		t.Errorf("booted: %q; want %q", got, given)
	}
	if text, _ := newWorld(t, model, "", "-n", "12", "--temp", "0", "-p", "Hello!").run(t, ExitOK); strings.Contains(text, promptSign) {
		t.Errorf("-p without a mode: %q, want what --cli prints", text)
	}
	if !bytes.HasSuffix([]byte(given), []byte(promptSign+"\n")) {
		t.Errorf("the chat did not go on: %q", given)
	}
}

package app

import (
	"errors"
	"flag"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/model"
)

func TestParseOptions(t *testing.T) {
	o, err := parseOptions([]string{"--cli", "-p", "a b", "-n=5", "--temp", "0", "-c", "256", "--threads", "2", "--seed", "7",
		"--ids", "-m", "x.gguf", "--top-k", "3", "--top-p=0.5", "--min-p", "0", "--repeat-penalty", "1.5", "--repeat-last-n", "9",
		"-r", "stop", "-r", "halt", "--ignore-eos", "--samplers", "top_k;temperature", "--logit-bias", "5+1.5", "--logit-bias", "6-inf",
		"--cache-type", "q8_0"})
	if err != nil {
		t.Fatal(err)
	}
	if o.mode != modeCLI || !slices.Equal(o.prompts, []string{"a b"}) || o.n != 5 || o.context != 256 || o.threads != 2 || !o.ids || o.model != "x.gguf" ||
		!slices.Equal(o.stop, []string{"stop", "halt"}) || !o.ignoreEOS {
		t.Errorf("options %+v", o)
	}
	bias := map[int32]float32{5: 1.5, 6: float32(math.Inf(-1))}
	if s := o.sampling; !maps.Equal(s.LogitBias, bias) || !slices.Equal(s.Order, []string{"top_k", "temperature"}) || o.cache != model.CacheQ8 {
		t.Errorf("sampling %+v, cache %v", s, o.cache)
	}
	if s := o.sampling; s.Temp != 0 || s.Seed != 7 || s.TopK != 3 || s.TopP != 0.5 || s.MinP != 0 || s.RepeatPenalty != 1.5 || s.RepeatLastN != 9 {
		t.Errorf("sampling %+v", s)
	}
}

func TestParseOptionsDefaults(t *testing.T) {
	o, err := parseOptions(nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.mode != modeDefault || o.n != -1 || o.context != 0 || o.threads != 0 || o.sampling.Temp != 0.8 || o.sampling.Seed != 0 {
		t.Errorf("options %+v", o)
	}
}

// TestLaterArgumentsWin is what lets users override .args.
func TestLaterArgumentsWin(t *testing.T) {
	o, err := parseOptions([]string{"--chat", "-n", "5", "--temp", "1", "--cli", "-p", "one", "-n", "6", "--temperature", "0.5", "--prompt", "two"})
	if err != nil {
		t.Fatal(err)
	}
	if o.mode != modeCLI || o.n != 6 || o.sampling.Temp != 0.5 || !slices.Equal(o.prompts, []string{"one", "two"}) {
		t.Errorf("options %+v", o)
	}
}

func TestParseOptionsRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"--cli":                   "--cli needs a prompt",
		"--cli -p x -f y":         "-p and -f both give a prompt",
		"--chat --ids":            "--ids goes with --cli",
		"-p x -f y":               "-p and -f both give a prompt",
		"--nope":                  "flag provided but not known",
		"-n x":                    "invalid value",
		"-n -2":                   "-n -2: want a number of tokens",
		"-c -1":                   "-c -1",
		"-t -1":                   "-t -1",
		"--temp warm":             "want a number",
		"--temp -1":               "--temp -1",
		"--temp NaN":              "--temp NaN",
		"--top-k -1":              "--top-k -1",
		"--top-p 1.5":             "--top-p 1.5",
		"--min-p -0.1":            "--min-p -0.1",
		"--repeat-penalty 0":      "--repeat-penalty 0",
		"--repeat-last-n -2":      "--repeat-last-n -2",
		"stray":                   `unexpected "stray"`,
		"--cli -p":                "flag needs an argument",
		`--cli -e -p a\q`:         `unknown escape \q`,
		`--cli -e -p a\`:          `a lone \ at the end`,
		`--cli -e -p \xZZ`:        "two hexadecimal digits",
		"--grammar x -j y":        "is enough",
		"--mirostat 3":            "--mirostat 3: want 0, 1 or 2",
		"--dry-multiplier Inf":    "--dry-multiplier +Inf: want a finite number",
		"--mirostat-lr NaN":       "--mirostat-lr NaN: want a finite number",
		"--cli -p x --seed -2":    "or -1",
		"-t 1025":                 "up to 1024",
		"--xtc-probability 2":     "--xtc-probability 2: want 0 to 1",
		"--typical NaN":           "--typical NaN: want 0 to 1",
		"--samplers top_k;foo":    `--samplers: wrong sampling parameters: sampler "foo" is unknown`,
		"--logit-bias 5":          "such as 15+1.5",
		"--logit-bias x+1":        "such as 15+1.5",
		"--logit-bias 5+inf":      "such as 15+1.5",
		"--cache-type q4_0":       `invalid value "q4_0" for flag --cache-type: want f16, f32 or q8_0`,
		"--ids=perhaps":           `invalid value "perhaps" for flag --ids: want true or false`,
		"--metrics=perhaps":       `invalid value "perhaps" for flag --metrics: want true or false`,
		"--cli=@":                 `invalid value "@" for flag --cli: want true or false`,
		"--cli -p x -c 999999999": "",
	} {
		_, err := parseOptions(strings.Fields(args))
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", args, err)
			}
			continue
		}
		if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want errUsage with %q", args, err, want)
		}
	}
}

func TestUnescape(t *testing.T) {
	got, err := unescape(`a\n\t\r\\\"\'\x41z`)
	if want := "a\n\t\r\\\"'Az"; got != want || err != nil {
		t.Errorf("unescape = %q, %v; want %q", got, err, want)
	}
}

// TestHelpNamesEveryFlag keeps the help text and the flags the same.
func TestHelpNamesEveryFlag(t *testing.T) {
	fs := (&options{}).flagSet()
	named := map[string]bool{}
	for line := range strings.Lines(flagHelp) {
		if !strings.HasPrefix(line, "  -") {
			continue
		}
		// Flags stand left of the explanation, separated by commas, each with its argument.
		spec, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
		for alternative := range strings.SplitSeq(spec, ", ") {
			word, _, _ := strings.Cut(alternative, " ")
			name := strings.TrimLeft(word, "-")
			named[name] = true
			if fs.Lookup(name) == nil {
				t.Errorf("the help names %s, which is no flag", word)
			}
		}
	}
	// Other spellings that llama.cpp accepts and the help leaves out.
	aliases := []string{"n-predict", "temperature", "no-browser", "no-context-shift", "no-escape", "cache-type-k", "cache-type-v", "ctk", "ctv", "ui", "no-ui", "chat-template-file", "l",
		"typical-p", "top-n-sigma", "dry-penalty-last-n", "dynatemp-exp"}
	for _, f := range peerFlags {
		aliases = append(aliases, strings.Fields(f.names)...)
	}
	fs.VisitAll(func(f *flag.Flag) {
		if strings.Contains(f.Name, "_") {
			return // the same with underscores
		}
		if !named[f.Name] && !slices.Contains(aliases, f.Name) {
			t.Errorf("the help does not name --%s", f.Name)
		}
	})
}

func TestOptionErrorsNameFlagsAsTheHelpDoes(t *testing.T) {
	for args, want := range map[string]string{
		"--nope":   "wrong arguments: flag provided but not known: --nope",
		"--temp x": `wrong arguments: invalid value "x" for flag --temp: want a number`,
		"--temp":   "wrong arguments: flag needs an argument: --temp",
		"-n abc":   `wrong arguments: invalid value "abc" for flag -n: want a number`,
	} {
		if _, err := parseOptions(strings.Fields(args)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}

// TestWrongValuesNameTheirFlag gives every flag that is no text a value it cannot take.
func TestWrongValuesNameTheirFlag(t *testing.T) {
	refused := 0
	newOptions().flagSet().VisitAll(func(f *flag.Flag) {
		name := "-" + f.Name
		if len(f.Name) > 1 {
			name = "--" + f.Name
		}
		_, err := parseOptions([]string{"--" + f.Name + "=@"})
		if err == nil {
			return // a text, or one of llama.cpp's that changes nothing here
		}
		refused++
		text := err.Error()
		if !errors.Is(err, errUsage) || !strings.Contains(text, name) {
			t.Errorf("%s: %v, want errUsage that names %s", f.Name, err, name)
		}
		for _, word := range []string{"strconv", "parse error", "boolean"} {
			if strings.Contains(text, word) {
				t.Errorf("%s: %v: %q helps nobody", f.Name, err, word)
			}
		}
	})
	if refused < 100 {
		t.Errorf("%d flags refused @, want more: is it refused at all?", refused)
	}
}

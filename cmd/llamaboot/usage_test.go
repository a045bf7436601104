package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// texts are the flags that take any text: names of files and members, prompts. What is wrong with one shows when it is used.
var texts = []string{
	"add --as", "add --remove", "bench --write", "build --args", "build --cfg", "build --from", "build --mmproj", "build --model",
	"embed --file", "embed --prompt", "extract --directory", "image --args", "image --cfg", "logits --output", "perplexity --file",
	"qemu --cpu", "qemu --firmware", "qemu --prompt", "qemu --screenshot", "template --input", "tokenize --file",
	"assimilate --output", "build --output", "image --output",
	// These have rows in TestWrongArguments.
	"bench --synthetic", "logits --ids", "qemu --arch",
}

// TestWrongValues gives every flag of every verb a value it cannot take: status 2, and the message names the flag and what
// it wants. The files named do not exist, so a flag that is looked at too late fails here, too.
func TestWrongValues(t *testing.T) {
	var seen []string
	for _, verb := range newRootCmd().Commands() {
		if verb.Name() == "completion" || verb.Name() == "help" {
			continue // cobra's
		}
		verb.Flags().VisitAll(func(f *pflag.Flag) {
			name := verb.Name() + " --" + f.Name
			if slices.Contains(texts, name) {
				seen = append(seen, name)
				return
			}
			code, errs := status(t, append([]string{verb.Name(), "--" + f.Name + "=@"}, arguments(verb)...))
			want := "llamaboot: --" + f.Name + " @: want "
			if code != exitUsage || !strings.HasPrefix(errs, want) || !strings.Contains(errs, "\nhint: ") {
				t.Errorf("%s=@: status %d, %q; want %d, %q and a hint", name, code, errs, exitUsage, want)
			}
		})
	}
	for _, name := range texts {
		if !slices.Contains(seen, name) {
			t.Errorf("there is no flag %s", name)
		}
	}
}

// arguments are as many names of missing files as the verb takes at least.
func arguments(verb *cobra.Command) []string {
	for n := range 4 {
		args := slices.Repeat([]string{"missing"}, n)
		if verb.Args == nil || verb.Args(verb, args) == nil {
			return args
		}
	}
	return nil
}

// status runs a command line.
func status(t *testing.T, args []string) (code int, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, errs.String()
}

// TestWrongArguments has what a flag's type alone does not refuse.
func TestWrongArguments(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"fly", `unknown verb "fly"`},
		{"build", "no model given"},
		{"build m", `unknown command "m" for "llamaboot build"`},
		{"build --nope", "unknown flag: --nope"},
		{"build --model", "flag needs an argument: --model"},
		{"build --model m --pe=", `--pe "": want windows or efi`},
		{"build --model m --targets linux/amd64,plan9/386", "--targets linux/amd64,plan9/386: want linux/amd64, "},
		{"build --from m", "--from alone changes nothing"},
		{"build --from m --pe efi", "--from without -o can only change --args"},
		{"build --model m --model n --split-weights", "--split-weights goes with one --model, got 2"},
		{"build --model m-00002-of-00003.gguf", "m-00002-of-00003.gguf is a later part of a split model"},
		{"image", "accepts 1 arg(s), received 0"},
		{"add m", "nothing to add"},
		{"add m a b --as x", "--as goes with one file, got 2"},
		{"add m a --as ../x", "--as ../x: "},
		{"run", "no FILE given"},
		{"qemu --arch riscv m", "--arch riscv: "},
		{"qemu --bios --uefi m", "--bios and --uefi"},
		{"qemu --secure-boot m", "--firmware and --secure-boot go with --uefi"},
		{"qemu --smp 256 m", "--smp 256: want 1 to 255"},
		{"qemu --mem much m", "--mem much: want an amount of memory"},
		{"qemu --timeout 5 m", "--timeout 5: want a time such as 90s"},
		{"qemu --timeout -5s m", "--timeout -5s: want more than 0"},
		{"qemu --disk ide --machine q35 m", "--machine and --disk: "},
		{"qemu -n 5 m", "-n goes with --prompt"},
		{"qemu m n", `unexpected "n"`},
		{"bench", "want either a model or --synthetic"},
		{"bench m --synthetic tinyllama-1.1b:Q4_0", "want either a model or --synthetic"},
		{"bench --synthetic nothing:Q4_0", "--synthetic nothing:Q4_0: unknown shape"},
		{"bench --synthetic tinyllama-1.1b:Q9", "--synthetic tinyllama-1.1b:Q9: tensor type"},
		{"bench m --write x", "--write without --synthetic"},
		{"bench m -t 1,0", "--threads 1,0: want 1 to 1024"},
		{"bench m -r 0", "--reps 0: want at least 1"},
		{"perplexity m -c 3", "--ctx-size 3: want at least 4"},
		{"perplexity m -t 1025", "--threads 1025: want 0 to 1024"},
		{"quantize a b", "accepts 3 arg(s), received 2"},
		{"quantize a b Q9", "TYPE Q9: want BF16, F16, "},
		{"logits m -o x", "no token ids"},
		{"logits m --ids 1,x -o x", `--ids: "x" is no token id`},
		{"logits m --ids 1", "logits needs a place to write to"},
		{"template m", "template needs a conversation"},
		{"embed m -p a --file b", "--prompt and --file exclude each other"},
		{"flash m", "accepts 2 arg(s), received 1"},
		{"version x", `unknown command "x" for "llamaboot version"`},
	} {
		code, errs := status(t, strings.Fields(c.line))
		if code != exitUsage || !strings.HasPrefix(errs, "llamaboot: "+c.want) {
			t.Errorf("%s: status %d, %q; want %d and %q", c.line, code, errs, exitUsage, c.want)
		}
	}
}

// TestFiles: every file here belongs to a verb, or is one of the helpers cli_*.go.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	helper := regexp.MustCompile(`^(cli_\w+|main)$`)
	for _, name := range files {
		name = strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test")
		verb, _, _ := strings.Cut(name, "_")
		known := slices.ContainsFunc(verbs(), func(c *cobra.Command) bool { return c.Name() == verb })
		if !known && !helper.MatchString(name) && !slices.Contains([]string{"usage", "golden", "wine"}, name) { // tests of several verbs
			t.Errorf("%s.go belongs to no verb", name)
		}
	}
}

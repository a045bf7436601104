package app

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/llamaboot/llamaboot/ape/format"
)

// llamaboot.cfg, the owner's settings on the boot disk: lines `key = value`, where the keys are the long names of the
// flags and a few plainer ones. It is edited with whatever editor is at hand, so a byte order mark, any line ends and
// UTF-16 are accepted, and a line that says nothing useful costs that line and not the boot.

// aliases are the keys that are no flags. The value of a key with an empty flag is itself the flag (mode = cli).
var aliases = map[string]string{
	"mode":    "",
	"system":  "system-prompt",
	"ctx":     "ctx-size",
	"context": "ctx-size",
}

// modes are the values of the key mode.
var modes = []string{"chat", "cli", "bench"}

// networkKey is understood, so that settings can be written for the program that will have a network; this one has none.
const networkKey = "network"

const usualSettings = "mode, prompt, system, ctx, threads, predict, temp, top-k, top-p, min-p, repeat-penalty, seed, keyboard, video, selftest or another long flag of --help"

// maxProblems bounds the lines complained about one by one: a file in a format of its own would fill the screen.
const maxProblems = 10

// LineLeftOut ends the description of a bad line.
const LineLeftOut = "; the line is left out"

// ParseSettings turns the text of llamaboot.cfg into arguments, one for each good line in their order, and describes
// each bad line with its number and what is accepted in its place.
func ParseSettings(text []byte) (args, problems []string) {
	bad := 0
	number := 0
	for line := range strings.SplitSeq(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(decodeText(text)), "\n") {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		arg, err := parseSetting(line)
		if err == nil {
			args = append(args, arg)
			continue
		}
		if bad++; bad <= maxProblems {
			problems = append(problems, fmt.Sprintf("%s line %d: %v%s", format.SettingsName, number, err, LineLeftOut))
		}
	}
	if bad > maxProblems {
		problems = append(problems, fmt.Sprintf("%s: %d more lines are left out", format.SettingsName, bad-maxProblems))
	}
	return args, problems
}

// parseSetting turns one line into one argument, --flag=value.
func parseSetting(line string) (string, error) {
	key, value, found := strings.Cut(line, "=")
	key = strings.ToLower(strings.ReplaceAll(strings.TrimLeft(strings.TrimSpace(key), "-"), "_", "-"))
	if !found || key == "" {
		return "", fmt.Errorf("%.40q: want KEY = VALUE, or # and a comment", line)
	}
	value, err := unquote(strings.TrimSpace(value))
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	if key == networkKey {
		return "", fmt.Errorf("network = %.40s: there is no network on a bare machine yet", value)
	}
	name := key
	if flagName, ok := aliases[key]; ok {
		name = flagName
	}
	if name == "" {
		if !slices.Contains(modes, value) {
			return "", fmt.Errorf("%s = %.40q: want one of %s", key, value, strings.Join(modes, ", "))
		}
		return "--" + value, nil
	}
	// Every line is tried alone, so that what is wrong with it is told with its number.
	o := newOptions()
	fs := o.flagSet()
	f := fs.Lookup(name)
	if f == nil || name == "help" || name == "version" || name == "h" || slices.Contains(modes, name) {
		return "", fmt.Errorf("%.40q is no setting; want %s", key, usualSettings)
	}
	if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
		if value, err = yesOrNo(value); err != nil {
			return "", fmt.Errorf("%s: %w", key, err)
		}
	}
	if err := setFlag(fs, name, value); err != nil {
		return "", fmt.Errorf("%s = %.40q: %w", key, value, err)
	}
	if err := o.checkValues(); err != nil {
		return "", fmt.Errorf("%s: %s", key, strings.TrimPrefix(err.Error(), errUsage.Error()+": "))
	}
	return "--" + name + "=" + value, nil
}

// setFlag sets a flag; the flag package says only "parse error" about numbers.
func setFlag(fs *flag.FlagSet, name, value string) error {
	err := fs.Set(name, value)
	if err != nil && strings.Contains(err.Error(), "parse error") {
		return fmt.Errorf("want a number")
	}
	return err
}

// unquote takes double quotes off a value; within them the escapes of -e count.
func unquote(value string) (string, error) {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return value, nil
	}
	return unescape(value[1 : len(value)-1])
}

func yesOrNo(value string) (string, error) {
	switch strings.ToLower(value) {
	case "yes", "on", "true", "1":
		return "true", nil
	case "no", "off", "false", "0":
		return "false", nil
	}
	return "", fmt.Errorf("%.40q: want yes or no", value)
}

// decodeText returns text in UTF-8: it drops a byte order mark and decodes the UTF-16 that some editors write.
func decodeText(text []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return strings.ToValidUTF8(string(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))), string(utf8.RuneError))
	}
	units := make([]uint16, 0, len(text)/2)
	for b := text[2:]; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// settings returns the arguments from llamaboot.cfg and says on the console what it found wrong with them.
func (p *program) settings() []string {
	if !p.BootSettings || p.self == nil {
		return nil
	}
	text, ok, err := p.self.Settings()
	if err != nil {
		p.warn("%v", err)
	}
	if !ok {
		return nil
	}
	args, problems := ParseSettings(text)
	for _, problem := range problems {
		p.warn("%s", problem)
	}
	if len(args) > 0 {
		var names []string
		for _, a := range args {
			name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
			names = append(names, name)
		}
		fmt.Fprintf(p.Stderr, "%s sets %s\n", format.SettingsName, strings.Join(names, ", "))
	}
	return args
}

func (p *program) warn(format string, args ...any) {
	fmt.Fprintf(p.Stderr, "warning: "+format+"\n", args...)
}

// readOptions merges the layers of arguments: the llamafile's .args with the user's, then llamaboot.cfg, then what
// the boot environment gives. A later one wins. Settings that do not go together with the rest are left out: the
// machine must still start.
func (p *program) readOptions() (*options, error) {
	first, last, err := p.allArgs()
	if err != nil {
		return nil, err
	}
	if p.BootSettings { // a machine without a mode chats, and what its prompt says comes first
		first = slices.Concat([]string{"--chat"}, first)
	}
	settings := p.settings()
	env := &options{}
	if p.Environ != nil {
		first = slices.Concat(env.environmentArgs(p.Environ()), first)
	}
	o, err := parseOptions(slices.Concat(first, settings, last), last, settings, p.Args)
	if o != nil {
		o.notes = append(env.notes, o.notes...)
	}
	if err == nil || len(settings) == 0 {
		return o, err
	}
	without, errWithout := parseOptions(slices.Concat(first, last), last, p.Args)
	if errWithout != nil {
		return nil, errWithout
	}
	p.warn("%s is left out: %s", format.SettingsName, strings.TrimPrefix(err.Error(), errUsage.Error()+": "))
	return without, nil
}

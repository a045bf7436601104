package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/llamaboot/llamaboot/internal/cli"
)

// A flag with few values or a range refuses others when the command line is read, before anything is opened. The Set of
// such a flag returns an error that says what it wants; flagError puts the name of the flag and the value before it.

// flagError is what pflag found wrong with a command line, as an error in it that names the flag and what it wants.
func flagError(err error) error {
	var value *pflag.InvalidValueError
	if !errors.As(err, &value) {
		return cli.Usage(err)
	}
	f := value.GetFlag()
	want := f.Value.Type()
	switch want {
	case "duration":
		want = "a time such as 90s or 2m"
	case "bool":
		want = "true or false"
	case wordType, numberType, sizeType:
		want = value.Unwrap().Error()
	}
	got := printable(value.GetValue())
	if got == "" {
		got = `""`
	}
	return cli.Usagef("--%s %s: want %s", f.Name, got, want)
}

// Types of our own flags, as the help page shows them.
const (
	wordType   = "word"
	numberType = "number"
	sizeType   = "size"
)

// words is a flag that takes one of several words, whose case does not matter.
type words[T ~string] struct {
	value *T
	names map[string]T // what each word stands for
	want  string       // the words as far as people should know them
}

// choiceVar defines a flag that takes one of choices, which stand for themselves. An empty initial value stands for a
// default that usage explains.
func choiceVar[T ~string](flags *pflag.FlagSet, p *T, name string, initial T, choices []T, usage string) {
	names, list := map[string]T{}, make([]string, len(choices))
	for i, c := range choices {
		names[strings.ToLower(string(c))], list[i] = c, string(c)
	}
	aliasVar(flags, p, name, initial, names, orList(list), usage)
}

// aliasVar defines a flag that takes the keys of names and sets *p to what the key stands for; want lists the keys as
// far as people should know them.
func aliasVar[T ~string](flags *pflag.FlagSet, p *T, name string, initial T, names map[string]T, want, usage string) {
	*p = initial
	flags.Var(&words[T]{p, names, want}, name, usage)
}

func (w *words[T]) String() string {
	if w.value == nil {
		return ""
	}
	return string(*w.value)
}

func (w *words[T]) Type() string { return wordType }

func (w *words[T]) Set(s string) error {
	v, ok := w.names[strings.ToLower(s)]
	if !ok {
		return errors.New(w.want)
	}
	*w.value = v
	return nil
}

// wordList is a flag that takes several of some words, separated by commas.
type wordList struct {
	value *[]string
	words []string
}

// wordListVar defines a flag that takes several of words, separated by commas.
func wordListVar(flags *pflag.FlagSet, p *[]string, name string, words []string, usage string) {
	flags.Var(&wordList{p, words}, name, usage)
}

func (l *wordList) String() string {
	if l.value == nil {
		return ""
	}
	return strings.Join(*l.value, ",")
}

func (l *wordList) Type() string { return wordType }

func (l *wordList) Set(s string) error {
	for _, word := range strings.Split(s, ",") {
		if !slices.Contains(l.words, word) {
			return errors.New(orList(l.words) + ", or several with commas between")
		}
		*l.value = append(*l.value, word)
	}
	return nil
}

// orList lists words as in a sentence: a, b or c.
func orList(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// number is a flag that takes whole numbers in a range: one, or with list set several with commas between.
type number struct {
	value    *int
	list     *[]int
	min, max int
}

// noLimit is a maximum that is none.
const noLimit = 1<<31 - 1

// numberVar defines a flag that takes a whole number from min to max.
func numberVar(flags *pflag.FlagSet, p *int, name, short string, initial, min, max int, usage string) {
	*p = initial
	flags.VarP(&number{value: p, min: min, max: max}, name, short, usage)
}

// numbersVar defines a flag that takes whole numbers from min to max, separated by commas.
func numbersVar(flags *pflag.FlagSet, p *[]int, name, short string, min, max int, usage string) {
	flags.VarP(&number{list: p, min: min, max: max}, name, short, usage)
}

func (n *number) String() string {
	if n.value == nil {
		return ""
	}
	return strconv.Itoa(*n.value)
}

func (n *number) Type() string { return numberType }

func (n *number) Set(s string) error {
	if n.list == nil {
		v, err := n.parse(s)
		*n.value = v
		return err
	}
	var all []int
	for _, field := range strings.Split(s, ",") {
		v, err := n.parse(strings.TrimSpace(field))
		if err != nil {
			return err
		}
		all = append(all, v)
	}
	*n.list = all
	return nil
}

func (n *number) parse(s string) (int, error) {
	v, err := strconv.Atoi(s)
	switch {
	case err == nil && v >= n.min && v <= n.max:
		return v, nil
	case err != nil:
		return 0, errors.New("a whole number")
	case n.max == noLimit:
		return 0, fmt.Errorf("at least %d", n.min)
	}
	return 0, fmt.Errorf("%d to %d", n.min, n.max)
}

// size is a flag that takes an amount of memory as QEMU's -m does, options of it after a comma.
type size struct{ value *string }

var sizeForm = regexp.MustCompile(`^\d+(\.\d+)?[kKmMgGtT]?(,.+)?$`)

// sizeVar defines a flag that takes an amount of memory.
func sizeVar(flags *pflag.FlagSet, p *string, name, initial, usage string) {
	*p = initial
	flags.Var(&size{p}, name, usage)
}

func (z *size) String() string {
	if z.value == nil {
		return ""
	}
	return *z.value
}

func (z *size) Type() string { return sizeType }

func (z *size) Set(s string) error {
	if !sizeForm.MatchString(s) {
		return errors.New("an amount of memory such as 512M or 2G")
	}
	*z.value = s
	return nil
}

package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/metal/ps2"
	"github.com/llamaboot/llamaboot/runtime/metal/vbe"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/sample"
)

// mode is what the program does once a model is open.
type mode int

const (
	modeDefault mode = iota // modeChat with a server beside it
	modeChat
	modeCLI
	modeBench
	modeServer
	modeInteractive // one text in turns with a person
)

// options are the parsed arguments.
type options struct {
	mode          mode
	help, version bool
	selftest      bool

	model   string // -m: path, /zip/NAME, or empty for the first model of the llamafile
	context int    // tokens; 0 = the model's own
	cache   model.CacheType
	threads int // 0 = the platform's

	prompts    []string // one for each -p, or the text of -f
	promptFile string
	escapes    bool // -e: \n, \t, \\ and so on in the prompts
	system     string
	template   string // name, file or text of a chat template in place of the model's own
	n          int    // tokens to generate at most; -1 = until the model ends
	ids        bool
	ignoreEOS  bool
	shift      bool
	stop       []string
	constraint constraint
	sampling   sample.Params
	seeded     bool // --seed says which random choice
	console    ConsoleOptions
	server     serverOptions
	notes      []string // of flags that do nothing here

	interactive, interactiveFirst bool
	inPrefix, inSuffix            string
}

// MaxThreads is how many threads may be asked for; the Go runtime ends a program with more than ten thousand.
const MaxThreads = 1024

// errUsage marks errors in the arguments.
var errUsage = errors.New("wrong arguments")

// flagHelp is the help text, in its own order; TestHelpNamesEveryFlag compares it with the flag set.
const flagHelp = `Modes
  (none)                 chat line by line, and serve the page and the API (see Server); with -p or -f: --cli
  --chat                 chat line by line only
  --cli                  complete one prompt, print the text and exit
  --server               answer over HTTP as OpenAI's API does, on http://127.0.0.1:8080, with a page to chat on
  --bench                measure prompt and generation speed, one line of JSON a test; -n N generates N tokens
                         (128) after measuring a prompt four times as long
  --selftest             before anything else check that this machine computes what it should, on every CPU
  --help, -h             print this help
  --version              print the version

Model
  -m, --model FILE       a GGUF model or another llamafile; /zip/NAME is a member of this file
  -c, --ctx-size N       context in tokens (default: what the model was trained with, at most 8192)
  --cache-type TYPE      precision of cached keys and values: f16, f32 or q8_0 (default f16); -ctk and -ctv are the same
  -t, --threads N        CPU threads (default: one for each physical core)

Prompt
  -p, --prompt TEXT      the text to complete, in a chat what is said first; several are taken one after the other
  -f, --file FILE        read the text from FILE; - is standard input, /zip/NAME a member of this file
  -e, --escape           \n \t \r \\ \" \xHH in the text stand for their characters
  -sys, --system-prompt TEXT
                         system message of the chat
  --chat-template NAME   template of the chat in place of the model's own: a known one, such as chatml, llama3 or
                         gemma, or a file with a Jinja template (/zip/NAME: a member of this file), or its text

Generation
  -n, --predict N        tokens to generate at most (default -1: until the model ends)
  --ids                  with --cli: print token ids instead of text
  -r, --reverse-prompt TEXT
                         stop when the model writes TEXT; may be given several times
  -i, --interactive, --interactive-first
                         write one text in turns: the model until TEXT of -r or its end, then a line of yours, or yours first
  --in-prefix TEXT, --in-suffix TEXT
                         before and after each line of yours
  --ignore-eos           go on after the end-of-text token
  --context-shift        forget the older half when the context is full, instead of stopping
  --grammar TEXT, --grammar-file FILE
                         write only what this grammar allows (GBNF, as llama.cpp has it)
  -j, --json-schema TEXT, -jf, --json-schema-file FILE
                         write only JSON that this schema allows

Sampling
  --temp T               temperature; 0 always takes the likeliest token (default 0.8)
  --top-k N              keep the N likeliest tokens; 0 keeps all (default 40)
  --top-p P              keep the likeliest tokens of probability P together; 1 keeps all (default 0.95)
  --min-p P              drop tokens less likely than P times the likeliest (default 0.05)
  --repeat-penalty X     make repeated tokens less likely; 1 is off (default 1)
  --repeat-last-n N      how many last tokens count as repeated; -1 is all (default 64)
  --presence-penalty X, --frequency-penalty X
                         subtracted from tokens that occurred: once, for each time (default 0)
  --typical P            keep the most typical tokens of probability P together (default off)
  --top-nsigma N         keep tokens within N standard deviations of the likeliest (default off)
  --xtc-probability P, --xtc-threshold P
                         chance of leaving out all tokens above the threshold but one (default off, 0.1)
  --dry-multiplier X, --dry-base X, --dry-allowed-length N
                         strength of the penalty on continuing a repetition (default off, 1.75, 2)
  --dynatemp-range T     let the temperature vary by T with the model's certainty (default off)
  --mirostat N, --mirostat-ent X, --mirostat-lr X
                         steer towards a target surprise, version 1 or 2 (default off, 5, 0.1)
  --logit-bias ID+X      add X to the logit of token ID, or with - subtract it; may be given several times
  --samplers A;B;C       the samplers to apply, in this order (default: penalties;dry;top_n_sigma;top_k;typ_p;top_p;min_p;
                         xtc;temperature)
  -s, --seed N           seed of the random choice (default 0: the same text every time); -1 takes another one each time

Server
  --host ADDRESS         addresses to listen on, with commas between: 0.0.0.0 for every machine that reaches this one, a name
                         ending in .sock for a UNIX socket (default 127.0.0.1)
  --port N               port to listen on; 0 takes any that is free (default 8080, or the next that is free)
  --api-key KEY, --api-key-file FILE
                         keys of which requests must carry one, with commas or line ends between
  --api-prefix PATH      before every path of the API
  --cors-origins LIST    origins whose web pages may ask, * for all (default: pages of this machine)
  --chats FILE           where the page keeps its chats (default: llamaboot/chats.db in your folder for data); none:
                         only until the program ends
  --nobrowser            do not open the page in a web browser
  --webui, --no-webui    serve the page, or not (default: serve)
  -a, --alias NAME       name of the model (default: the name of its file)
  -np, --parallel N      requests answered at once (default 4); further ones wait
  -b, --batch-size N, -ub, --ubatch-size N
                         tokens computed at once at most (default and limit 256)
  -cram, --cache-ram N   MiB of memory for conversations that may go on; 0 keeps none, -1 all (default 1024)
  --ssl-key-file FILE, --ssl-cert-file FILE
                         private key and certificate (PEM) for HTTPS
  -to, --timeout N       seconds for a client to send a request and to take each part of an answer (default 60)
  --sse-ping-interval N  seconds between comments in a stream that is idle (default 30)
  --drain N              seconds that running answers have to end when the server is stopped (default 30)
  --metrics, --no-metrics, --slots, --no-slots
                         answer /metrics and /slots, or not (default: answer)

When the file boots
  --keyboard LAYOUT      us, uk, de, fr, es, it, pt, br, ch, be, se, no, dk, pl, dvorak and others (default us)
  --video MODE           auto: the picture that suits the screen; text: 80 columns, 25 lines; or a size such as 1280x1024
`

// parseOptions reads arguments in the style of llamafile and llama.cpp: one or two dashes, `-n 5` or `-n=5`. layers
// are the parts that args were merged from, the strongest first, as far as they matter to which prompts count.
func parseOptions(args []string, layers ...[]string) (*options, error) {
	o := newOptions()
	fs := o.flagSet()
	if err := fs.Parse(joinOptional(args)); err != nil {
		return nil, fmt.Errorf("%w: %s", errUsage, flagError(err.Error()))
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("%w: unexpected %q", errUsage, fs.Arg(0))
	}
	o.pickPrompts(layers)
	if o.mode == modeDefault && (len(o.prompts) > 0 || o.promptFile != "") {
		o.mode = modeCLI // as llamafile does
	}
	if o.interactive {
		o.mode = modeInteractive
	}
	if o.help || o.version {
		return o, nil
	}
	return o, o.check()
}

// flagError is what the flag package said, with two dashes before long flags as in the help text, one wording for flags with
// and without a value, and what is wanted.
func flagError(text string) string {
	text = strings.Replace(text, "not defined: -", "not known: --", 1)
	if boolean := booleanFlag.FindStringSubmatch(text); boolean != nil {
		text = "invalid value " + boolean[1] + " for flag -" + boolean[2] + ": " + boolean[3]
		for _, unsaid := range []string{"parse error", `strconv.ParseBool: parsing ` + boolean[1] + `: invalid syntax`} {
			text = strings.Replace(text, ": "+unsaid, ": want true or false", 1)
		}
	}
	return strings.Replace(longFlag.ReplaceAllString(text, "$1 --$2"), ": parse error", ": want a number", 1)
}

// booleanFlag matches the flag package's words about a flag that takes no value.
var booleanFlag = regexp.MustCompile(`^invalid boolean value (".*") for -([\w-]+): (.*)$`)

// longFlag matches the flag package's words about a flag of several letters.
var longFlag = regexp.MustCompile(`(for flag|argument:) -(\w[\w-]+)`)

func newOptions() *options {
	return &options{n: -1, sampling: defaultSampling(), server: defaultServer()}
}

func (o *options) flagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	setMode := func(m mode) func(string) error {
		return func(s string) error {
			on, err := strconv.ParseBool(s)
			if on {
				o.mode = m
			}
			return err
		}
	}
	fs.BoolFunc("chat", "", setMode(modeChat))
	fs.BoolFunc("cli", "", setMode(modeCLI))
	fs.BoolFunc("bench", "", setMode(modeBench))
	fs.BoolFunc("server", "", setMode(modeServer))
	fs.BoolVar(&o.version, "version", false, "")
	fs.BoolVar(&o.selftest, "selftest", false, "")
	fs.Func("keyboard", "", func(s string) error {
		o.console.Keyboard = s
		_, err := ps2.New(s)
		return err
	})
	fs.Func("video", "", func(s string) error {
		o.console.Video = s
		_, err := vbe.ParseRequest(s)
		return err
	})
	boolFlag(fs, &o.help, "help", "h")
	stringFlag(fs, &o.model, "model", "m")
	intFlag(fs, &o.context, "ctx-size", "c")
	cacheType := func(s string) (err error) {
		if o.cache, err = model.ParseCacheType(s); err != nil {
			return errors.New("want f16, f32 or q8_0")
		}
		return nil
	}
	for _, name := range []string{"cache-type", "cache-type-k", "ctk", "cache-type-v", "ctv"} {
		fs.Func(name, "", cacheType)
	}
	intFlag(fs, &o.threads, "threads", "t")
	for _, name := range []string{"prompt", "p"} {
		fs.Func(name, "", func(s string) error { o.prompts = append(o.prompts, s); return nil })
	}
	stringFlag(fs, &o.promptFile, "file", "f")
	boolFlag(fs, &o.escapes, "escape", "e")
	fs.BoolFunc("no-escape", "", func(string) error { o.escapes = false; return nil })
	stringFlag(fs, &o.system, "system-prompt", "sys")
	stringFlag(fs, &o.template, "chat-template", "chat-template-file")
	intFlag(fs, &o.n, "predict", "n", "n-predict")
	fs.BoolVar(&o.ids, "ids", false, "")
	for _, name := range []string{"reverse-prompt", "r"} {
		fs.Func(name, "", func(s string) error { o.stop = append(o.stop, s); return nil })
	}
	fs.BoolVar(&o.ignoreEOS, "ignore-eos", false, "")
	fs.BoolVar(&o.shift, "context-shift", false, "")
	fs.BoolFunc("no-context-shift", "", func(string) error { o.shift = false; return nil })
	boolFlag(fs, &o.interactive, "interactive", "i")
	fs.BoolFunc("interactive-first", "", func(string) error { o.interactive, o.interactiveFirst = true, true; return nil })
	stringFlag(fs, &o.inPrefix, "in-prefix")
	stringFlag(fs, &o.inSuffix, "in-suffix")
	stringFlag(fs, &o.constraint.grammar, "grammar")
	stringFlag(fs, &o.constraint.grammarFile, "grammar-file")
	stringFlag(fs, &o.constraint.schema, "json-schema", "j")
	stringFlag(fs, &o.constraint.schemaFile, "json-schema-file", "jf")
	o.samplingFlags(fs)
	o.server.flags(fs)
	o.peerFlags(fs)
	return fs
}

// check refuses values and combinations that cannot work.
func (o *options) check() error {
	switch {
	case len(o.prompts) > 0 && o.promptFile != "":
		return fmt.Errorf("%w: -p and -f both give a prompt, give one", errUsage)
	case o.mode == modeCLI && len(o.prompts) == 0 && o.promptFile == "":
		return fmt.Errorf("%w: --cli needs a prompt: -p TEXT or -f FILE", errUsage)
	case o.mode == modeBench && (len(o.prompts) > 0 || o.promptFile != "" || o.ids):
		return fmt.Errorf("%w: --bench makes its own prompts: leave out -p, -f and --ids", errUsage)
	case (o.mode == modeChat || o.mode == modeDefault) && o.ids:
		return fmt.Errorf("%w: --ids goes with --cli", errUsage)
	case o.constraint.given() > 1:
		return fmt.Errorf("%w: one of --grammar, --grammar-file, --json-schema and --json-schema-file is enough", errUsage)
	}
	if err := o.checkValues(); err != nil {
		return err
	}
	if !o.escapes {
		return nil
	}
	for i := range o.prompts {
		text, err := unescape(o.prompts[i])
		if err != nil {
			return fmt.Errorf("%w: -p: %v", errUsage, err)
		}
		o.prompts[i] = text
	}
	return nil
}

// checkValues refuses values that make no sense by themselves.
func (o *options) checkValues() error {
	switch {
	case o.context < 0:
		return fmt.Errorf("%w: -c %d: want a number of tokens, or 0 for what suits the model", errUsage, o.context)
	case o.threads < 0 || o.threads > MaxThreads:
		return fmt.Errorf("%w: -t %d: want a number of threads up to %d, or 0 for one on each core", errUsage, o.threads, MaxThreads)
	case o.n < -1:
		return fmt.Errorf("%w: -n %d: want a number of tokens, or -1 for no limit", errUsage, o.n)
	}
	if err := o.server.check(); err != nil {
		return err
	}
	return o.checkSampling()
}

// unescape replaces the escapes of -e.
func unescape(s string) (string, error) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(s, `\`)
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		if after == "" {
			return "", errors.New(`a lone \ at the end`)
		}
		s = after[1:]
		switch after[0] {
		case 'n':
			out.WriteByte('\n')
		case 'r':
			out.WriteByte('\r')
		case 't':
			out.WriteByte('\t')
		case '\\', '"', '\'':
			out.WriteByte(after[0])
		case 'x':
			if len(s) < 2 {
				return "", errors.New(`\x wants two hexadecimal digits`)
			}
			c, err := strconv.ParseUint(s[:2], 16, 8)
			if err != nil {
				return "", fmt.Errorf(`\x%s: want two hexadecimal digits`, s[:2])
			}
			out.WriteByte(byte(c))
			s = s[2:]
		default:
			return "", fmt.Errorf(`unknown escape \%c`, after[0])
		}
	}
}

// One flag under several names.
func stringFlag(fs *flag.FlagSet, p *string, names ...string) {
	for _, name := range names {
		fs.StringVar(p, name, *p, "")
	}
}

func intFlag(fs *flag.FlagSet, p *int, names ...string) {
	for _, name := range names {
		fs.IntVar(p, name, *p, "")
	}
}

func boolFlag(fs *flag.FlagSet, p *bool, names ...string) {
	for _, name := range names {
		fs.BoolVar(p, name, *p, "")
	}
}

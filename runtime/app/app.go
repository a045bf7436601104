package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/internal/version"
	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/console"
	"github.com/llamaboot/llamaboot/runtime/engine"
)

// levelEnv picks the instruction-set level of the kernels, for tests and comparisons.
const levelEnv = "LLAMABOOT_CPU"

// program is one run of the program.
type program struct {
	Platform
	self    *bundle.File // nil: started without a llamafile around it
	selfErr error        // why self is nil
	options *options
	level   string // instruction-set level that the environment asks for, "" for the best

	console    *console.Console // where a person types; nil when nobody does
	interrupts <-chan struct{}  // one value for each Ctrl-C
}

// Main runs the program and returns its exit status. Every error is printed here, once.
func Main(p Platform) int {
	status, err := run(p)
	if err == nil {
		return status
	}
	fmt.Fprintf(p.Stderr, "%s: %v\n", p.Name, err)
	if hint := hintFor(err); hint != "" {
		fmt.Fprintf(p.Stderr, "hint: %s\n", hint)
	}
	if errors.Is(err, errUsage) {
		return ExitUsage
	}
	return ExitFailure
}

func run(platform Platform) (status int, err error) {
	p := &program{Platform: platform}
	p.self, p.selfErr = p.OpenSelf()
	if p.self != nil {
		defer p.self.Close()
	}
	if p.options, err = p.readOptions(); err != nil {
		return 0, err
	}
	switch {
	case p.options.help:
		_, err := fmt.Fprintf(p.Stdout, "usage: %s [flags]\n\n%s", p.Name, flagHelp)
		return ExitOK, err
	case p.options.version:
		build := ""
		if p.Build != nil {
			build = ", build " + p.Build()
		}
		_, err := fmt.Fprintf(p.Stdout, "llamafile %s (llamaboot%s)\n", version.Version, build)
		return ExitOK, err
	}
	for _, note := range p.options.notes {
		p.warn("%s", note)
	}
	if p.Env != nil {
		if p.level, err = Level(p.Env); err != nil {
			return 0, err
		}
	}
	if p.SetConsole != nil {
		if err := p.SetConsole(p.options.console); err != nil { // a wrong layout must not keep a machine from starting
			fmt.Fprintf(p.Stderr, "%s: %v\n", p.Name, err)
		}
	}
	if name := p.options.promptFile; name != "" {
		text, err := p.readText("-f", name)
		if err != nil {
			return 0, err
		}
		p.options.prompts = []string{text}
	}
	if err := p.readConstraint(); err != nil {
		return 0, err
	}
	if p.options.mode == modeServer {
		return p.serve()
	}
	var s *service
	if p.options.mode == modeDefault && p.Listen != nil {
		if s, err = p.besideChat(); err != nil {
			return 0, err
		}
	}
	if s != nil {
		defer func() { err = errors.Join(err, s.end()) }()
	}
	m, err := p.loadModel()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, m.release()) }()
	defer p.openConsole()()
	if p.options.mode == modeBench && !p.options.selftest {
		return p.bench(m) // it opens the model itself
	}
	e, err := p.openEngine(m)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if p.options.selftest {
		if err := p.selftest(e, m); err != nil {
			return 0, err
		}
	}
	switch p.options.mode {
	case modeBench:
		return p.bench(m)
	case modeInteractive:
		return p.interactive(e)
	case modeCLI:
		return p.completeAll(e, p.options.prompts)
	}
	if s == nil {
		return p.chat(e, nil)
	}
	if err := s.ready(e, m); err != nil {
		return 0, err
	}
	return p.chat(e, s.scheduler)
}

// besideChat starts the server that runs beside a chat. An address that cannot be had is an error only if the person asked
// for it.
func (p *program) besideChat() (*service, error) {
	s, err := p.startService(make(chan struct{}, 2))
	if o := &p.options.server; err != nil && !o.portGiven && o.host == defaultHost && !errors.Is(err, errUsage) {
		p.warn("no server beside the chat: %v", err)
		return nil, nil
	}
	return s, err
}

// Level is the instruction-set level that the environment asks for, "" for the best one.
func Level(env func(string) string) (string, error) {
	level := env(levelEnv)
	if _, err := compute.LevelNamed(level); err != nil {
		return "", fmt.Errorf("%s=%s: %w", levelEnv, level, err)
	}
	return level, nil
}

// chats reports whether the mode reads lines.
func (p *program) chats() bool {
	return slices.Contains([]mode{modeChat, modeDefault, modeInteractive}, p.options.mode)
}

// openConsole starts reading what is typed: always in a chat, and on a raw console for the sake of Ctrl-C. The
// function it returns gives the terminal back.
func (p *program) openConsole() (closeConsole func()) {
	closeConsole = func() {}
	if p.Interrupts != nil {
		p.interrupts = p.Interrupts()
	}
	o := console.Options{Columns: p.Columns, Signals: p.interrupts, Commands: p.commands()}
	switch {
	case p.chats() && p.RawConsole:
		o.Echo = p.Stdout
	case p.chats():
		if p.Terminal == nil {
			break
		}
		if t, ok := p.Terminal(); ok {
			o.Echo, o.Columns, o.Suspend = p.Stdout, t.Columns, t.Suspend
			closeConsole = t.Close
		}
	case p.RawConsole:
		o.Echo = io.Discard // nothing reads lines while one prompt is completed
	default:
		return closeConsole
	}
	p.console = console.New(p.Stdin, o)
	p.interrupts = p.console.Interrupts()
	return closeConsole
}

// allArgs returns the arguments below the settings of llamaboot.cfg, the llamafile's .args merged with the user's, and
// those above them: what the boot environment gives in place of .args.
func (p *program) allArgs() (first, last []string, err error) {
	if p.BootArgs != nil {
		return nil, mergeArgs(*p.BootArgs, p.Args), nil
	}
	if p.self == nil {
		return p.Args, nil, nil
	}
	text, ok, err := p.self.Args()
	if err != nil || !ok {
		return p.Args, nil, err
	}
	return mergeArgs(text, p.Args), nil, nil
}

// loadedModel is a model's bytes and the file they are from.
type loadedModel struct {
	name    string // of the member, or of the bare GGUF file
	data    []byte
	file    *bundle.File
	release func() error // unmaps the data
}

// loadModel maps the model that -m names, or the first one of the llamafile.
func (p *program) loadModel() (*loadedModel, error) {
	file, member, owned, err := p.modelFile()
	if err != nil {
		return nil, err
	}
	if models := file.Models(); member == "" && len(models) > 1 {
		fmt.Fprintf(p.Stderr, "%s: %s holds %d models, using %s", p.Name, file.Name(), len(models), models[0])
		if file == p.self { // only of this one can another be named
			fmt.Fprintf(p.Stderr, "; -m %sNAME picks another", bundle.ZipPrefix)
		}
		fmt.Fprintln(p.Stderr)
	}
	closeFile := func() error { return nil }
	if owned {
		closeFile = file.Close
	}
	data, release, err := file.Load(member)
	if err != nil {
		return nil, errors.Join(err, closeFile())
	}
	if member == "" {
		member = file.Models()[0]
	}
	return &loadedModel{member, data, file, func() error { return errors.Join(release(), closeFile()) }}, nil
}

// openEngine opens a model.
func (p *program) openEngine(m *loadedModel) (*engine.Engine, error) {
	threads := p.options.threads
	if threads == 0 {
		threads = p.Threads
	}
	template, err := p.chatTemplate(p.options.template)
	if err != nil && p.PowerOff != nil { // a machine has nothing else to do
		fmt.Fprintf(p.Stderr, "%s: %v; going on with the model's own template\n", p.Name, err)
	} else if err != nil {
		return nil, err
	}
	e, err := engine.Open(m.name, m.data, engine.Options{Threads: threads, Level: p.level, Context: p.options.context, Template: template, Cache: p.options.cache})
	if err == nil && e.TemplateNote() != "" {
		fmt.Fprintf(p.Stderr, "%s: %s: %s; --chat-template gives another\n", p.Name, m.name, e.TemplateNote())
	}
	return e, err
}

// chatTemplate returns the template that --chat-template means: a known one, its own text, or a file's.
func (p *program) chatTemplate(name string) (source string, err error) {
	if name == "" {
		return "", nil
	}
	source, known := chat.Named(name)
	switch {
	case known:
	case strings.Contains(name, "{{"), strings.Contains(name, "{%"):
		source = name
	default:
		if source, err = p.readText("--chat-template", name); err != nil {
			return "", fmt.Errorf("%w; known by name are %s", err, strings.Join(chat.Names(), ", "))
		}
		if source == "" {
			return "", fmt.Errorf("%w: --chat-template %s: the file is empty", errUsage, name)
		}
	}
	if _, err := chat.Parse(source); err != nil {
		return "", fmt.Errorf("%w: --chat-template: %w", errUsage, err)
	}
	return source, nil
}

// modelFile decides which file, and which member of it, -m means. owned says that the caller closes the file.
func (p *program) modelFile() (file *bundle.File, member string, owned bool, err error) {
	name := p.options.model
	if name == "" {
		if file, ok, err := p.openBeside(); ok || err != nil {
			return file, "", true, err
		}
		return p.self, "", false, p.selfErr
	}
	if member, ok := strings.CutPrefix(name, bundle.ZipPrefix); ok {
		return p.self, member, false, p.selfErr
	}
	if p.OpenFile != nil {
		file, err = p.OpenFile(name)
		if err == nil {
			return file, "", true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, "", false, err
		}
	}
	// No such file: `-m NAME` in .args may mean a member, as llamafile accepted it before the /zip/ prefix.
	if p.self != nil && p.self.Has(name) {
		return p.self, name, false, nil
	}
	if err == nil {
		err = fmt.Errorf("no member %s in this llamafile, and there are no other files here", name)
	}
	return nil, "", false, err
}

// readText reads the file that a flag names: a path, - for standard input, or /zip/NAME.
func (p *program) readText(flag, name string) (string, error) {
	if member, ok := strings.CutPrefix(name, bundle.ZipPrefix); ok {
		if p.self == nil {
			return "", p.selfErr
		}
		return p.self.Text(member)
	}
	if name == "-" {
		return readBounded(flag, p.Stdin)
	}
	if p.OpenText == nil {
		return "", fmt.Errorf("%s %s: there are no files here; /zip/NAME reads a member of this llamafile", flag, name)
	}
	f, err := p.OpenText(name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	defer f.Close()
	return readBounded(flag, f)
}

// maxText bounds a text a flag names, in bytes: a pipe may never end.
const maxText = 16 << 20

func readBounded(flag string, r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	if len(b) > maxText {
		return "", fmt.Errorf("%s: a text of more than %d MiB", flag, maxText>>20)
	}
	return string(b), nil
}

// interruptible returns a context that the next Ctrl-C cancels.
func (p *program) interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-p.interrupts: // a nil channel never delivers
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel()
		if p.console != nil {
			p.console.Forget() // Ctrl-C at the last moment must not count for the next prompt
		}
	}
}

// hintFor says what to do about the errors a newcomer meets first.
func hintFor(err error) string {
	switch {
	case errors.Is(err, errUsage):
		return "--help lists the flags"
	case errors.Is(err, bundle.ErrNoModel):
		return "llamaboot add FILE model.gguf puts one in; -m model.gguf, or a model of the llamafile's own name beside it, is used from outside"
	case errors.Is(err, bundle.ErrTruncated):
		return "copy or download the file again"
	case errors.Is(err, bundle.ErrNotBundle):
		return "start the .llamafile itself, or give a model with -m model.gguf"
	}
	return ""
}

// Package manpage writes the manual pages of a command and its verbs in the language of man(7).
//
// Cobra's own generator goes through Markdown and brings three modules into the program for it; what a page needs of a
// command is what stands here.
package manpage

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// section is the manual's section for programs that users run.
const section = "1"

// WriteTree writes the page of cmd and of each of its verbs, verbs of verbs included, into the folder dir. source is the
// name and version of the package, for the foot of the pages, which depend on nothing else and bear no date.
func WriteTree(cmd *cobra.Command, source, dir string) error {
	if err := os.WriteFile(filepath.Join(dir, name(cmd)+"."+section), Page(cmd, source), 0o666); err != nil {
		return err
	}
	for _, verb := range visible(cmd) {
		if err := WriteTree(verb, source, dir); err != nil {
			return err
		}
	}
	return nil
}

// name is the title of a command's page: llamaboot-build for llamaboot build.
func name(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// visible lists the verbs of cmd that do something.
func visible(cmd *cobra.Command) (verbs []*cobra.Command) {
	for _, verb := range cmd.Commands() {
		if verb.IsAvailableCommand() {
			verbs = append(verbs, verb)
		}
	}
	return verbs
}

// Page returns the manual page of one command.
func Page(cmd *cobra.Command, source string) []byte {
	cmd.InitDefaultHelpFlag()
	p := &page{}
	p.line(`.TH "%s" "%s" "" "%s" "llamaboot manual"`, strings.ToUpper(name(cmd)), section, escape(source))
	p.line(".SH NAME")
	p.line(`%s \- %s`, name(cmd), escape(cmd.Short))
	p.line(".SH SYNOPSIS")
	p.line(".B %s", escape(cmd.UseLine()))
	if cmd.Long != "" {
		p.line(".SH DESCRIPTION")
		p.text(cmd.Long)
	}
	p.flags("OPTIONS", cmd.NonInheritedFlags())
	p.flags("OPTIONS OF ALL VERBS", cmd.InheritedFlags())
	if cmd.Example != "" {
		p.line(".SH EXAMPLES")
		p.verbatim(strings.Split(cmd.Example, "\n"))
	}
	p.seeAlso(cmd)
	return p.Bytes()
}

// page is a page that is being written.
type page struct{ bytes.Buffer }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// text writes paragraphs, which empty lines separate. Indented lines stay lines, the others are filled.
func (p *page) text(s string) {
	for _, paragraph := range strings.Split(strings.TrimSpace(s), "\n\n") {
		p.line(".PP")
		lines := strings.Split(paragraph, "\n")
		for len(lines) > 0 {
			n := 0
			for n < len(lines) && strings.HasPrefix(lines[n], "  ") {
				n++
			}
			if n > 0 {
				p.verbatim(lines[:n])
				lines = lines[n:]
				continue
			}
			p.line("%s", escape(lines[0]))
			lines = lines[1:]
		}
	}
}

// verbatim writes lines as they are, indented.
func (p *page) verbatim(lines []string) {
	p.line(".RS")
	p.line(".nf")
	for _, l := range lines {
		p.line("%s", escape(strings.TrimPrefix(l, "  ")))
	}
	p.line(".fi")
	p.line(".RE")
}

// flags writes a section of flags.
func (p *page) flags(title string, set *pflag.FlagSet) {
	if !set.HasAvailableFlags() {
		return
	}
	p.line(".SH %s", title)
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		names := `\fB` + escape("--"+f.Name) + `\fR`
		if f.Shorthand != "" {
			names = `\fB` + escape("-"+f.Shorthand) + `\fR, ` + names
		}
		if value != "" {
			names += ` \fI` + escape(value) + `\fR`
		}
		switch f.DefValue {
		case "", "0", "0s", "false", "[]":
		default:
			usage += " (default " + f.DefValue + ")"
		}
		p.line(".TP")
		p.line("%s", names)
		p.line("%s", escape(usage))
	})
}

// seeAlso names the pages above and below.
func (p *page) seeAlso(cmd *cobra.Command) {
	var pages []string
	if cmd.HasParent() {
		pages = append(pages, name(cmd.Parent()))
	}
	for _, verb := range visible(cmd) {
		pages = append(pages, name(verb))
	}
	if len(pages) == 0 {
		return
	}
	p.line(".SH SEE ALSO")
	for i, other := range pages {
		end := ","
		if i == len(pages)-1 {
			end = ""
		}
		p.line(".BR %s (%s)%s", other, section, end)
	}
}

// escape makes s the text it is: a backslash begins an escape sequence, a bare minus sign may be printed as a hyphen that
// cannot be copied to a shell, a quotation mark ends an argument, and a line that begins with . or ' is a request
// (groff_char(7), roff(7)).
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

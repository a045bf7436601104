package manpage

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
)

// command is one with everything a page shows, and with text that roff would take for requests.
func command() *cobra.Command {
	root := &cobra.Command{Use: "tool", Short: "Do things", Run: func(*cobra.Command, []string) {}}
	verb := &cobra.Command{
		Use:     "act [flags] FILE",
		Short:   `Act on "FILE"`,
		Long:    "Act on a file:\n  one \\n two\nand go on.\n\n.args is\n'quoted'.",
		Example: "  tool act -n 3 x\n  tool act y",
		Run:     func(*cobra.Command, []string) {},
	}
	verb.Flags().IntP("count", "n", 5, "how often, at most `N`")
	verb.Flags().Bool("dry-run", false, "only say what would be done")
	hidden := &cobra.Command{Use: "secret", Hidden: true, Run: func(*cobra.Command, []string) {}}
	root.AddCommand(verb, hidden)
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}

const actPage = `.TH "TOOL-ACT" "1" "" "tool 1.0" "llamaboot manual"
.SH NAME
tool-act \- Act on \(dqFILE\(dq
.SH SYNOPSIS
.B tool act [flags] FILE
.SH DESCRIPTION
.PP
Act on a file:
.RS
.nf
one \en two
.fi
.RE
and go on.
.PP
\&.args is
\&'quoted'.
.SH OPTIONS
.TP
\fB\-n\fR, \fB\-\-count\fR \fIN\fR
how often, at most N (default 5)
.TP
\fB\-\-dry\-run\fR
only say what would be done
.TP
\fB\-h\fR, \fB\-\-help\fR
help for act
.SH EXAMPLES
.RS
.nf
tool act \-n 3 x
tool act y
.fi
.RE
.SH SEE ALSO
.BR tool (1)
`

func TestPage(t *testing.T) {
	dir := t.TempDir()
	if err := WriteTree(command(), "tool 1.0", dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "tool-act.1"))
	if err != nil || string(got) != actPage {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, actPage)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(pages) != 2 {
		t.Errorf("pages %v, %v; want tool.1 and tool-act.1", pages, err)
	}
	if err := WriteTree(command(), "tool 1.0", filepath.Join(dir, "missing")); err == nil {
		t.Error("no error without the folder")
	}
}

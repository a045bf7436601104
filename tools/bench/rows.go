package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// way is how a row was measured.
type way struct {
	Model   string `json:"model"`
	Threads int    `json:"threads"`
	Level   string `json:"level,omitempty"` // both programs restricted to it
	Metric  string `json:"metric"`          // wall or cpu: tokens a second of which time
}

// row is one line of a table: medians over the rounds.
type row struct {
	way
	Test string  `json:"test"`
	Ours float64 `json:"llamaboot"`
	Peer float64 `json:"llama.cpp"`
}

// The kinds of tests; their names end in a number of tokens.
const (
	promptTest = "pp"
	genTest    = "tg"
)

// testName is what both programs call a test of n tokens.
func testName(kind string, n int) string { return kind + strconv.Itoa(n) }

// testTokens is the number of tokens in a test's name if it is of the kind.
func testTokens(kind, test string) (int, bool) {
	text, ok := strings.CutPrefix(test, kind)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0
}

// name identifies a row.
func (r row) name() string {
	s := fmt.Sprintf("%s %s t%d", r.Model, r.Test, r.Threads)
	if r.Level != "" {
		s += " " + r.Level
	}
	return s + " " + r.Metric
}

func (r row) ratio() float64 { return r.Ours / r.Peer }

// merge puts new rows in the place of old ones of the same name, others behind
// them.
func merge(kept, rows []row) []row {
	for _, r := range rows {
		i := slices.IndexFunc(kept, func(k row) bool { return k.name() == r.name() })
		if i < 0 {
			kept = append(kept, r)
		} else {
			kept[i] = r
		}
	}
	return kept
}

// readRows reads what is kept; a missing file holds nothing.
func readRows(file string) ([]row, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var rows []row
	if err := json.Unmarshal(b, &rows); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, r := range rows {
		if r.Ours <= 0 || r.Peer <= 0 {
			return nil, fmt.Errorf("%s: %s: speeds %v and %v, want both positive", file, r.name(), r.Ours, r.Peer)
		}
	}
	return rows, nil
}

// writeRows writes one row a line, speeds to a tenth.
func writeRows(file string, rows []row) error {
	var lines []string
	for _, r := range rows {
		r.Ours, r.Peer = math.Round(r.Ours*10)/10, math.Round(r.Peer*10)/10
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		lines = append(lines, string(line))
	}
	return os.WriteFile(file, []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o666)
}

// table is a table in Markdown.
func table(rows []row) string {
	var t strings.Builder
	t.WriteString("| model | test | threads | llamaboot | llama.cpp | ratio |\n| --- | --- | ---: | ---: | ---: | ---: |\n")
	for _, r := range rows {
		fmt.Fprintf(&t, "| %s | %s | %d | %.1f | %.1f | %.2f |\n", r.Model, r.Test, r.Threads, r.Ours, r.Peer, r.ratio())
	}
	return t.String()
}

// writeDocument puts tables into the notes: a line "TABLE LEVEL METRIC" stands
// for the rows measured so, LEVEL being "best" for no restriction.
func writeDocument(rows []row) error {
	b, err := os.ReadFile(notes)
	if err != nil {
		return err
	}
	var doc strings.Builder
	for l := range strings.Lines(string(b)) {
		f := strings.Fields(l)
		if len(f) != 3 || f[0] != "TABLE" {
			doc.WriteString(strings.ReplaceAll(l, "MACHINE", fmt.Sprintf("%s, %d processors, %s", cpuName(), runtime.NumCPU(), runtime.GOOS)))
			continue
		}
		var some []row
		for _, r := range rows {
			if r.Metric == f[2] && (r.Level == f[1] || r.Level == "" && f[1] == "best") {
				some = append(some, r)
			}
		}
		doc.WriteString(table(some))
	}
	return os.WriteFile(document, []byte(doc.String()), 0o666)
}

package app

import "strings"

// userArgsMark in .args stands for the arguments the user gave.
const userArgsMark = "..."

// mergeArgs applies the text of a .args file to the user's arguments, by the rules of llamafile: one argument a line;
// a line "..." is replaced by the user's arguments; without such a line the file only counts when the user gave none.
// Line ends may be LF, CR LF or CR; empty lines are skipped.
func mergeArgs(text string, user []string) []string {
	var merged []string
	marked := false
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line == userArgsMark {
			marked = true
			merged = append(merged, user...)
			continue
		}
		merged = append(merged, line)
	}
	if !marked && len(user) > 0 {
		return user
	}
	return merged
}

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

// pickPrompts leaves only the prompts of the first layer of arguments that gives any, and all when none does by itself:
// several -p of one layer are several prompts, those of a stronger layer take the place of a weaker one's.
func (o *options) pickPrompts(layers [][]string) {
	for _, layer := range layers {
		alone := newOptions()
		_ = alone.flagSet().Parse(layer) // the whole was parsed without error; a layer alone may end in the middle
		if len(alone.prompts) > 0 {
			o.prompts = alone.prompts
			return
		}
	}
}

package chat

import (
	"encoding/json"
	"os"
	"testing"
)

// pythonCase is a template and what Python's Jinja 3.1.6 makes of it.
type pythonCase struct{ Source, Want string }

func pythonCases(t testing.TB) (cases []pythonCase) {
	b, err := os.ReadFile("testdata/python.json")
	if err == nil {
		err = json.Unmarshal(b, &cases)
	}
	if err != nil || len(cases) < 30 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	return cases
}

// TestPython compares expressions and statements with what Python's Jinja 3.1.6 makes of them, in the sandbox
// transformers renders chat templates in (testdata/python.json).
func TestPython(t *testing.T) {
	for _, c := range pythonCases(t) {
		if got, err := render(t, c.Source, `{}`); err != nil || got != c.Want {
			t.Errorf("%s\n got %q, %v\nwant %q", c.Source, got, err, c.Want)
		}
	}
}

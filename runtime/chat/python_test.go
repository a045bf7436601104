package chat

import (
	"encoding/json"
	"os"
	"testing"
)

// TestPython compares expressions and statements with what Python's Jinja 3.1.6 makes of them, in the sandbox
// transformers renders chat templates in (testdata/python.json).
func TestPython(t *testing.T) {
	b, err := os.ReadFile("testdata/python.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Source, Want string }
	if err := json.Unmarshal(b, &cases); err != nil || len(cases) < 30 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		if got, err := render(t, c.Source, `{}`); err != nil || got != c.Want {
			t.Errorf("%s\n got %q, %v\nwant %q", c.Source, got, err, c.Want)
		}
	}
}

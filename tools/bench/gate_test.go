package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestGate: what is kept is measured again the same way; a slower row and a
// missing one fail, if they are so every time.
func TestGate(t *testing.T) {
	one, two := way{"m:Q4_0", 1, "", "cpu"}, way{"m:Q4_0", 2, "avx2", "wall"}
	rows := []row{{one, "pp256", 300, 100}, {one, "tg64", 20, 10}, {two, "tg32", 20, 10}}
	file := filepath.Join(t.TempDir(), "ratios.json")
	if err := writeRows(file, rows); err != nil {
		t.Fatal(err)
	}
	kept, err := readRows(file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(kept, rows) {
		t.Errorf("read %+v, want %+v", kept, rows)
	}
	if got, want := parts(kept), []part{{one, 256, 64}, {two, -1, 32}}; !reflect.DeepEqual(got, want) {
		t.Errorf("parts %+v, want %+v", got, want)
	}
	for _, x := range []struct {
		pp, tg float64
		pass   bool
	}{{300, 20, true}, {275, 18.5, true}, {260, 20, false}, {300, 17, false}} {
		for _, slow := range []int{0, 1, gateTries - 1} { // how often another program disturbs
			measured := 0
			err := gate(kept, func(p part) ([]row, error) {
				if p.way == two {
					return rows[2:], nil
				}
				if measured++; measured <= slow {
					return []row{{one, "pp256", 1, 100}, {one, "tg64", 1, 10}}, nil
				}
				return []row{{one, "pp256", x.pp, 100}, {one, "tg64", x.tg, 10}}, nil
			})
			if (err == nil) != x.pass {
				t.Errorf("prompt %v, generation %v, %d times disturbed: %v", x.pp, x.tg, slow, err)
			}
			if want := slow + 1; x.pass && measured != want || !x.pass && measured != gateTries {
				t.Errorf("prompt %v, generation %v, %d times disturbed: measured %d times", x.pp, x.tg, slow, measured)
			}
		}
	}
	if gate(kept, func(part) ([]row, error) { return rows[:2], nil }) == nil {
		t.Error("a ratio that was not measured passes")
	}
	if err := os.WriteFile(file, []byte(`[{"model":"m","test":"pp1","llamaboot":1}]`), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := readRows(file); err == nil || !strings.Contains(err.Error(), "want both positive") {
		t.Errorf("a row without a peer: %v", err)
	}
}

// TestMerge: a part measured anew replaces its rows and no others.
func TestMerge(t *testing.T) {
	w := way{"m:Q4_0", 1, "", "cpu"}
	got := merge([]row{{w, "pp256", 1, 1}, {w, "tg64", 2, 1}}, []row{{w, "tg64", 3, 1}, {w, "tg32", 4, 1}})
	if want := []row{{w, "pp256", 1, 1}, {w, "tg64", 3, 1}, {w, "tg32", 4, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestKept: every row of the committed file belongs to a part that measures
// it, and the document shows all of them.
func TestKept(t *testing.T) {
	kept, err := readRows("ratios.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join("..", "..", document))
	if err != nil {
		t.Fatal(err)
	}
	measured := map[string]bool{}
	for _, p := range parts(kept) {
		measured[row{way: p.way, Test: testName(promptTest, p.prompt)}.name()] = true
		measured[row{way: p.way, Test: testName(genTest, p.gen)}.name()] = true
	}
	if len(kept) == 0 {
		t.Error("nothing is kept")
	}
	for _, k := range kept {
		if !measured[k.name()] {
			t.Errorf("the gate would not measure %s", k.name())
		}
		line := strings.TrimPrefix(table([]row{k}), table(nil))
		if !strings.Contains(string(doc), line) {
			t.Errorf("%s lacks the row %s", document, line)
		}
	}
}

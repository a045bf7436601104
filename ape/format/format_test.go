package format

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/llamaboot/llamaboot/image/gpt"
)

func TestNames(t *testing.T) {
	for target, want := range map[string]string{"linux/arm64": "bin/llamafile-linux-arm64", "windows/amd64": "bin/llamafile-windows-amd64.exe"} {
		if got := ProgramName(target); got != want || !IsProgram(got) || !IsOwn(got) {
			t.Errorf("%s: %q, want %q, a program and our own", target, got, want)
		}
	}
	for name, own := range map[string]bool{ManifestName: true, ESPName: true, CoreName: true, BackupName: true, LicenceName: true, ArgsName: false, "model.gguf": false, "binary": false} {
		if IsOwn(name) != own {
			t.Errorf("%s: own is %v, want %v", name, !own, own)
		}
	}
	if !IsModel("A.GGUF") || IsModel("gguf") {
		t.Error("models are the names that end in .gguf")
	}
}

func TestTypeWeights(t *testing.T) {
	// The text's bytes spell the name; on the disk the first three fields are little-endian.
	if want := gpt.GUID([]byte("MALLBAOOTWEIGHTS")); TypeWeights != want {
		t.Errorf("%q, want %q", TypeWeights[:], want[:])
	}
}

func TestManifest(t *testing.T) {
	m := &Manifest{Generator: "test", Faces: AllFaces, PE: EFI,
		Programs: []RecordedProgram{{Target: CoreTarget, Offset: 1 << 20, Size: 5, SHA256: "00"}},
		ESP:      []RecordedFile{{Path: SettingsName, Size: 8, SHA256: "22"}},
		Members:  []RecordedMember{{Name: "m.gguf", Size: 9, CRC32: HexCRC(0xabc), SHA256: "11", Title: "A model", Golden: &Golden{"Once", "1 2"}}}}
	b, err := m.Encode()
	if err != nil || !bytes.HasSuffix(b, []byte("\n}\n")) {
		t.Fatalf("%q, %v", b, err)
	}
	got, err := DecodeManifest(b)
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("got %+v, %v, want %+v", got, err, m)
	}
	if r := got.Find("m.gguf"); r == nil || r.CRC32 != "00000abc" || got.Find("none") != nil {
		t.Errorf("record %+v", r)
	}
	for _, bad := range []string{"", "{", `{"format": 2}`, "[]"} {
		if _, err := DecodeManifest([]byte(bad)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v, want %v", bad, err, ErrFormat)
		}
	}
}

func TestWholeSize(t *testing.T) {
	h := gpt.Header{My: 1, Alternate: 99}
	b := append(make([]byte, 512), h.Encode()...)
	if n := WholeSize(bytes.NewReader(append(b, make([]byte, 512)...))); n != 100*512 {
		t.Errorf("%d bytes, want %d", n, 100*512)
	}
	if n := WholeSize(bytes.NewReader(make([]byte, 2048))); n != 0 {
		t.Errorf("%d bytes of zeros, want 0", n)
	}
}

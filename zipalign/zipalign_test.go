package zipalign

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build returns an archive of the given names and contents, after prefix bytes.
func build(t testing.TB, prefix int64, files ...[2]string) []byte {
	t.Helper()
	var out []byte
	var members []Member
	end := prefix
	for _, f := range files {
		m, err := Place(end, f[0], int64(len(f[1])))
		if err != nil {
			t.Fatal(err)
		}
		m.CRC32 = crc32.ChecksumIEEE([]byte(f[1]))
		out = append(out, make([]byte, m.Header-int64(len(out)))...)
		out = append(out, m.LocalHeader()...)
		if int64(len(out)) != m.Offset {
			t.Fatalf("%s: local header ends at %#x, want %#x", f[0], len(out), m.Offset)
		}
		out = append(out, f[1]...)
		members, end = append(members, m), m.End()
	}
	dir, err := Directory(members, end, 5)
	if err != nil {
		t.Fatal(err)
	}
	return append(append(out, dir...), "hello"...)
}

var sample = [][2]string{{"a.txt", "alpha"}, {"dir/empty", ""}, {"large", strings.Repeat("0123456789", 20_000)}, {".args", "--x\n"}}

func TestRecordSizes(t *testing.T) {
	m := Member{Name: "n", Method: Store, Size: 1, Packed: 1, Header: 0, Offset: localHeaderSize + 1}
	if n := len(m.LocalHeader()); n != localHeaderSize+1 {
		t.Errorf("local header: %d bytes, want %d", n, localHeaderSize+1)
	}
	if n := len(m.directoryRecord()); n != directoryHeaderSize+1 {
		t.Errorf("directory header: %d bytes, want %d", n, directoryHeaderSize+1)
	}
	small, err := Directory(nil, 0, 0)
	if err != nil || len(small) != endSize {
		t.Errorf("end record: %d bytes, %v, want %d", len(small), err, endSize)
	}
	large, err := Directory(nil, max32, 0)
	if err != nil || len(large) != end64Size+locator64Size+endSize {
		t.Errorf("ZIP64 end records: %d bytes, %v, want %d", len(large), err, end64Size+locator64Size+endSize)
	}
}

// TestPlaceAnywhere tries every distance to the next boundary.
func TestPlaceAnywhere(t *testing.T) {
	for _, size := range []int64{1, 5 << 30} {
		for pos := int64(0); pos < Alignment; pos++ {
			m, err := Place(pos, "model.gguf", size)
			if err != nil {
				t.Fatal(err)
			}
			if m.Offset%Alignment != 0 || m.Header < pos || m.Offset-pos > 2*Alignment {
				t.Fatalf("at %#x: header %#x, data %#x", pos, m.Header, m.Offset)
			}
			if shift := m.Header - pos; shift > 24 {
				t.Fatalf("at %#x: header moved by %d", pos, shift)
			}
			if pos%97 == 0 || m.Header != pos {
				h := m.LocalHeader()
				if int64(len(h)) != m.Offset-m.Header {
					t.Fatalf("at %#x: header of %d bytes, want %d", pos, len(h), m.Offset-m.Header)
				}
				checkExtra(t, h[localHeaderSize+len(m.Name):])
			}
		}
	}
}

// checkExtra walks the extra fields, which must fill their space exactly.
func checkExtra(t *testing.T, extra []byte) {
	t.Helper()
	for len(extra) > 0 {
		if len(extra) < extraHeaderSize || int(le.Uint16(extra[2:])) > len(extra)-extraHeaderSize {
			t.Fatalf("extra field of %d bytes does not hold its header", len(extra))
		}
		extra = extra[extraHeaderSize+int(le.Uint16(extra[2:])):]
	}
}

func TestRoundTrip(t *testing.T) {
	for _, prefix := range []int64{0, 1, 100, 65536, 1<<20 - 40} {
		b := build(t, prefix, sample...)
		z, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if len(z.Members) != len(sample) {
			t.Fatalf("%d members, want %d", len(z.Members), len(sample))
		}
		if got := string(b[z.Comment:]); got != "hello" {
			t.Errorf("comment %q", got)
		}
		for _, f := range sample {
			got, err := z.ReadFile(f[0], 1<<20)
			if err != nil || string(got) != f[1] {
				t.Errorf("%s: %d bytes, %v, want %d", f[0], len(got), err, len(f[1]))
			}
		}
	}
}

func TestArchiveZip(t *testing.T) {
	b := build(t, 4096, sample...)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || f.Name != sample[i][0] || string(got) != sample[i][1] {
			t.Errorf("%s: %d bytes, %v", f.Name, len(got), err)
		}
		if off, err := f.DataOffset(); err != nil || off%Alignment != 0 {
			t.Errorf("%s: data at %#x, %v", f.Name, off, err)
		}
	}
}

// TestReadsArchiveZip reads archives made by Go: deflated members, data descriptors.
func TestReadsArchiveZip(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range sample {
		out, err := w.Create(f[0])
		if err == nil {
			_, err = out.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sample {
		if got, err := z.ReadFile(f[0], 1<<20); err != nil || string(got) != f[1] {
			t.Errorf("%s: %d bytes, %v", f[0], len(got), err)
		}
	}
}

// TestZIP64 writes a sparse archive of more than 4 GiB and shows it to other tools.
func TestZIP64(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const large = 5<<30 + 1
	a, err := Place(0, "model.gguf", large)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Place(a.End(), ".args", 4)
	if err != nil {
		t.Fatal(err)
	}
	b.CRC32 = crc32.ChecksumIEEE([]byte("--x\n"))
	dir, err := Directory([]Member{a, b}, b.End(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []struct {
		at   int64
		data []byte
	}{{a.Header, a.LocalHeader()}, {b.Header, b.LocalHeader()}, {b.Offset, []byte("--x\n")}, {b.End(), dir}} {
		if _, err := f.WriteAt(w.data, w.at); err != nil {
			t.Skip("no sparse file of 5 GiB here: ", err)
		}
	}
	z, err := Open(f, b.End()+int64(len(dir)))
	if err != nil {
		t.Fatal(err)
	}
	if z.Members[0].Size != large || z.Members[0].Offset != a.Offset || z.Members[1].Header != b.Header {
		t.Errorf("read back: %+v", z.Members)
	}
	if got, err := z.ReadFile(".args", 10); err != nil || string(got) != "--x\n" {
		t.Errorf(".args: %q, %v", got, err)
	}
	if _, err := z.ReadFile("model.gguf", 1<<20); err == nil {
		t.Error("read 5 GiB at once without an error")
	}
	for _, command := range [][]string{
		{"unzip", "-p", path, ".args"}, {"bsdtar", "-xOf", path, ".args"}, {"7z", "e", "-tzip", "-so", path, ".args"},
		{"python3", "-c", "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read('.args').decode(), end='')", path},
	} {
		if _, err := exec.LookPath(command[0]); err != nil {
			t.Logf("%s is not installed", command[0])
			continue
		}
		if out, err := exec.Command(command[0], command[1:]...).Output(); err != nil || string(out) != "--x\n" {
			t.Errorf("%s: got %q, %v", command[0], out, err)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"", "/a", "a/", "a//b", "..", "a/../b", "./a", `a\b`, "c:x", "a\x00b", "a\nb", "\xff", strings.Repeat("x", 5000)} {
		if err := CheckName(name); !errors.Is(err, ErrName) {
			t.Errorf("%q: got %v, want %v", name, err, ErrName)
		}
	}
	for _, name := range []string{"a", ".args", "a b/ü.txt", "...", "a..b"} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	m := Member{Name: "same"}
	if _, err := Directory([]Member{m, m}, 0, 0); !errors.Is(err, ErrDuplicate) {
		t.Errorf("duplicate: got %v, want %v", err, ErrDuplicate)
	}
}

// TestDamaged flips every bit of the structures: each must be refused, or at least
// never give other contents than those that went in.
func TestDamaged(t *testing.T) {
	b := build(t, 100, sample...)
	z, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var where []int64
	for _, m := range z.Members {
		for i := m.Header; i < m.Header+localHeaderSize+int64(len(m.Name)); i++ {
			where = append(where, i)
		}
		where = append(where, m.Offset)
	}
	for i := z.Directory; i < int64(len(b)); i++ {
		where = append(where, i)
	}
	for _, at := range where {
		for bit := range 8 {
			b[at] ^= 1 << bit
			if z, err := Open(bytes.NewReader(b), int64(len(b))); err == nil {
				for _, f := range sample {
					if got, err := z.ReadFile(f[0], 1<<20); err == nil && string(got) != f[1] {
						t.Errorf("byte %#x, bit %d: %s reads %d wrong bytes", at, bit, f[0], len(got))
					}
				}
			}
			b[at] ^= 1 << bit
		}
	}
	for n := range b {
		if n%251 == 0 {
			if _, err := Open(bytes.NewReader(b[:n]), int64(n)); !errors.Is(err, ErrFormat) {
				t.Errorf("cut to %d bytes: got %v, want %v", n, err, ErrFormat)
			}
		}
	}
}

// TestLies has directories that promise what is not there.
func TestLies(t *testing.T) {
	good := build(t, 0, [2]string{"a", "x"})
	dir := bytes.Index(good, []byte("PK\x01\x02"))
	end := bytes.Index(good, []byte("PK\x05\x06"))
	for name, change := range map[string]func(b []byte){
		"directory beyond the file": func(b []byte) { le.PutUint32(b[end+16:], 0x7fffffff) },
		"directory of 4 GiB":        func(b []byte) { le.PutUint32(b[end+12:], 0xfffffffe) },
		"65535 members":             func(b []byte) { le.PutUint16(b[end+10:], 0xfffe) },
		"member of 4 GiB":           func(b []byte) { le.PutUint32(b[dir+20:], 0xfffffffe); le.PutUint32(b[dir+24:], 0xfffffffe) },
		"member behind the file":    func(b []byte) { le.PutUint32(b[dir+42:], 0xfffffff0) },
		"name of 64 KiB":            func(b []byte) { le.PutUint16(b[dir+28:], 0xffff) },
		"other disk":                func(b []byte) { le.PutUint16(b[end+4:], 1) },
	} {
		b := bytes.Clone(good)
		change(b)
		if _, err := Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want %v", name, err, ErrFormat)
		}
	}
}

// TestOpenDirectory reads what Open refuses: a program must not stop at damage to a member it has no use for.
func TestOpenDirectory(t *testing.T) {
	files := [][2]string{{"a", "one"}, {"b", "two"}}
	good := build(t, 0, files...)
	b := bytes.LastIndex(good[:len(good)-200], []byte("PK\x03\x04")) // local header of b
	for name, damaged := range map[string][]byte{
		"local header of another member": append(append(bytes.Clone(good[:b]), "XX"...), good[b+2:]...),
		"bytes behind it":                append(bytes.Clone(good), make([]byte, 300)...),
		"bytes before it":                append([]byte("#!/bin/sh\n"), good...),
		"a name twice":                   bytes.ReplaceAll(good, []byte("b"), []byte("a")),
	} {
		if _, err := Open(bytes.NewReader(damaged), int64(len(damaged))); err == nil {
			t.Errorf("%s: Open accepts it", name)
		}
		z, err := OpenDirectory(bytes.NewReader(damaged), int64(len(damaged)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := z.ReadFile("a", 10); err != nil || string(got) != "one" {
			t.Errorf("%s: member a reads %q, %v", name, got, err)
		}
	}
	cut := good[:len(good)-1]
	if _, err := OpenDirectory(bytes.NewReader(cut), int64(len(cut))); !errors.Is(err, ErrFormat) {
		t.Errorf("cut: %v, want %v", err, ErrFormat)
	}
}

func FuzzOpen(f *testing.F) {
	b := build(f, 10, [2]string{"a", "x"}, [2]string{"b/c", "yy"})
	f.Add(b[len(b)-200:])
	f.Add(b)
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, strict := Open(bytes.NewReader(b), int64(len(b)))
		z, err := OpenDirectory(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if strict == nil {
				t.Fatalf("only Open accepts it: %v", err)
			}
			return
		}
		for i := range z.Members {
			m := &z.Members[i]
			if err := z.Locate(m); err != nil {
				if strict == nil {
					t.Fatalf("only Open finds %q: %v", m.Name, err)
				}
				continue
			}
			if m.Offset < 0 || m.End() > int64(len(b)) {
				t.Fatalf("%q lies at %d to %d of %d bytes", m.Name, m.Offset, m.End(), len(b))
			}
			r, err := z.Data(m)
			if err != nil {
				continue
			}
			got, err := io.ReadAll(io.LimitReader(r, 1<<20))
			if err == nil && len(got) < 1<<20 && (int64(len(got)) != m.Size || crc32.ChecksumIEEE(got) != m.CRC32) {
				t.Fatalf("%q: %d bytes read, %d promised", m.Name, len(got), m.Size)
			}
		}
	})
}

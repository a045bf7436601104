// Package web is the page of the server: embedded files, a Markdown renderer for answers, and the chats of runtime/chats.
//
// The page asks nothing of any other origin, and its content security policy lets it not. It talks to the API of
// runtime/serve like any client; only rendering and the stored chats are its own, below /page/.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/chats"
)

//go:embed assets
var assets embed.FS

// policy lets the page load its own files and talk to its own origin, and nothing else. Styles of MathML and of code need
// no inline styles.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; " +
	"media-src blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// maxMarkdown is how much one request may ask to render.
const maxMarkdown = 1 << 20

// Handler serves the page, its files, POST /page/render and the chats below /page/. Paths it does not have are left to
// the caller: known reports whether a path is the page's.
func Handler(store *chats.Store) (h http.Handler, known func(path string) bool) {
	files := load()
	m := http.NewServeMux()
	m.Handle("/page/", http.StripPrefix("/page", store.Handler()))
	m.HandleFunc("POST /page/render", render)
	for name, f := range files {
		m.Handle("GET "+name, f)
	}
	m.Handle("GET /{$}", files["/page/index.html"])
	return headers(m), func(p string) bool { return p == "/" || strings.HasPrefix(p, "/page/") }
}

// Public reports whether a path of the page may be fetched without the API key: its own files, but not what users wrote.
func Public(p string) bool {
	if p == "/" {
		return true
	}
	name, ok := strings.CutPrefix(p, "/page/")
	if !ok {
		return false
	}
	_, err := fs.Stat(assets, "assets/"+name)
	return err == nil && name != "" && fs.ValidPath(name)
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// file is an embedded file with its entity tag.
type file struct {
	data      []byte
	kind, tag string
}

func load() map[string]file {
	files := map[string]file{}
	err := fs.WalkDir(assets, "assets", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := assets.ReadFile(p)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		kind := kinds[path.Ext(p)]
		if kind == "" {
			kind = mime.TypeByExtension(path.Ext(p))
		}
		files["/page/"+strings.TrimPrefix(p, "assets/")] = file{b, kind, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		return nil
	})
	if err != nil {
		panic(err) // embedded files cannot be missing
	}
	return files
}

// kinds are the media types of our files; package mime asks the system, which may have none.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".webmanifest": "application/manifest+json",
}

func (f file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.tag)
	h.Set("Cache-Control", "no-cache") // asks each time, and gets 304
	if r.Header.Get("If-None-Match") == f.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(f.data) // the client has gone when this fails
}

// render answers {"texts": [MARKDOWN, ...]} with {"html": [HTML, ...]}.
func render(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") != "application/json" {
		http.Error(w, "want content type application/json", http.StatusUnsupportedMediaType)
		return
	}
	var in struct{ Texts []string }
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMarkdown))
	if err != nil {
		http.Error(w, fmt.Sprintf("more than %d bytes of text", maxMarkdown), http.StatusRequestEntityTooLarge)
		return
	}
	if err := json.Unmarshal(b, &in); err != nil {
		http.Error(w, "not JSON: "+err.Error(), http.StatusBadRequest)
		return
	}
	out := struct {
		HTML []string `json:"html"`
	}{[]string{}}
	for _, text := range in.Texts {
		out.HTML = append(out.HTML, Markdown(text))
	}
	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(out); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(buf.Bytes()) // the client has gone when this fails
}

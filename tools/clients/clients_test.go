// Package clients has only tests: the clients that people use, against our server. They are packages of npm, whose
// versions package-lock.json fixes.
package clients

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/chats"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/engine/sched"
	"github.com/llamaboot/llamaboot/runtime/sample"
	"github.com/llamaboot/llamaboot/runtime/serve"
	"github.com/llamaboot/llamaboot/runtime/web"
)

// TestClients runs all *.test.mjs.
func TestClients(t *testing.T) {
	dir := install(t)
	browser := chromium(t)
	s, url := start(t, serve.Config{Page: page()})
	guarded, guardedURL := start(t, serve.Config{Keys: []string{"first", "second"}, Prefix: "/llm", Page: page()})
	late, lateURL := start(t, serve.Config{})
	m := load(t)
	s.Ready(m)
	guarded.Ready(m)
	time.AfterFunc(3*time.Second, func() { late.Ready(m) })
	cmd := exec.CommandContext(t.Context(), "node", "--test", "--test-concurrency=1", "--test-reporter=spec")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SERVER="+url, "GUARDED_SERVER="+guardedURL+"/llm", "LATE_SERVER="+lateURL, "SERVER_KEY=second", "CHROMIUM="+browser,
		"LANGCHAIN_TRACING_V2=false", "AI_SDK_LOG_WARNINGS=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// page is the page with chats in memory.
func page() *serve.Page {
	h, known := web.Handler(chats.Memory())
	return &serve.Page{Handler: h, Known: known, Public: web.Public}
}

// chromium finds the browser that drives the page.
func chromium(t *testing.T) string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("chromium is missing")
	}
	t.Skip("NOT TESTED: chromium is missing, so nobody clicks the page; tools/setup.sh test installs it")
	return ""
}

// install puts the tests and their packages into build/clients, once for every lock file. Without npm nothing can be
// tested: in CI that is a failure.
func install(t *testing.T) string {
	for _, tool := range []string{"npm", "node"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing", tool)
			}
			t.Skipf("NOT TESTED: %s is missing, so no client talks to the server; install Node.js", tool)
		}
	}
	dir, err := filepath.Abs(filepath.Join("..", "..", "build", "clients"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("*.mjs")
	if err != nil || len(names) < 6 {
		t.Fatalf("found %d tests, %v", len(names), err)
	}
	lock := "package-lock.json"
	old, _ := os.ReadFile(filepath.Join(dir, "node_modules", "installed.json")) // missing before the first time
	now, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, "package.json", lock) {
		b, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if string(old) == string(now) {
		return dir
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "node_modules", "installed.json"), now, 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// load opens the demo model.
func load(t *testing.T) serve.Model {
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "demo.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open("demo.gguf", b, engine.Options{Context: 2048}) // four times what it was trained with: the descriptions of tools are long
	if err != nil {
		t.Fatal(err)
	}
	g := sched.New(e, sched.Options{})
	t.Cleanup(func() {
		g.Close()
		e.Close()
	})
	return serve.Model{ID: "demo", Engine: e, Generate: g, Defaults: engine.Params{N: -1, Params: sample.Params{Temp: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05}}}
}

// start runs a server that has no model yet.
func start(t *testing.T, c serve.Config) (*serve.Server, string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serve.New(c)
	stop, done := make(chan struct{}, 1), make(chan error, 1)
	go func() { done <- s.Run([]net.Listener{l}, nil, stop, time.Second) }()
	t.Cleanup(func() {
		stop <- struct{}{}
		if err := <-done; err != nil && !strings.Contains(err.Error(), "closed") {
			t.Error(err)
		}
	})
	return s, "http://" + l.Addr().String()
}

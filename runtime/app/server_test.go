package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// server is a program that serves.
type server struct {
	*world
	url    string
	stop   chan struct{}
	status chan int
}

// startServer runs the program with args until it says where it serves.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	w := newWorld(t, files{"demo.gguf": string(demo(t))}, "", append([]string{"--server"}, args...)...)
	s := &server{world: w, stop: make(chan struct{}, 1), status: make(chan int, 1)}
	w.Listen = listenHosted
	w.Terminate = func() <-chan struct{} { return s.stop }
	go func() { s.status <- Main(w.Platform) }()
	where := regexp.MustCompile(`, on (\S+)\n`)
	for begin := time.Now(); time.Since(begin) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
		if m := where.FindStringSubmatch(w.err.String()); m != nil {
			s.url = m[1]
			return s
		}
		if len(s.status) > 0 {
			break
		}
	}
	t.Fatalf("it does not serve: %s", w.err.String())
	return nil
}

// end stops the server and wants status 0.
func (s *server) end(t *testing.T) {
	t.Helper()
	s.stop <- struct{}{}
	select {
	case status := <-s.status:
		if status != ExitOK {
			t.Errorf("status %d: %s", status, s.err.String())
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServer(t *testing.T) {
	s := startServer(t, "--port", "0", "--alias", "story", "--api-prefix", "/llm/")
	if status, text := get(t, http.DefaultClient, s.url+"/v1/models"); status != 200 || !strings.Contains(text, `"id":"story"`) || !strings.HasSuffix(s.url, "/llm") {
		t.Errorf("%s: got %d %s", s.url, status, text)
	}
	resp, err := http.Post(s.url+"/v1/chat/completions", "application/json", strings.NewReader(`{"messages": [{"role": "user", "content": "Tell me a story"}], "max_tokens": 5}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || !strings.Contains(string(b), `"completion_tokens":5`) {
		t.Errorf("got %d %s", resp.StatusCode, b)
	}
	s.end(t)
	if _, err := http.Get(s.url + "/health"); err == nil {
		t.Error("it still serves")
	}
}

// TestServerPort: the usual port may be taken, a named one may not.
func TestServerPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:8080")
	if err == nil {
		defer l.Close() // otherwise somebody else has it
	}
	s := startServer(t)
	if strings.HasSuffix(s.url, ":8080") || !strings.Contains(s.err.String(), "port 8080 is in use, taking 80") {
		t.Errorf("it serves on %s: %s", s.url, s.err.String())
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	w := newWorld(t, files{"demo.gguf": string(demo(t))}, "", "--server", "--port", port)
	w.Listen = listenHosted
	if status := Main(w.Platform); status != ExitFailure || !strings.Contains(w.err.String(), "port "+port+" of 127.0.0.1 is in use") {
		t.Errorf("a port that is taken: status %d, %s", status, w.err.String())
	}
	s.end(t)
}

func TestServerUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "llm.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close() // as a program that was killed leaves it behind
	s := startServer(t, "--host", path)
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	if status, text := get(t, c, "http://x/health"); status != 200 {
		t.Errorf("got %d %s", status, text)
	}
	if _, err := listenHosted("unix", path); err == nil {
		t.Error("the socket of a living program was taken")
	}
	s.end(t)
}

func TestServerTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	keyFile, certFile := write("key.pem", "PRIVATE KEY", der), write("cert.pem", "CERTIFICATE", cert)
	s := startServer(t, "--port", "0", "--ssl-key-file", keyFile, "--ssl-cert-file", certFile)
	pool := x509.NewCertPool()
	parsed, _ := x509.ParseCertificate(cert)
	pool.AddCert(parsed)
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	resp, err := c.Get(s.url + "/health")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !strings.HasPrefix(s.url, "https://") || resp.ProtoMajor != 2 {
		t.Errorf("%s speaks HTTP %d", s.url, resp.ProtoMajor)
	}
	s.end(t)
	for _, args := range [][]string{{"--ssl-key-file", keyFile}, {"--ssl-key-file", certFile, "--ssl-cert-file", certFile}} {
		w := newWorld(t, files{"demo.gguf": string(demo(t))}, "", append([]string{"--server", "--port", "0"}, args...)...)
		w.Listen = listenHosted
		if status := Main(w.Platform); status == ExitOK {
			t.Errorf("%v is accepted", args)
		}
	}
}

func TestServerKeyFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(name, []byte("one\r\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "--port", "0", "--api-key-file", name, "--api-key", "three")
	for key, want := range map[string]int{"one": 200, "two": 200, "three": 200, "four": 401, "": 401} {
		req, _ := http.NewRequest("GET", s.url+"/v1/models", nil)
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != want {
			t.Errorf("key %q: got %d, want %d", key, resp.StatusCode, want)
		}
	}
	s.end(t)
}

// TestServerRefuses: what cannot be served is said before anything listens, with the usual statuses.
func TestServerRefuses(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		text   string
	}{
		{[]string{"-np", "1000"}, ExitUsage, "-np 1000"},
		{[]string{"--port", "70000"}, ExitUsage, "0 to 65535"},
		{[]string{"--host", ","}, ExitUsage, "--host is empty"},
		{[]string{"--api-prefix", "llm"}, ExitUsage, "--api-prefix"},
		{[]string{"--host", "256.0.0.1"}, ExitFailure, "256.0.0.1"},
		{[]string{"-m", "missing.gguf", "--port", "0"}, ExitFailure, "missing.gguf"},
	} {
		w := newWorld(t, files{"demo.gguf": string(demo(t))}, "", append([]string{"--server"}, c.args...)...)
		w.Listen = listenHosted
		if status := Main(w.Platform); status != c.status || !strings.Contains(w.err.String(), c.text) {
			t.Errorf("%v: status %d, %s", c.args, status, w.err.String())
		}
	}
	w := newWorld(t, files{"demo.gguf": string(demo(t))}, "", "--server")
	if status := Main(w.Platform); status != ExitFailure || !strings.Contains(w.err.String(), "no network") {
		t.Errorf("without a network: status %d, %s", status, w.err.String())
	}
}

package serve

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// middleware is what happens to every request before its endpoint sees it.
func (s *Server) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Server", "llamaboot")
		h.Set("X-Request-Id", newID("req"))
		h.Set("X-Content-Type-Options", "nosniff")
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.Log("panic: %v\n%s", p, debug.Stack())
			sendError(w, &apiError{Status: http.StatusInternalServerError, Type: serverError, Message: "the server made a mistake; its log has the details"})
		}()
		c := http.NewResponseController(w)
		_ = c.SetWriteDeadline(time.Time{})              // of the connection's request before; not every writer has deadlines
		_ = c.SetReadDeadline(time.Now().Add(s.Timeout)) // also for a body that nobody reads but net/http, to drop it
		if s.cors(w, r) {
			return
		}
		if !s.public(r) && !s.authorized(r) {
			h.Set("WWW-Authenticate", "Bearer")
			sendError(w, &apiError{Status: http.StatusUnauthorized, Type: "authentication_error", Code: "invalid_api_key",
				Message: "this server wants an API key: Authorization: Bearer KEY, or X-Api-Key: KEY"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// newID makes an identifier no two answers share.
func newID(prefix string) string {
	var b [12]byte
	rand.Read(b[:])
	return prefix + "-" + hex.EncodeToString(b[:])
}

// cors answers preflight requests and lets web pages of the allowed origins read answers.
func (s *Server) cors(w http.ResponseWriter, r *http.Request) (done bool) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if !s.allows(origin) {
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return true
		}
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After")
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS")
	asked := r.Header.Get("Access-Control-Request-Headers")
	if asked == "" {
		asked = "Authorization, Content-Type, X-Api-Key"
	}
	h.Set("Access-Control-Allow-Headers", asked)
	h.Set("Access-Control-Max-Age", "86400")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allows reports whether pages of an origin may read answers: those given, else those of this machine.
func (s *Server) allows(origin string) bool {
	if slices.Contains(s.Origins, "*") || slices.Contains(s.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || len(s.Origins) > 0 {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// public reports whether a request needs no key: the state of the server, and the page, which has no secrets.
func (s *Server) public(r *http.Request) bool {
	p := strings.TrimPrefix(r.URL.Path, s.Prefix)
	return p == "/health" || p == "/v1/health" || s.Page != nil && s.Page.Public(p)
}

// here reports whether a request may see what the page keeps: it carries a key, or was sent to an address or the name
// localhost. A name of somebody else's that resolves to this machine (DNS rebinding) would make another page's scripts
// ours.
func (s *Server) here(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	return len(s.Keys) > 0 || net.ParseIP(host) != nil || host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "" ||
		slices.ContainsFunc(s.Origins, func(o string) bool {
			u, err := url.Parse(o)
			return o == "*" || err == nil && u.Host == r.Host
		})
}

// authorized reports whether a request carries one of the keys. Hashes are compared, so that the time says nothing of
// lengths and beginnings.
func (s *Server) authorized(r *http.Request) bool {
	if len(s.Keys) == 0 {
		return true
	}
	got := r.Header.Get("X-Api-Key")
	if scheme, key, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		got = strings.TrimSpace(key)
	}
	sum := sha256.Sum256([]byte(got))
	found := 0
	for _, k := range s.Keys {
		want := sha256.Sum256([]byte(k))
		found |= subtle.ConstantTimeCompare(sum[:], want[:])
	}
	return found == 1
}

// client names who asks, for the fairness of the queue: the key, or the address.
func client(r *http.Request) string {
	if a := r.Header.Get("Authorization"); a != "" {
		return a
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// withModel gives an endpoint the model and sends its error.
func (s *Server) withModel(f endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := s.model.Load()
		if m == nil {
			sendError(w, errLoading)
			return
		}
		sent := &sentWriter{ResponseWriter: w, timeout: s.Timeout}
		err := f(m, sent, r)
		switch {
		case err == nil, errors.Is(err, context.Canceled): // nobody is there to read an error
		case !sent.sent:
			sendError(w, explain(err))
		}
	})
}

// sentWriter remembers whether an answer has begun.
type sentWriter struct {
	http.ResponseWriter
	timeout time.Duration
	sent    bool
}

func (w *sentWriter) WriteHeader(status int) {
	w.sent = true
	// A client that does not take its answer must not hold it for ever; not every writer has deadlines.
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.timeout))
	w.ResponseWriter.WriteHeader(status)
}

func (w *sentWriter) Write(b []byte) (int, error) {
	w.sent = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find the methods of the writer below.
func (w *sentWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// methods turns the mux's plain texts for a wrong method into error objects.
func (s *Server) methods(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := mux.Handler(r)
		if pattern != s.Prefix+"/" && pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		var allowed []string
		for _, method := range []string{"GET", "POST", "DELETE"} {
			probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
			if _, p := mux.Handler(probe); method != r.Method && p != "" && p != s.Prefix+"/" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			sendError(w, &apiError{Status: http.StatusMethodNotAllowed, Type: invalidRequest, Code: "method_not_allowed",
				Message: r.Method + " " + r.URL.Path + ": want " + strings.Join(allowed, " or ")})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// fallback is what no path matches: the page, or an error.
func (s *Server) fallback(w http.ResponseWriter, r *http.Request) {
	p := strings.TrimPrefix(r.URL.Path, s.Prefix)
	switch {
	case s.Page != nil && s.Page.Known(p):
		if !s.Page.Public(p) && !s.here(r) {
			sendError(w, &apiError{Status: http.StatusForbidden, Type: "permission_error", Code: "forbidden_host",
				Message: "without an API key what the page keeps is for this machine only, and " + r.Host + " is another name; behind a proxy use --api-key, or --cors-origins with the page's origin"})
			return
		}
		http.StripPrefix(s.Prefix, s.Page).ServeHTTP(w, r)
	case p == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("This is a llamaboot server. The API is below " + s.Prefix + "/v1.\n"))
	default:
		sendError(w, &apiError{Status: http.StatusNotFound, Type: "not_found_error", Code: "not_found",
			Message: r.Method + " " + r.URL.Path + " is no endpoint of this server"})
	}
}

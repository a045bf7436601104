package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

// Limits of connections.
const (
	headerTimeout = 10 * time.Second // from accepting a connection, or the first byte of a request, to the end of its head
	idleTimeout   = 2 * time.Minute  // between two requests of one connection
	maxHeader     = 64 << 10         // bytes
	lastAnswers   = 5 * time.Second  // for answers that are on their way when everything is drained
)

// Run serves on listeners until stop delivers a value; then the server drains: it keeps answering, so that balancers
// learn of it, refuses new generations and returns when the running ones are done, after drain at the latest or at the
// next value of stop. A nil config means plain HTTP.
func (s *Server) Run(listeners []net.Listener, config *tls.Config, stop <-chan struct{}, drain time.Duration) error {
	hs := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		TLSConfig:         config,
		ErrorLog:          log.New(logWriter{s.Log}, "", 0),
	}
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() {
			if config != nil {
				failed <- hs.ServeTLS(l, "", "")
				return
			}
			failed <- hs.Serve(l)
		}()
	}
	var err error
	select {
	case err = <-failed:
	case <-stop:
		s.Drain()
		s.wait(stop, drain)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastAnswers)
	defer cancel()
	if hs.Shutdown(ctx) != nil {
		hs.Close()
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// wait returns when no generation runs any more, after limit, or at a value of stop.
func (s *Server) wait(stop <-chan struct{}, limit time.Duration) {
	late := time.NewTimer(limit)
	defer late.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		m := s.model.Load()
		if m == nil {
			return
		}
		if c := m.Generate.Counters(); c.Running+c.Waiting == 0 {
			return
		}
		select {
		case <-late.C:
			return
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

// logWriter hands net/http's messages on, but for what any client can cause at will.
type logWriter struct{ log func(string, ...any) }

func (w logWriter) Write(b []byte) (int, error) {
	text := strings.TrimSpace(string(b))
	if !strings.HasPrefix(text, "http: TLS handshake error") && !strings.Contains(text, "URL query contains semicolon") {
		w.log("%s", text)
	}
	return len(b), nil
}

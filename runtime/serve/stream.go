package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// stream writes server-sent events (HTML Living Standard, section 9.2). Comments keep an idle connection open.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration

	anthropic bool // errors and comments are those of Anthropic's API

	mu   sync.Mutex // events and comments come from different goroutines
	last time.Time
	err  error
	stop chan struct{}
	done sync.WaitGroup
}

// newStream begins a stream of events.
func (s *Server) newStream(w http.ResponseWriter) *stream {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no") // nginx would collect events
	w.WriteHeader(http.StatusOK)
	t := &stream{w: w, control: http.NewResponseController(w), timeout: s.Timeout, last: time.Now(), stop: make(chan struct{})}
	t.flush()
	if s.PingEvery > 0 {
		t.done.Go(func() { t.ping(s.PingEvery) })
	}
	return t
}

// close ends the comments; nothing may be sent afterwards.
func (t *stream) close() {
	close(t.stop)
	t.done.Wait()
}

// ping sends a comment whenever nothing was sent for a while.
func (t *stream) ping(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-t.stop:
			return
		case now := <-tick.C:
			t.mu.Lock()
			if now.Sub(t.last) >= every/2 {
				t.write([]byte(": ping\n\n"))
			}
			t.mu.Unlock()
		}
	}
}

// send writes one event; name may be empty.
func (t *stream) send(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return t.raw(name, b)
}

// raw is send for data that is one line already.
func (t *stream) raw(name string, data []byte) error {
	var out bytes.Buffer
	if name != "" {
		out.WriteString("event: " + name + "\n")
	}
	out.WriteString("data: ")
	out.Write(data)
	out.WriteString("\n\n")
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.write(out.Bytes())
}

// fail ends a stream with an error.
func (t *stream) fail(err error) {
	name := ""
	if t.anthropic {
		name = "error"
	}
	t.send(name, errorObject{"error", explain(err)})
}

func (t *stream) write(b []byte) error {
	if t.err == nil {
		t.last = time.Now()
		_ = t.control.SetWriteDeadline(t.last.Add(t.timeout)) // not every writer has deadlines
		_, t.err = t.w.Write(b)
	}
	t.flush()
	return t.err
}

func (t *stream) flush() {
	if err := t.control.Flush(); err != nil && t.err == nil {
		t.err = err
	}
}

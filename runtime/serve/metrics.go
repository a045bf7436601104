package serve

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// metrics reports in Prometheus' text format (exposition formats, version 0.0.4) under the names of llama.cpp's server,
// so that its dashboards work.
func (s *Server) metrics(m *served, w http.ResponseWriter, _ *http.Request) error {
	if s.NoMetrics {
		return disabled("/metrics", "--metrics")
	}
	c := m.Generate.Counters()
	perSecond := func(n int, d time.Duration) float64 {
		if d <= 0 {
			return 0
		}
		return float64(n) / d.Seconds()
	}
	busy := 0.0
	if c.Passes > 0 {
		busy = float64(c.Tokens) / float64(c.Passes)
	}
	var b strings.Builder
	for _, x := range []struct {
		name, kind, help string
		value            float64
	}{
		{"prompt_tokens_total", "counter", "Tokens of prompts computed.", float64(c.Prompt)},
		{"prompt_seconds_total", "counter", "Time from a slot to the first token, of all requests.", c.PromptTime.Seconds()},
		{"prompt_tokens_cached_total", "counter", "Tokens of prompts reused from sequences computed before.", float64(c.Reused)},
		{"tokens_predicted_total", "counter", "Tokens generated.", float64(c.Generated)},
		{"tokens_predicted_seconds_total", "counter", "Time of generating, of all requests.", c.Generating.Seconds()},
		{"n_decode_total", "counter", "Passes over the weights.", float64(c.Passes)},
		{"n_tokens_max", "counter", "Most tokens a sequence had.", float64(c.Longest)},
		{"n_busy_slots_per_decode", "gauge", "Tokens computed in a pass, on average.", busy},
		{"prompt_tokens_seconds", "gauge", "Tokens of prompts computed in a second, on average.", perSecond(c.Prompt, c.PromptTime)},
		{"predicted_tokens_seconds", "gauge", "Tokens generated in a second by one request, on average.", perSecond(c.Generated, c.Generating)},
		{"requests_processing", "gauge", "Requests in slots.", float64(c.Running)},
		{"requests_deferred", "gauge", "Requests waiting for a slot.", float64(c.Waiting)},
		{"requests_total", "counter", "Generations finished.", float64(c.Finished)},
		{"requests_refused_total", "counter", "Requests refused because too many were waiting.", float64(c.Refused)},
		{"kv_cache_kept_bytes", "gauge", "Memory of kept sequences, at most.", float64(c.KeptBytes)},
	} {
		fmt.Fprintf(&b, "# HELP llamacpp:%s %s\n# TYPE llamacpp:%s %s\nllamacpp:%s %v\n", x.name, x.help, x.name, x.kind, x.name, x.value)
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	h.Set("Process-Start-Time-Unix", fmt.Sprint(s.started.Unix()))
	_, err := w.Write([]byte(b.String()))
	return err
}

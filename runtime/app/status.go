package app

import (
	"fmt"
	"strings"
	"time"
)

// statusPeriod is how often the status line changes while an answer is written.
const statusPeriod = 500 * time.Millisecond

// meter measures the speed of an answer while it is written.
type meter struct {
	first, shown time.Time
	tokens       int // after the first
}

// count adds a token and reports whether the status line is due.
func (m *meter) count(now time.Time) bool {
	if m.first.IsZero() {
		m.first, m.shown = now, now
		return true
	}
	m.tokens++
	if now.Sub(m.shown) < statusPeriod {
		return false
	}
	m.shown = now
	return true
}

// rate is the speed so far.
func (m *meter) rate() string { return rate(m.tokens, m.shown.Sub(m.first).Seconds()) }

// statusText is the conversation's state in one line: model, context, speed, instruction set and, where the machine
// tells, the CPU's temperature.
func (c *conversation) statusText() string {
	info := c.engine.Info()
	speed := c.speed.rate()
	if c.last != nil {
		speed = rate(c.last.Tokens, c.last.Time.Seconds())
	}
	parts := []string{info.Name, fmt.Sprintf("context %d/%d", c.talk.tokens(), info.Context), speed, info.Level}
	if c.Temperature != nil {
		if t, ok := c.Temperature(); ok {
			parts = append(parts, fmt.Sprintf("%d \u00b0C", t))
		}
	}
	return strings.Join(parts, "  ")
}

// showStatus brings the status line of the screen up to date, where there is one.
func (c *conversation) showStatus() {
	if c.Status != nil {
		c.Status(c.statusText())
	}
}

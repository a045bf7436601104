package qemu

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// A guest that stands still is looked at several times, so that a CPU in a loop is told from one that waits.
const (
	stallLooks = 3
	stallPause = 200 * time.Millisecond
)

// secondMonitor is the socket beside the control socket qmp.
func secondMonitor(qmp string) string { return qmp + "-stall" }

// watchStall waits until nine tenths of the time are over and then writes what the CPUs do.
func (a *attempt) watchStall(ctx context.Context, socket string) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(a.Timeout / 10 * 9):
	}
	c, err := dialQMP(ctx, socket, func() {})
	if err != nil {
		a.Log("the guest takes long, and its registers cannot be read: %v", err)
		return
	}
	defer c.close()
	commands := make([]string, stallLooks)
	for i := range commands {
		commands[i] = "info registers -a"
	}
	for k := range a.CPUs {
		commands = append(commands, fmt.Sprintf("info lapic %d", k))
	}
	for _, command := range commands {
		text, err := c.monitor(ctx, command)
		if err != nil {
			a.Log("the guest takes long, and its registers cannot be read: %v", err)
			return
		}
		fmt.Fprintf(a.Stalled, "the guest takes long, %s:\n", command)
		io.WriteString(a.Stalled, text)
		time.Sleep(stallPause)
	}
}

// monitor runs a command of QEMU's monitor for people and returns what it prints.
func (c *control) monitor(ctx context.Context, command string) (string, error) {
	raw, err := c.ask(ctx, "human-monitor-command", map[string]any{"command-line": command})
	if err != nil {
		return "", err
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", fmt.Errorf("%s: %w", command, err)
	}
	return text, nil
}

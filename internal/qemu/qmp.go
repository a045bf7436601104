package qemu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"
)

// control is a connection to QEMU's machine protocol (QMP, docs/interop/qmp-spec): JSON objects, one command at a time.
type control struct {
	conn    net.Conn
	dec     *json.Decoder
	enc     *json.Encoder
	stopped func()     // called when QEMU pauses the guest by itself
	replies chan reply // holds one, for a command that was given up
}

// reply is any object QEMU sends: a return value, an error, or an event.
type reply struct {
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Desc string `json:"desc"`
	} `json:"error"`
	Event string `json:"event"`
}

// dialQMP connects to the socket that a starting QEMU is about to open. stopped is called when QEMU pauses the guest,
// which it does when an accelerator cannot go on.
func dialQMP(ctx context.Context, socket string, stopped func()) (*control, error) {
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "unix", socket)
		if err == nil {
			c := &control{conn: conn, dec: json.NewDecoder(conn), enc: json.NewEncoder(conn), stopped: stopped, replies: make(chan reply, 1)}
			go c.read()
			// The greeting needs no answer; commands need this one first.
			if err := c.execute(ctx, "qmp_capabilities", nil); err != nil {
				conn.Close()
				return nil, err
			}
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("control socket: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// read dispatches what QEMU sends until the connection ends.
func (c *control) read() {
	defer close(c.replies)
	for {
		var r reply
		if err := c.dec.Decode(&r); err != nil {
			return
		}
		switch {
		case r.Event == "STOP":
			c.stopped()
		case r.Return != nil || r.Error != nil:
			c.replies <- r
		}
	}
}

// execute runs one command and waits for its end.
func (c *control) execute(ctx context.Context, command string, arguments map[string]any) error {
	_, err := c.ask(ctx, command, arguments)
	return err
}

// ask runs one command and waits for its answer.
func (c *control) ask(ctx context.Context, command string, arguments map[string]any) (json.RawMessage, error) {
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := c.enc.Encode(request); err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	select {
	case r, ok := <-c.replies:
		if !ok {
			return nil, fmt.Errorf("%s: %w", command, errors.New("QEMU closed the control socket"))
		}
		if r.Error != nil {
			return nil, fmt.Errorf("%s: %s", command, r.Error.Desc)
		}
		return r.Return, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *control) close() { c.conn.Close() }

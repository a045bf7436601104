package app

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"time"
)

// serverOptions are the flags of the server.
type serverOptions struct {
	host      string // addresses and UNIX sockets, with commas between
	port      int
	portGiven bool
	keys      string // with commas between
	keyFile   string
	prefix    string
	origins   string
	alias     string
	keyPEM    string
	certPEM   string
	slots     int
	batch     int
	cacheRAM  int // MiB
	timeout   int // seconds
	ping      int // seconds
	drain     time.Duration
	noMetrics bool
	noSlots   bool
	noPage    bool
	noBrowser bool
	chats     string // file of the page's chats, noChats, or empty for the usual place
}

// noChats is the value of --chats that keeps no file.
const noChats = "none"

// Defaults of the server.
const (
	defaultHost     = "127.0.0.1"
	defaultPort     = 8080
	defaultCacheRAM = 1024 // MiB
	defaultTimeout  = 60   // seconds
	defaultPing     = 30   // seconds
	defaultDrain    = 30   // seconds
)

func defaultServer() serverOptions {
	return serverOptions{host: defaultHost, port: defaultPort, cacheRAM: defaultCacheRAM, timeout: defaultTimeout, ping: defaultPing,
		drain: defaultDrain * time.Second}
}

// cacheBytes is cacheRAM as the scheduler takes it: 0 keeps nothing, -1 is no limit.
func (o *serverOptions) cacheBytes() int {
	switch {
	case o.cacheRAM < 0:
		return 1 << 62
	case o.cacheRAM == 0:
		return -1
	}
	return o.cacheRAM << 20
}

func (o *serverOptions) flags(fs *flag.FlagSet) {
	stringFlag(fs, &o.host, "host")
	fs.Func("port", "", func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > 65535 {
			return errors.New("want a number from 0 to 65535")
		}
		o.port, o.portGiven = n, true
		return nil
	})
	stringFlag(fs, &o.keys, "api-key")
	stringFlag(fs, &o.keyFile, "api-key-file")
	stringFlag(fs, &o.prefix, "api-prefix")
	stringFlag(fs, &o.origins, "cors-origins")
	stringFlag(fs, &o.alias, "alias", "a")
	stringFlag(fs, &o.chats, "chats")
	stringFlag(fs, &o.keyPEM, "ssl-key-file")
	stringFlag(fs, &o.certPEM, "ssl-cert-file")
	intFlag(fs, &o.slots, "parallel", "np")
	intFlag(fs, &o.batch, "batch-size", "b")
	intFlag(fs, &o.batch, "ubatch-size", "ub")
	intFlag(fs, &o.cacheRAM, "cache-ram", "cram")
	intFlag(fs, &o.timeout, "timeout", "to")
	intFlag(fs, &o.ping, "sse-ping-interval")
	fs.Func("drain", "", func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return errors.New("want a number of seconds")
		}
		o.drain = time.Duration(n) * time.Second
		return nil
	})
	for _, f := range []struct {
		name string
		p    *bool
		off  bool
	}{{"metrics", &o.noMetrics, false}, {"no-metrics", &o.noMetrics, true}, {"webui", &o.noPage, false}, {"no-webui", &o.noPage, true},
		{"ui", &o.noPage, false}, {"no-ui", &o.noPage, true},
		{"nobrowser", &o.noBrowser, true}, {"no-browser", &o.noBrowser, true}, {"slots", &o.noSlots, false}, {"no-slots", &o.noSlots, true}} {
		fs.BoolFunc(f.name, "", func(s string) error {
			v, err := strconv.ParseBool(s)
			if err == nil {
				*f.p = v == f.off
			}
			return err
		})
	}
}

// check refuses values that make no sense.
func (o *serverOptions) check() error {
	switch {
	case o.slots < -1 || o.slots > maxSlots:
		return fmt.Errorf("%w: -np %d: want 1 to %d, or -1 for the usual number", errUsage, o.slots, maxSlots)
	case o.batch < 0:
		return fmt.Errorf("%w: -b %d: want a number of tokens", errUsage, o.batch)
	case o.timeout < 1:
		return fmt.Errorf("%w: --timeout %d: want a number of seconds", errUsage, o.timeout)
	case len(splitList(o.host)) == 0:
		return fmt.Errorf("%w: --host is empty: want an address such as 127.0.0.1 or 0.0.0.0, or a UNIX socket ending in .sock", errUsage)
	}
	o.slots = max(o.slots, 0)
	return nil
}

// maxSlots bounds -np.
const maxSlots = 256

package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/llamaboot/llamaboot/internal/version"
	"github.com/llamaboot/llamaboot/runtime/serve"
)

// serve answers over HTTP until somebody stops the program. It listens before the model is loaded, so that clients are
// told to wait.
func (p *program) serve() (status int, err error) {
	if p.Listen == nil {
		return 0, errors.New("--server: there is no network here")
	}
	s, err := p.startService(p.stops())
	if err != nil {
		return 0, err
	}
	m, err := p.loadModel()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, m.release()) }()
	e, err := p.openEngine(m)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if p.options.selftest {
		if err := p.selftest(e, m); err != nil {
			return 0, err
		}
	}
	if err := s.ready(e, m); err != nil {
		return 0, errors.Join(err, s.end())
	}
	return ExitOK, s.close(<-s.done)
}

// stops delivers a value for each request to end the program: Ctrl-C, or the system's.
func (p *program) stops() chan struct{} {
	stop := make(chan struct{}, 2)
	var terminate <-chan struct{}
	if p.Terminate != nil {
		terminate = p.Terminate()
	}
	if p.interrupts == nil && p.Interrupts != nil {
		p.interrupts = p.Interrupts()
	}
	go func() {
		for {
			select {
			case <-p.interrupts: // a nil channel never delivers
			case <-terminate:
			}
			stop <- struct{}{}
		}
	}()
	return stop
}

// serverConfig is what the flags say of the server.
func (p *program) serverConfig() (*serve.Config, error) {
	o := &p.options.server
	keys := splitList(o.keys)
	if o.keyFile != "" {
		text, err := p.readText("--api-key-file", o.keyFile)
		if err != nil {
			return nil, err
		}
		more := strings.Fields(text)
		if len(more) == 0 {
			return nil, fmt.Errorf("%w: --api-key-file: %s has no key", errUsage, o.keyFile)
		}
		keys = append(keys, more...)
	}
	prefix := strings.TrimRight(o.prefix, "/")
	if prefix != "" && (prefix[0] != '/' || strings.ContainsAny(prefix, "{} ")) {
		return nil, fmt.Errorf("%w: --api-prefix %q: want a path such as /llm", errUsage, o.prefix)
	}
	o.prefix = prefix
	return &serve.Config{
		Keys: keys, Prefix: prefix, Origins: splitList(o.origins),
		Timeout: time.Duration(o.timeout) * time.Second, PingEvery: time.Duration(o.ping) * time.Second,
		NoMetrics: o.noMetrics, NoSlots: o.noSlots, Version: version.Version, Log: p.warn,
	}, nil
}

func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// certificate is the TLS configuration that --ssl-key-file and --ssl-cert-file name; nil without them.
func (p *program) certificate() (*tls.Config, error) {
	o := &p.options.server
	if o.keyPEM == "" && o.certPEM == "" {
		return nil, nil
	}
	if o.keyPEM == "" || o.certPEM == "" {
		return nil, fmt.Errorf("%w: --ssl-key-file and --ssl-cert-file go together", errUsage)
	}
	key, err := p.readText("--ssl-key-file", o.keyPEM)
	if err != nil {
		return nil, err
	}
	cert, err := p.readText("--ssl-cert-file", o.certPEM)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, fmt.Errorf("--ssl-cert-file %s, --ssl-key-file %s: %w", o.certPEM, o.keyPEM, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// portTries is how many ports are tried when nobody named one.
const portTries = 32

// listen opens what --host and --port name. Without --port the next free one after the usual is taken.
func (p *program) listen() (list []net.Listener, err error) {
	defer func() {
		if err != nil {
			for _, l := range list {
				l.Close()
			}
		}
	}()
	o := &p.options.server
	port := o.port
	for _, host := range splitList(o.host) {
		if strings.HasSuffix(host, ".sock") {
			l, err := p.Listen("unix", host)
			if err != nil {
				return list, fmt.Errorf("--host %s: %w", host, err)
			}
			list = append(list, l)
			continue
		}
		for try := 0; ; try++ {
			l, err := p.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
			if err == nil {
				list = append(list, l)
				break
			}
			switch inUse := errors.Is(err, syscall.EADDRINUSE); {
			case inUse && !o.portGiven && len(list) == 0 && try < portTries:
				port++
			case inUse:
				return list, fmt.Errorf("port %d of %s is in use by another program; --port N takes another one, --port 0 any that is free", port, host)
			default:
				return list, fmt.Errorf("--host %s --port %d: %w", host, port, err)
			}
		}
	}
	if port != o.port {
		fmt.Fprintf(p.Stderr, "%s: port %d is in use, taking %d\n", p.Name, o.port, port)
	}
	return list, nil
}

// listenHosted is net.Listen, which takes the place of a UNIX socket that a dead program has left behind.
func listenHosted(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	if network != "unix" || !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	if c, dialErr := net.Dial(network, address); dialErr == nil {
		c.Close()
		return nil, err
	}
	if removeErr := os.Remove(address); removeErr != nil {
		return nil, err
	}
	return net.Listen(network, address)
}

package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/chats"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/engine/sched"
	"github.com/llamaboot/llamaboot/runtime/serve"
	"github.com/llamaboot/llamaboot/runtime/web"
)

// service is the server and what it holds, from before the model is loaded until after the last answer.
type service struct {
	*program
	server    *serve.Server
	listeners []net.Listener
	tls       *tls.Config
	store     *chats.Store // what the page keeps; nil without a page
	scheduler *sched.Scheduler
	stop      chan struct{} // a value ends the server
	done      chan error
}

// startService listens and answers that the model is loading. A value of stop ends it.
func (p *program) startService(stop chan struct{}) (*service, error) {
	config, err := p.serverConfig()
	if err != nil {
		return nil, err
	}
	s := &service{program: p, stop: stop, done: make(chan error, 1)}
	if s.tls, err = p.certificate(); err != nil {
		return nil, err
	}
	if s.listeners, err = p.listen(); err != nil {
		return nil, err
	}
	if !p.options.server.noPage {
		s.store = p.openChats()
		h, known := web.Handler(s.store)
		config.Page = &serve.Page{Handler: h, Known: known, Public: web.Public}
	}
	s.server = serve.New(*config)
	go func() { s.done <- s.server.Run(s.listeners, s.tls, s.stop, p.options.server.drain) }()
	return s, nil
}

// openChats opens the file of chats, or keeps them in memory when there is none or it cannot be opened.
func (p *program) openChats() *chats.Store {
	file := p.options.server.chats
	if file == "" && p.ChatsFile != nil {
		file = p.ChatsFile()
	}
	if file == "" || file == noChats || p.OpenChats == nil {
		return chats.Memory()
	}
	store, err := p.OpenChats(file)
	if err != nil {
		p.warn("the page keeps chats only until the program ends: %v", err)
		return chats.Memory()
	}
	return store
}

// ready begins to answer with a model.
func (s *service) ready(e *engine.Engine, m *loadedModel) error {
	o := &s.options.server
	params, err := s.params(e)
	if err != nil {
		return err
	}
	params.Grammar = nil // a grammar serves one generation only; requests bring their own
	id := o.alias
	if id == "" {
		id = strings.TrimSuffix(path.Base(m.name), ".gguf")
	}
	s.scheduler = sched.New(e, sched.Options{Slots: o.slots, CacheBytes: o.cacheBytes(), Batch: o.batch})
	s.server.Ready(serve.Model{ID: id, Engine: e, Generate: s.scheduler, Defaults: params, Seeded: s.options.seeded})
	s.announce(e)
	return nil
}

// address is where people find the page: the first TCP address, by a name a browser can use.
func (s *service) address() string {
	scheme := "http"
	if s.tls != nil {
		scheme = "https"
	}
	for _, l := range s.listeners {
		a, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			continue
		}
		host := a.IP.String()
		if a.IP.IsUnspecified() {
			host = "127.0.0.1"
		}
		return fmt.Sprintf("%s://%s%s/", scheme, net.JoinHostPort(host, fmt.Sprint(a.Port)), s.options.server.prefix)
	}
	return ""
}

// announce tells where the server is, and opens the page where a person sits at a desktop.
func (s *service) announce(e *engine.Engine) {
	info := e.Info()
	for _, l := range s.listeners {
		where := l.Addr().String()
		if l.Addr().Network() != "unix" {
			scheme := "http://"
			if s.tls != nil {
				scheme = "https://"
			}
			where = scheme + where + s.options.server.prefix
		}
		fmt.Fprintf(s.Stderr, "%s: serving %s, %s, context %d, %s, on %s\n", s.Name, info.Name, info.Arch, info.Context, info.Level, where)
	}
	if s.store != nil && !s.options.server.noBrowser && s.OpenBrowser != nil {
		if address := s.address(); address != "" {
			s.OpenBrowser(address)
		}
	}
}

// end stops the server, if it still runs, and gives back what it holds.
func (s *service) end() error {
	select {
	case s.stop <- struct{}{}:
	default:
	}
	return s.close(<-s.done)
}

// close gives back what the server holds after it has ended with an error, or nil.
func (s *service) close(err error) error {
	if s.scheduler != nil {
		s.scheduler.Close()
	}
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	return err
}

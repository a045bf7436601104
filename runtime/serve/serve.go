// Package serve answers over HTTP what clients of OpenAI's, Anthropic's and llama.cpp's servers ask: chats, completions,
// embeddings, tokens, state.
//
// The paths and fields are those of the OpenAI API (chat completions, completions, embeddings, models, responses), of
// Anthropic's messages and of llama.cpp's server (tools/server/README.md, v0.5.0); docs/api.md lists them. Fields that
// are not known are ignored, values that cannot be obeyed are refused with a status and an error object.
//
// The package knows no engine internals: a Model counts tokens and renders templates, its Generator makes the tokens. It
// does not listen either: a Server is an http.Handler, Serve runs it on listeners that somebody else opens.
package serve

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/engine/sched"
)

// Generator makes tokens, several requests at a time; *sched.Scheduler is one.
type Generator interface {
	Generate(ctx context.Context, r sched.Request, emit func(sched.Event) error) (sched.Stats, error)
	Counters() sched.Counters
	Slots() []sched.Slot
	Drain()
}

// Model is what a server serves once it is loaded.
type Model struct {
	ID       string // by which clients name it
	Engine   *engine.Engine
	Generate Generator
	Defaults engine.Params // of requests that say nothing else
	Seeded   bool          // Defaults.Seed is what the user wants; otherwise every request takes another one
}

// Config says how to serve.
type Config struct {
	Keys    []string // of which requests must carry one; none for no such check
	Prefix  string   // before every path, such as /llm
	Origins []string // web pages of these origins may ask; "*" for all; empty for pages on this machine

	MaxBody   int64         // bytes of a request; default DefaultMaxBody
	Timeout   time.Duration // for a client to send a request, and to take a part of an answer; default DefaultTimeout
	PingEvery time.Duration // comments in idle streams; default DefaultPing, negative for none
	NoMetrics bool          // refuse /metrics
	NoSlots   bool          // refuse /slots
	NoProps   bool          // refuse POST /props
	Version   string        // of the program
	Log       func(format string, args ...any)
	Page      *Page // nil for a line of text at /
}

// Page is a web page that uses the API, and what only it asks for.
type Page struct {
	http.Handler
	Known  func(path string) bool // reports whether a path below the prefix is the page's
	Public func(path string) bool // reports whether it needs no key: the page's own files
}

// Defaults of Config.
const (
	DefaultMaxBody = 16 << 20
	DefaultTimeout = time.Minute
	DefaultPing    = 15 * time.Second
)

// Server is an http.Handler. Until Ready is called it answers that the model is loading.
type Server struct {
	Config
	handler   http.Handler
	model     atomic.Pointer[served]
	draining  atomic.Bool
	memory    memory
	reasoning sync.Map // of answers that are being written: id to []*thinking
	started   time.Time
}

// New makes a server without a model.
func New(c Config) *Server {
	if c.MaxBody <= 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.PingEvery == 0 {
		c.PingEvery = DefaultPing
	}
	if c.Log == nil {
		c.Log = func(string, ...any) {}
	}
	s := &Server{Config: c, started: time.Now()}
	s.handler = s.middleware(s.routes())
	return s
}

// Ready begins to answer with a model.
func (s *Server) Ready(m Model) { s.model.Store(newServed(m, s.started)) }

// Drain makes /health report that the server is going away, and refuses new generations; those accepted go on.
func (s *Server) Drain() {
	s.draining.Store(true)
	if m := s.model.Load(); m != nil {
		m.Generate.Drain()
	}
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// endpoint answers a request about a model; the error it returns is sent if nothing was sent before.
type endpoint func(m *served, w http.ResponseWriter, r *http.Request) error

// routes lists every path. Several names of one thing are those of the servers whose clients ask.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	on := func(method string, f endpoint, paths ...string) {
		for _, p := range paths {
			mux.Handle(method+" "+s.Prefix+p, s.withModel(f))
		}
	}
	for _, p := range []string{"/health", "/v1/health"} {
		mux.HandleFunc("GET "+s.Prefix+p, s.health)
	}
	on("GET", s.models, "/v1/models", "/models")
	on("GET", s.oneModel, "/v1/models/{id...}", "/models/{id...}")
	on("POST", s.chatCompletions, "/v1/chat/completions", "/chat/completions")
	on("POST", s.control, "/v1/chat/completions/control")
	on("POST", s.completions, "/v1/completions")
	on("POST", s.completion, "/completion", "/completions")
	on("POST", s.responses, "/v1/responses", "/responses")
	on("POST", s.messages, "/v1/messages")
	on("POST", s.countMessages, "/v1/messages/count_tokens")
	on("POST", s.countChat, "/v1/chat/completions/input_tokens", "/chat/completions/input_tokens")
	on("POST", s.countResponses, "/v1/responses/input_tokens", "/responses/input_tokens")
	on("POST", s.embeddings, "/v1/embeddings", "/embeddings", "/embedding")
	on("POST", s.rerank, "/v1/rerank", "/rerank", "/v1/reranking", "/reranking")
	on("POST", s.infill, "/infill")
	on("POST", s.tokenize, "/tokenize", "/v1/tokenize")
	on("POST", s.detokenize, "/detokenize", "/v1/detokenize")
	on("POST", s.applyTemplate, "/apply-template")
	on("GET", s.props, "/props")
	on("GET", s.slots, "/slots")
	on("GET", s.metrics, "/metrics")
	mux.Handle(s.Prefix+"/", http.HandlerFunc(s.fallback))
	return s.methods(mux)
}

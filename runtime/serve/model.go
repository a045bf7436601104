package serve

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine"
)

// served is a Model with what the server remembers of it.
type served struct {
	Model
	info    engine.Info
	created int64 // seconds since 1970
	traits  func() traits

	longestPiece int           // bytes of a token
	embedding    chan struct{} // holds the request whose vectors are being computed
}

func newServed(m Model, started time.Time) *served {
	s := &served{Model: m, info: m.Engine.Info(), created: started.Unix(), embedding: make(chan struct{}, 1)}
	s.traits = sync.OnceValue(s.findTraits)
	tok := m.Engine.Tokenizer()
	for id := range tok.Size() {
		s.longestPiece = max(s.longestPiece, len(tok.Piece(int32(id), true)))
	}
	if s.ID == "" {
		s.ID = strings.TrimSuffix(s.info.Name, ".gguf")
	}
	return s
}

// modelObject is the entry of a model in lists.
type modelObject struct {
	ID      string    `json:"id"`
	Object  string    `json:"object"`
	Created int64     `json:"created"`
	OwnedBy string    `json:"owned_by"`
	Meta    modelMeta `json:"meta"`
}

// modelMeta is llama.cpp's addition.
type modelMeta struct {
	VocabType int   `json:"vocab_type"`
	Vocab     int   `json:"n_vocab"`
	Context   int   `json:"n_ctx"`
	Train     int   `json:"n_ctx_train"`
	Embd      int   `json:"n_embd"`
	Params    int64 `json:"n_params"`
	Size      int64 `json:"size"`
}

func (m *served) object() modelObject {
	c := m.Engine.Model()
	return modelObject{ID: m.ID, Object: "model", Created: m.created, OwnedBy: "llamaboot", Meta: modelMeta{
		VocabType: 1, Vocab: m.info.Vocab, Context: m.info.Context, Train: c.TrainContext, Embd: c.Embd, Params: m.info.Params, Size: m.info.Size,
	}}
}

func (s *Server) models(m *served, w http.ResponseWriter, _ *http.Request) error {
	return sendJSON(w, http.StatusOK, map[string]any{"object": "list", "data": []modelObject{m.object()}})
}

func (s *Server) oneModel(m *served, w http.ResponseWriter, r *http.Request) error {
	if id := r.PathValue("id"); id != m.ID {
		return &apiError{Status: http.StatusNotFound, Type: invalidRequest, Code: "model_not_found", Param: "model",
			Message: "the model " + id + " is not served here; this is " + m.ID}
	}
	return sendJSON(w, http.StatusOK, m.object())
}

// health answers load balancers: 200 when requests are welcome, 503 before and after.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	status, word := http.StatusOK, "ok"
	switch {
	case s.draining.Load():
		status, word = http.StatusServiceUnavailable, "draining"
	case s.model.Load() == nil:
		status, word = http.StatusServiceUnavailable, "loading"
	}
	if status != http.StatusOK {
		w.Header().Set("Retry-After", "1")
	}
	sendJSON(w, status, map[string]string{"status": word})
}

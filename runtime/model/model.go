// Package model computes transformer language models from GGUF files.
//
// Networks are named by their shape and have a file each (prenorm.go, sandwich.go, layernorm.go, encoder.go): the weights
// as a struct whose tags name the tensors and their shapes, and the forward pass in the order of the paper. An
// architecture is a row of the table in architectures.go: its network, and what it fixes or reads beyond the common
// keys (families.go). What networks share: binding weights (bind.go), positions (rope.go), attention (attention.go), the
// cache of keys and values (cache.go), feed-forward networks (ffn.go, moe.go). docs/adding-an-architecture.md shows how
// to add one.
//
// The truth is llama.cpp's F32 result; tests compare logits with it. The number of threads, the size of batches and
// what other sequences share a batch never change a result.
//
// Conventions: activations are float32, one row per token. Shapes are written as in GGUF, the contiguous dimension
// first: a weight [in, out] turns rows of in elements into rows of out elements.
package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// Errors of Open and Forward for errors.Is.
var (
	ErrArch    = errors.New("architecture not supported")
	ErrType    = errors.New("tensor type not supported")
	ErrTensor  = errors.New("tensor missing or of the wrong shape")
	ErrConfig  = errors.New("hyperparameter missing or out of range")
	ErrContext = errors.New("context is full")
	ErrToken   = errors.New("token id out of range")
)

// MaxBatch is the number of tokens computed at once; Forward cuts longer inputs.
const MaxBatch = 256

// Options of a model.
type Options struct {
	Threads int    // of the pool, 0 for 1
	Context int    // tokens a sequence may hold; 0 for the model's own length, at most DefaultContext
	Level   string // instruction-set level to compute at, "" for the best this processor runs

	keepQuantised bool // for tests: multiply quantised weights even of the smallest models
}

// DefaultContext bounds the context that is used when the caller does not ask for one: memory for the cache is only
// taken as it fills, but a chat that grows to the 128k tokens of a current model would exhaust a small machine.
const DefaultContext = 8192

// Model is a loaded model. Its methods are safe for concurrent use; one forward pass runs at a time.
type Model struct {
	Config
	pool *compute.Pool
	net  network

	mu   sync.Mutex
	step step
}

// network is an architecture with its weights.
type network interface {
	// forward computes the tokens of s and leaves the last hidden rows, after the output norm, in s.x [n, embd].
	forward(s *step)
	// head turns n hidden rows into logits [n, vocab].
	head(s *step, logits, hidden []float32, n int)
	// check is called once the weights are bound; it may complete c.
	check(c *Config) error
}

// Open prepares the model in f, whose tensor data must stay readable until Close.
func Open(f *gguf.File, o Options) (*Model, error) {
	name, err := architectureOf(f)
	if err != nil {
		return nil, err
	}
	level, err := compute.LevelNamed(o.Level)
	if err != nil {
		return nil, err
	}
	a, _ := lookUp(name)
	m := &Model{net: a.net()}
	if m.Config, err = readConfig(f, name, a.config); err != nil {
		return nil, err
	}
	if o.Context > 0 {
		m.Context = o.Context
	} else {
		m.Context, m.defaultContext = min(m.TrainContext, DefaultContext), true
	}
	m.exact = f.Params() <= exactParams && !o.keepQuantised
	m.bound = map[string]bool{}
	if err := bind(m.net, f, &m.Config); err != nil {
		return nil, err
	}
	if err := m.net.check(&m.Config); err != nil {
		return nil, err
	}
	if err := unused(f, &m.Config); err != nil {
		return nil, err
	}
	m.bound = nil
	m.pool = compute.NewPool(max(1, o.Threads), level)
	m.step.m, m.step.level = m, level
	return m, nil
}

// architectureOf is the architecture of f, an error if it is not supported.
func architectureOf(f *gguf.File) (string, error) {
	name, err := f.Text("general.architecture", "")
	if err != nil {
		return "", err
	}
	if _, ok := lookUp(name); !ok {
		return "", fmt.Errorf("%w: %s is %q; supported are %s", ErrArch, f.At("general.architecture"), gguf.Clip(name), strings.Join(Architectures(), " "))
	}
	return name, nil
}

// Check says from the metadata alone whether Open would know the architecture and the tensor types of f.
func Check(f *gguf.File) error {
	if _, err := architectureOf(f); err != nil {
		return err
	}
	for i := range f.Tensors {
		if t := &f.Tensors[i]; !t.Type.Supported() {
			return typeError(t)
		}
	}
	return nil
}

// Close ends the threads of the model.
func (m *Model) Close() { m.pool.Close() }

// Level is the instruction-set level the model computes at.
func (m *Model) Level() *compute.Level { return m.pool.Level() }

// Threads is the number of threads that compute.
func (m *Model) Threads() int { return m.pool.Threads() }

// Token is one position to compute.
type Token struct {
	ID     int32
	Pos    int    // position in its sequence; the cache must hold all positions before it
	Cache  *Cache // of its sequence
	Logits bool   // whether the logits after this token are wanted
}

// Forward computes tokens, which may belong to several sequences, stores their keys and values in their caches, and
// returns the logits of those that asked for them, one row of Vocab per token in order. dst is used if it is large
// enough.
func (m *Model) Forward(dst []float32, tokens []Token) ([]float32, error) {
	return m.ForwardContext(context.Background(), dst, tokens)
}

// ForwardContext is Forward that ctx ends between two products of matrices: a batch takes minutes on a slow machine.
// Then the error is that of ctx, and the caches hold nothing useful from the first of the tokens on.
func (m *Model) ForwardContext(ctx context.Context, dst []float32, tokens []Token) ([]float32, error) {
	if m.Encoder {
		return nil, fmt.Errorf("%w: %s makes embeddings, not text", ErrArch, m.Arch)
	}
	for i := range tokens {
		t := &tokens[i]
		if t.ID < 0 || int(t.ID) >= m.Vocab {
			return nil, fmt.Errorf("%w: %d, want 0 to %d", ErrToken, t.ID, m.Vocab-1)
		}
		if t.Pos < 0 || t.Pos >= m.Context {
			return nil, fmt.Errorf("%w: position %d, want less than %d tokens", ErrContext, t.Pos, m.Context)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.step.done = ctx.Done()
	defer func() { m.step.done = nil }()
	dst = dst[:0]
	for part := range slices.Chunk(tokens, MaxBatch) {
		var err error
		if dst, err = m.step.run(dst, part); err != nil {
			return nil, err
		}
		if m.step.stopped() {
			return nil, ctx.Err()
		}
	}
	return dst, nil
}

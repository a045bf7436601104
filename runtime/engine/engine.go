// Package engine is the front of the inference engine: a model file in, text out.
//
// An Engine holds one model; Sessions hold one conversation each and may be used from several goroutines, each
// Session from one at a time. Everything works on bytes in memory or mapped: the package does no I/O.
package engine

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/tensor"
	"github.com/llamaboot/llamaboot/runtime/token"
)

// Errors for errors.Is.
var (
	ErrContextFull = errors.New("the prompt does not fit the context")
	ErrNoTemplate  = errors.New("the model has no chat template")
	ErrEmpty       = errors.New("the prompt is empty")
	ErrNaN         = errors.New("the model computes no numbers (NaN)")
)

// Options of an engine; zero fields take the default.
type Options struct {
	Threads  int    // default: the number of physical cores
	Level    string // instruction-set level to compute at; default: the best this processor runs
	Context  int    // tokens a session may hold; default: the model's, at most model.DefaultContext
	Template string // chat template to use instead of the model's own

	Cache model.CacheType // precision of cached keys and values; default float16
}

// Engine is a loaded model with its tokenizer and chat template.
type Engine struct {
	name  string
	file  *gguf.File
	model *model.Model
	tok   *token.Tokenizer
	cache model.CacheType

	template chatTemplate
}

// Info describes a model.
type Info struct {
	Name    string // general.name, or the file name
	Arch    string
	Params  int64  // number of weights
	Size    int64  // bytes of weights
	Type    string // the type most weights have
	Context int    // tokens a session may hold
	Vocab   int
	Threads int
	Level   string // instruction-set level of the kernels
}

// Open loads a model from data, the whole GGUF file, which must stay readable until Close. name goes into errors.
func Open(name string, data []byte, o Options) (*Engine, error) {
	e, err := open(name, data, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return e, nil
}

func open(name string, data []byte, o Options) (*Engine, error) {
	f, err := gguf.Parse(data)
	if err != nil {
		return nil, err
	}
	e := &Engine{name: name, file: f, cache: o.Cache}
	if e.tok, err = token.New(f); err != nil {
		return nil, err
	}
	threads := o.Threads
	if threads <= 0 {
		threads = compute.Cores()
	}
	if o.Template != "" {
		e.template, err = givenTemplate(o.Template)
	} else {
		e.template, err = modelTemplate(f, e.tok)
	}
	if err != nil {
		return nil, err
	}
	if e.model, err = model.Open(f, model.Options{Threads: threads, Context: o.Context, Level: o.Level}); err != nil {
		return nil, err
	}
	if tokens := e.tok.Size(); tokens != e.model.Vocab {
		e.model.Close()
		return nil, fmt.Errorf("%w: %s has %d tokens, tensor \"token_embd.weight\" %d rows; want as many",
			token.ErrVocab, f.At("tokenizer.ggml.tokens"), tokens, e.model.Vocab)
	}
	return e, nil
}

// Close ends the threads of the engine. Its sessions must not be used afterwards.
func (e *Engine) Close() error {
	e.model.Close()
	return nil
}

// Info describes the model.
func (e *Engine) Info() Info {
	i := Info{Name: e.name, Arch: e.model.Arch, Params: e.file.Params(), Context: e.model.Context, Vocab: e.model.Vocab,
		Threads: e.model.Threads(), Level: e.model.Level().String()}
	if s, err := e.file.Text("general.name", ""); err == nil && s != "" {
		i.Name = s
	}
	bytes := map[tensor.Type]int64{}
	for t := range e.file.Tensors {
		x := &e.file.Tensors[t]
		bytes[x.Type] += int64(len(x.Data))
		i.Size += int64(len(x.Data))
	}
	most := int64(-1)
	for t, n := range bytes {
		if n > most || n == most && t.String() < i.Type {
			i.Type, most = t.String(), n
		}
	}
	return i
}

// File is the parsed model file.
func (e *Engine) File() *gguf.File { return e.file }

// Model is the network, for callers that want logits.
func (e *Engine) Model() *model.Model { return e.model }

// Tokenizer is the model's tokenizer.
func (e *Engine) Tokenizer() *token.Tokenizer { return e.tok }

// Tokenize turns text into ids; see token.Tokenizer.Encode.
func (e *Engine) Tokenize(text string, addSpecial, parseSpecial bool) []int32 {
	return e.tok.Encode(text, addSpecial, parseSpecial)
}

// Detokenizer turns ids into text as they come, never splitting a UTF-8 character.
func (e *Engine) Detokenizer() *token.Decoder { return e.tok.Decoder(false) }

// TokenizePrompt tokenizes a prompt in which special tokens are written out. The beginning token is added where the
// model wants one and the text does not begin with it already.
func (e *Engine) TokenizePrompt(text string) []int32 {
	ids := e.tok.Encode(text, true, true)
	if t := e.tok; t.AddBOS && t.BOS != token.None && len(ids) > 1 && ids[0] == t.BOS && ids[1] == t.BOS {
		ids = ids[1:]
	}
	return ids
}

// Logits computes the logits after the last of ids, in a sequence of its own.
func (e *Engine) Logits(ctx context.Context, ids []int32) ([]float32, error) {
	s, err := e.NewSession()
	if err != nil {
		return nil, err
	}
	if err := s.prefill(ctx, ids); err != nil {
		return nil, err
	}
	for _, l := range s.logits {
		if l != l {
			return nil, e.NoNumbers(len(ids))
		}
	}
	return s.logits, nil
}

// Embed returns the vector of a text, scaled to length one.
func (e *Engine) Embed(ctx context.Context, ids []int32, pool model.Pooling) ([]float32, error) {
	v, err := e.model.Embed(ctx, ids, pool)
	if err != nil {
		return nil, err
	}
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if math.IsNaN(sum) {
		return nil, e.NoNumbers(len(ids))
	}
	if sum > 0 {
		e.model.Level().Scale(v, float32(1/math.Sqrt(sum)))
	}
	return v, nil
}

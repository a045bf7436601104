package serve

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"
	"slices"

	"github.com/llamaboot/llamaboot/runtime/model"
)

// maxInputs bounds the texts of one request for embeddings.
const maxInputs = 2048

// embed computes the vectors of texts, of which the model's own pooling makes one each.
func (m *served) embed(ctx context.Context, inputs prompts) (list [][]float32, tokens int, err error) {
	if len(inputs) == 0 || len(inputs) > maxInputs {
		return nil, 0, badRequest("input", "input: got %d texts, want 1 to %d", len(inputs), maxInputs)
	}
	all := make([][]int32, len(inputs))
	for i, p := range inputs {
		if len(p) == 1 && p[0].ids == nil && p[0].text == "" {
			return nil, 0, badRequest("input", "input: text %d is empty", i)
		}
		if all[i], err = p.tokens(m); err != nil {
			return nil, 0, err
		}
		tokens += len(all[i])
	}
	// One request at a time: a text is computed on all threads, and beside it pass those of generations.
	select {
	case m.embedding <- struct{}{}:
		defer func() { <-m.embedding }()
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	for _, ids := range all {
		v, err := m.Engine.Embed(ctx, ids, model.PoolNone)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, v)
	}
	return list, tokens, nil
}

// vector is an embedding as JSON: numbers, or the base64 of little-endian float32.
type vector struct {
	v      []float32
	base64 bool
}

func (x vector) MarshalJSON() ([]byte, error) {
	if !x.base64 {
		return json.Marshal(x.v)
	}
	b := make([]byte, 0, 4*len(x.v))
	for _, f := range x.v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(b))
}

// shortened is the first n elements of a vector, scaled to length one again.
func shortened(v []float32, n int) []float32 {
	v = slices.Clone(v[:n])
	sum := 0.0
	for _, f := range v {
		sum += float64(f) * float64(f)
	}
	if sum > 0 {
		scale := float32(1 / math.Sqrt(sum))
		for i := range v {
			v[i] *= scale
		}
	}
	return v
}

func (s *Server) embeddings(m *served, w http.ResponseWriter, r *http.Request) error {
	var q struct {
		Input      prompts  `json:"input"`
		Content    prompts  `json:"content"` // llama.cpp's name for it
		Format     string   `json:"encoding_format"`
		Dimensions *integer `json:"dimensions"`
	}
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	if q.Input == nil {
		q.Input = q.Content
	}
	if q.Format != "" && q.Format != "float" && q.Format != "base64" {
		return badRequest("encoding_format", "encoding_format: got %q, want float or base64", q.Format)
	}
	if n := q.Dimensions; n != nil && (*n < 1 || int(*n) > m.Engine.Model().Embd) {
		return badRequest("dimensions", "dimensions: got %d, want 1 to %d", *n, m.Engine.Model().Embd)
	}
	list, tokens, err := m.embed(r.Context(), q.Input)
	if err != nil {
		return err
	}
	type item struct {
		Object string `json:"object"`
		Index  int    `json:"index"`
		Vector vector `json:"embedding"`
	}
	data := make([]item, len(list))
	for i, v := range list {
		if q.Dimensions != nil {
			v = shortened(v, int(*q.Dimensions))
		}
		data[i] = item{"embedding", i, vector{v, q.Format == "base64"}}
	}
	return sendJSON(w, http.StatusOK, map[string]any{"object": "list", "data": data, "model": m.ID,
		"usage": map[string]int{"prompt_tokens": tokens, "total_tokens": tokens}})
}

// rerank orders documents by how near they are to a query: by the cosine of their vectors.
func (s *Server) rerank(m *served, w http.ResponseWriter, r *http.Request) error {
	var q struct {
		Query     *string  `json:"query"`
		Documents []string `json:"documents"`
		TopN      *integer `json:"top_n"`
		Return    bool     `json:"return_documents"`
	}
	if err := s.read(w, r, &q); err != nil {
		return err
	}
	if q.Query == nil {
		return badRequest("query", "query: want the text to compare with")
	}
	if len(q.Documents) == 0 {
		return badRequest("documents", "documents: want at least one text")
	}
	inputs := prompts{{{text: *q.Query}}}
	for _, d := range q.Documents {
		inputs = append(inputs, prompt{{text: d}})
	}
	list, tokens, err := m.embed(r.Context(), inputs)
	if err != nil {
		return err
	}
	type document struct {
		Text string `json:"text"`
	}
	type result struct {
		Index    int       `json:"index"`
		Score    float64   `json:"relevance_score"`
		Document *document `json:"document,omitempty"`
	}
	results := make([]result, len(q.Documents))
	for i, v := range list[1:] {
		results[i].Index = i
		for k := range v {
			results[i].Score += float64(v[k]) * float64(list[0][k])
		}
		if q.Return {
			results[i].Document = &document{q.Documents[i]}
		}
	}
	slices.SortStableFunc(results, func(a, b result) int { return cmp.Compare(b.Score, a.Score) })
	if q.TopN != nil {
		results = results[:min(len(results), max(0, int(*q.TopN)))]
	}
	return sendJSON(w, http.StatusOK, map[string]any{"object": "list", "model": m.ID, "results": results,
		"usage": map[string]int{"prompt_tokens": tokens, "total_tokens": tokens}})
}

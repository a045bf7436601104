package serve

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/engine/sched"
)

// sampling are the fields that say how tokens are chosen, common to all endpoints that generate: OpenAI's, and
// llama.cpp's for the other samplers.
type sampling struct {
	Temperature      *float64 `json:"temperature"`
	DynaRange        *float64 `json:"dynatemp_range"`
	DynaExponent     *float64 `json:"dynatemp_exponent"`
	TopK             *integer `json:"top_k"`
	TopP             *float64 `json:"top_p"`
	MinP             *float64 `json:"min_p"`
	TypicalP         *float64 `json:"typical_p"`
	TopNSigma        *float64 `json:"top_n_sigma"`
	XTCProbability   *float64 `json:"xtc_probability"`
	XTCThreshold     *float64 `json:"xtc_threshold"`
	RepeatPenalty    *float64 `json:"repeat_penalty"`
	RepetitionVLLM   *float64 `json:"repetition_penalty"` // as vLLM has it
	RepeatLastN      *integer `json:"repeat_last_n"`
	FrequencyPenalty *float64 `json:"frequency_penalty"`
	PresencePenalty  *float64 `json:"presence_penalty"`
	DRYMultiplier    *float64 `json:"dry_multiplier"`
	DRYBase          *float64 `json:"dry_base"`
	DRYAllowedLength *integer `json:"dry_allowed_length"`
	DRYLastN         *integer `json:"dry_penalty_last_n"`
	DRYBreakers      []string `json:"dry_sequence_breakers"`
	Mirostat         *integer `json:"mirostat"`
	MirostatTau      *float64 `json:"mirostat_tau"`
	MirostatEta      *float64 `json:"mirostat_eta"`
	MinKeep          *integer `json:"min_keep"`
	Samplers         []string `json:"samplers"`
	Seed             *integer `json:"seed"`
	LogitBias        biases   `json:"logit_bias"`

	Stop      texts           `json:"stop"`
	IgnoreEOS bool            `json:"ignore_eos"`
	Keep      *integer        `json:"n_keep"`
	MaxMS     *integer        `json:"t_max_predict_ms"`
	Cache     *bool           `json:"cache_prompt"`
	Grammar   string          `json:"grammar"`
	Schema    json.RawMessage `json:"json_schema"`
}

// biases is logit_bias: an object from ids to numbers, or llama.cpp's array of pairs of an id or a text and a number or
// false.
type biases []bias

type bias struct {
	id    int32
	text  string // instead of id
	value float32
}

func (l *biases) UnmarshalJSON(b []byte) error {
	wrong := badRequest("logit_bias", "logit_bias: got %s, want an object of token ids and numbers", clip(b))
	var pairs [][2]json.RawMessage
	switch b = bytes.TrimSpace(b); {
	case bytes.Equal(b, []byte("null")):
		return nil
	case bytes.HasPrefix(b, []byte("[")):
		if json.Unmarshal(b, &pairs) != nil {
			return wrong
		}
	default:
		var object map[string]json.RawMessage
		if json.Unmarshal(b, &object) != nil {
			return wrong
		}
		for id, value := range object {
			pairs = append(pairs, [2]json.RawMessage{json.RawMessage(id), value})
		}
	}
	for _, p := range pairs {
		var x bias
		var value float64
		var off bool
		if json.Unmarshal(p[1], &off) == nil && !off {
			value = math.Inf(-1)
		} else if json.Unmarshal(p[1], &value) != nil {
			return wrong
		}
		x.value = float32(value)
		if json.Unmarshal(p[0], &x.id) != nil && json.Unmarshal(p[0], &x.text) != nil {
			return wrong
		}
		if x.value <= -100 {
			x.value = float32(math.Inf(-1)) // what OpenAI's API calls a ban
		}
		*l = append(*l, x)
	}
	return nil
}

// limits of what a request may ask for.
const (
	maxStops    = 64
	maxStopText = 1024
	maxBiases   = 4096
)

// request makes a generation of the common fields; n is how many tokens it has at most, nil for no limit.
func (f *sampling) request(m *served, n *integer) (sched.Request, error) {
	p := m.Defaults
	if err := f.samplers(&p); err != nil {
		return sched.Request{}, err
	}
	if n != nil {
		p.N = int(max(*n, -1))
	}
	if len(f.Stop) > maxStops {
		return sched.Request{}, badRequest("stop", "stop: got %d texts, want at most %d", len(f.Stop), maxStops)
	}
	for _, s := range f.Stop {
		if len(s) > maxStopText {
			return sched.Request{}, badRequest("stop", "stop: got a text of %d bytes, want at most %d", len(s), maxStopText)
		}
	}
	p.Stop = append(p.Stop[:len(p.Stop):len(p.Stop)], f.Stop...)
	p.IgnoreEOS = p.IgnoreEOS || f.IgnoreEOS
	if f.Keep != nil {
		p.Keep = int(*f.Keep)
		if *f.Keep < 0 {
			p.Keep = math.MaxInt32
		}
	}
	if err := f.bias(m, &p); err != nil {
		return sched.Request{}, err
	}
	var err error
	switch schema := bytes.TrimSpace(f.Schema); {
	case f.Grammar != "" && len(schema) > 0:
		err = badRequest("grammar", "grammar and json_schema both restrict the text, give one")
	case f.Grammar != "":
		if p.Grammar, err = m.Engine.GBNF(f.Grammar); err != nil {
			err = badRequest("grammar", "grammar: %v", err)
		}
	case len(schema) > 0 && !bytes.Equal(schema, []byte("null")):
		if p.Grammar, err = m.Engine.JSONSchema(schema); err != nil {
			err = badRequest("json_schema", "the JSON schema: %v", err)
		}
	}
	if err != nil {
		return sched.Request{}, err
	}
	r := sched.Request{Params: p, NoReuse: f.Cache != nil && !*f.Cache}
	if f.MaxMS != nil && *f.MaxMS > 0 {
		r.MaxTime = time.Duration(*f.MaxMS) * time.Millisecond
	}
	return r, nil
}

// samplers sets the samplers a request names.
func (f *sampling) samplers(p *engine.Params) error {
	s := &p.Params
	repeat := f.RepeatPenalty
	if repeat == nil {
		repeat = f.RepetitionVLLM
	}
	for _, x := range []struct {
		name     string
		v        *float64
		to       *float32
		min, max float64
	}{
		{"temperature", f.Temperature, &s.Temp, -1, 100},
		{"dynatemp_range", f.DynaRange, &s.DynaRange, 0, 100},
		{"dynatemp_exponent", f.DynaExponent, &s.DynaExponent, 0, 100},
		{"top_p", f.TopP, &s.TopP, 0, 1},
		{"min_p", f.MinP, &s.MinP, 0, 1},
		{"typical_p", f.TypicalP, &s.TypicalP, 0, 1},
		{"top_n_sigma", f.TopNSigma, &s.TopNSigma, -1, 1000},
		{"xtc_probability", f.XTCProbability, &s.XTCProbability, 0, 1},
		{"xtc_threshold", f.XTCThreshold, &s.XTCThreshold, 0, 1},
		{"repeat_penalty", repeat, &s.RepeatPenalty, 0, 100},
		{"frequency_penalty", f.FrequencyPenalty, &s.FrequencyPenalty, -100, 100},
		{"presence_penalty", f.PresencePenalty, &s.PresencePenalty, -100, 100},
		{"dry_multiplier", f.DRYMultiplier, &s.DRYMultiplier, 0, 100},
		{"dry_base", f.DRYBase, &s.DRYBase, 0, 100},
		{"mirostat_tau", f.MirostatTau, &s.MirostatTau, 0, 100},
		{"mirostat_eta", f.MirostatEta, &s.MirostatEta, 0, 100},
	} {
		if x.v == nil {
			continue
		}
		if !(*x.v >= x.min && *x.v <= x.max) {
			return badRequest(x.name, "%s: got %v, want %v to %v", x.name, *x.v, x.min, x.max)
		}
		*x.to = float32(max(*x.v, 0)) // below zero llama.cpp switches it off, as zero does
	}
	if f.FrequencyPenalty != nil {
		s.FrequencyPenalty = float32(*f.FrequencyPenalty)
	}
	if f.PresencePenalty != nil {
		s.PresencePenalty = float32(*f.PresencePenalty)
	}
	if f.TopP != nil && *f.TopP == 0 {
		s.TopK = 1 // no probability at all: OpenAI's API means the likeliest token, the sampler no limit
	}
	for _, x := range []struct {
		name     string
		v        *integer
		to       *int
		min, max integer
	}{
		{"top_k", f.TopK, &s.TopK, -1, 1 << 30},
		{"repeat_last_n", f.RepeatLastN, &s.RepeatLastN, -1, 1 << 30},
		{"dry_allowed_length", f.DRYAllowedLength, &s.DRYAllowedLength, 0, 1 << 20},
		{"dry_penalty_last_n", f.DRYLastN, &s.DRYLastN, -1, 1 << 30},
		{"mirostat", f.Mirostat, &s.Mirostat, 0, 2},
		{"min_keep", f.MinKeep, &s.MinKeep, 0, 1 << 20},
	} {
		if x.v == nil {
			continue
		}
		if *x.v < x.min || *x.v > x.max {
			return badRequest(x.name, "%s: got %d, want %d to %d", x.name, *x.v, x.min, x.max)
		}
		*x.to = int(*x.v)
	}
	s.TopK = max(s.TopK, 0)
	if f.Samplers != nil {
		s.Order = samplerNames(f.Samplers)
	}
	return nil
}

// samplerNames spells the names of samplers as package sample does.
func samplerNames(list []string) []string {
	other := map[string]string{"temp": "temperature", "typical_p": "typ_p", "typical": "typ_p", "top_n": "top_n_sigma"}
	out := make([]string, len(list))
	for i, name := range list {
		name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
		if n, ok := other[name]; ok {
			name = n
		}
		out[i] = name
	}
	return out
}

// bias sets what depends on the vocabulary: biases, sequence breakers and the seed.
func (f *sampling) bias(m *served, p *engine.Params) error {
	if len(f.LogitBias) > maxBiases {
		return badRequest("logit_bias", "logit_bias: got %d tokens, want at most %d", len(f.LogitBias), maxBiases)
	}
	if len(f.LogitBias) > 0 {
		all := map[int32]float32{}
		for id, v := range p.LogitBias {
			all[id] = v
		}
		for _, b := range f.LogitBias {
			ids := []int32{b.id}
			if b.text != "" {
				if id, err := strconv.ParseInt(b.text, 10, 32); err == nil {
					ids[0] = int32(id)
				} else {
					ids = m.Engine.Tokenize(b.text, false, true)
				}
			}
			for _, id := range ids {
				if id < 0 || int(id) >= m.info.Vocab {
					return badRequest("logit_bias", "logit_bias: got token %d, want 0 to %d", id, m.info.Vocab-1)
				}
				all[id] += b.value
			}
		}
		p.LogitBias = all
	}
	for _, text := range f.DRYBreakers {
		if ids := m.Engine.Tokenize(text, false, false); len(ids) > 0 {
			p.DRYBreakers = append(p.DRYBreakers[:len(p.DRYBreakers):len(p.DRYBreakers)], ids[len(ids)-1])
		}
	}
	switch {
	case f.Seed != nil && *f.Seed >= 0:
		p.Seed = uint64(*f.Seed)
	case f.Seed != nil || !m.Seeded:
		p.Seed = rand.Uint64()
	}
	return nil
}

package app

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/sample"
)

// defaultSampling are llama.cpp's defaults, but for the seed: a program that is asked the same twice answers the same.
func defaultSampling() sample.Params {
	return sample.Params{Temp: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05, RepeatPenalty: 1, RepeatLastN: 64, XTCThreshold: 0.1}
}

// samplingFlags adds the flags that choose among likely tokens.
func (o *options) samplingFlags(fs *flag.FlagSet) {
	s := &o.sampling
	floatFlag(fs, &s.Temp, "temp", "temperature")
	intFlag(fs, &s.TopK, "top-k")
	floatFlag(fs, &s.TopP, "top-p")
	floatFlag(fs, &s.MinP, "min-p")
	floatFlag(fs, &s.RepeatPenalty, "repeat-penalty")
	intFlag(fs, &s.RepeatLastN, "repeat-last-n")
	floatFlag(fs, &s.PresencePenalty, "presence-penalty")
	floatFlag(fs, &s.FrequencyPenalty, "frequency-penalty")
	floatFlag(fs, &s.TypicalP, "typical", "typical-p")
	floatFlag(fs, &s.TopNSigma, "top-nsigma", "top-n-sigma")
	floatFlag(fs, &s.XTCProbability, "xtc-probability")
	floatFlag(fs, &s.XTCThreshold, "xtc-threshold")
	floatFlag(fs, &s.DRYMultiplier, "dry-multiplier")
	floatFlag(fs, &s.DRYBase, "dry-base")
	intFlag(fs, &s.DRYAllowedLength, "dry-allowed-length")
	intFlag(fs, &s.DRYLastN, "dry-penalty-last-n")
	floatFlag(fs, &s.DynaRange, "dynatemp-range")
	floatFlag(fs, &s.DynaExponent, "dynatemp-exp")
	intFlag(fs, &s.Mirostat, "mirostat")
	floatFlag(fs, &s.MirostatTau, "mirostat-ent")
	floatFlag(fs, &s.MirostatEta, "mirostat-lr")
	fs.Func("samplers", "", func(list string) error {
		s.Order = strings.FieldsFunc(list, func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
		return nil
	})
	bias := func(text string) error {
		id, bias, err := parseBias(text)
		if err != nil {
			return err
		}
		if s.LogitBias == nil {
			s.LogitBias = map[int32]float32{}
		}
		s.LogitBias[id] = bias
		return nil
	}
	fs.Func("logit-bias", "", bias)
	fs.Func("l", "", bias)
	for _, name := range []string{"seed", "s"} {
		fs.Func(name, "", func(text string) (err error) {
			s.Seed, err = parseSeed(text)
			o.seeded = text != "-1"
			return err
		})
	}
}

// checkSampling refuses values that no distribution has. The comparisons are written so that NaN fails them.
func (o *options) checkSampling() error {
	s := o.sampling
	switch {
	case !(s.Temp >= 0):
		return fmt.Errorf("%w: --temp %v: want 0 or more", errUsage, s.Temp)
	case s.TopK < 0:
		return fmt.Errorf("%w: --top-k %d: want 0 or more", errUsage, s.TopK)
	case !(s.TopP >= 0 && s.TopP <= 1):
		return fmt.Errorf("%w: --top-p %v: want 0 to 1", errUsage, s.TopP)
	case !(s.MinP >= 0 && s.MinP <= 1):
		return fmt.Errorf("%w: --min-p %v: want 0 to 1", errUsage, s.MinP)
	case !(s.RepeatPenalty > 0):
		return fmt.Errorf("%w: --repeat-penalty %v: want more than 0", errUsage, s.RepeatPenalty)
	case !(s.XTCProbability >= 0 && s.XTCProbability <= 1):
		return fmt.Errorf("%w: --xtc-probability %v: want 0 to 1", errUsage, s.XTCProbability)
	case !(s.TypicalP >= 0 && s.TypicalP <= 1):
		return fmt.Errorf("%w: --typical %v: want 0 to 1", errUsage, s.TypicalP)
	case s.Mirostat < 0 || s.Mirostat > 2:
		return fmt.Errorf("%w: --mirostat %d: want 0, 1 or 2", errUsage, s.Mirostat)
	case s.RepeatLastN < -1:
		return fmt.Errorf("%w: --repeat-last-n %d: want -1 for all tokens, or more", errUsage, s.RepeatLastN)
	}
	for _, f := range []struct {
		name  string
		value float32
	}{
		{"--temp", s.Temp}, {"--repeat-penalty", s.RepeatPenalty}, {"--presence-penalty", s.PresencePenalty},
		{"--frequency-penalty", s.FrequencyPenalty}, {"--top-nsigma", s.TopNSigma}, {"--xtc-threshold", s.XTCThreshold},
		{"--dry-multiplier", s.DRYMultiplier}, {"--dry-base", s.DRYBase}, {"--dynatemp-range", s.DynaRange},
		{"--dynatemp-exp", s.DynaExponent}, {"--mirostat-ent", s.MirostatTau}, {"--mirostat-lr", s.MirostatEta},
	} {
		if v := float64(f.value); math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: %s %v: want a finite number", errUsage, f.name, f.value)
		}
	}
	if _, err := sample.New(s); err != nil { // what is left of wrong values
		return fmt.Errorf("%w: --samplers: %w", errUsage, err)
	}
	return nil
}

// parseSeed reads a seed; -1 stands for a new one each time, as in llama.cpp.
func parseSeed(text string) (uint64, error) {
	if text == "-1" {
		return rand.Uint64(), nil
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errors.New("want a number from 0 to 2^64-1, or -1")
	}
	return seed, nil
}

// parseBias reads what is added to the logit of a token, ID+X or ID-X; ID-inf forbids the token.
func parseBias(text string) (id int32, bias float32, err error) {
	i := strings.IndexAny(text, "+-")
	if i > 0 {
		n, idErr := strconv.ParseUint(text[:i], 10, 31)
		x, biasErr := strconv.ParseFloat(text[i:], 32)
		if idErr == nil && biasErr == nil && x == x && !math.IsInf(x, 1) {
			return int32(n), float32(x), nil
		}
	}
	return 0, 0, errors.New("want the id of a token and a number with its sign, such as 15+1.5 or 15-inf")
}

func floatFlag(fs *flag.FlagSet, p *float32, names ...string) {
	for _, name := range names {
		fs.Func(name, "", func(s string) error {
			v, err := strconv.ParseFloat(s, 32)
			if err != nil {
				return errors.New("want a number")
			}
			*p = float32(v)
			return nil
		})
	}
}

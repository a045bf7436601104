package app

import (
	"errors"
	"flag"
	"fmt"
	"strconv"

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
	floatFlag(fs, &s.TypicalP, "typical")
	floatFlag(fs, &s.TopNSigma, "top-nsigma")
	floatFlag(fs, &s.XTCProbability, "xtc-probability")
	floatFlag(fs, &s.XTCThreshold, "xtc-threshold")
	floatFlag(fs, &s.DRYMultiplier, "dry-multiplier")
	floatFlag(fs, &s.DRYBase, "dry-base")
	intFlag(fs, &s.DRYAllowedLength, "dry-allowed-length")
	floatFlag(fs, &s.DynaRange, "dynatemp-range")
	intFlag(fs, &s.Mirostat, "mirostat")
	floatFlag(fs, &s.MirostatTau, "mirostat-ent")
	floatFlag(fs, &s.MirostatEta, "mirostat-lr")
	for _, name := range []string{"seed", "s"} {
		fs.Uint64Var(&s.Seed, name, s.Seed, "")
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
	case s.RepeatLastN < -1:
		return fmt.Errorf("%w: --repeat-last-n %d: want -1 for all tokens, or more", errUsage, s.RepeatLastN)
	}
	if _, err := sample.New(s); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return nil
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

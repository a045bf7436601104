package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/selftest"
)

// Values of build --golden.
const (
	goldenAuto = "auto"
	goldenYes  = "yes"
	goldenNo   = "no"
)

// goldenLimit is the largest model that is run at build time without being asked for.
const goldenLimit = 16 << 20

// recordGolden lets the model generate and puts its tokens into the member, for --selftest of the llamafile. The tokens
// do not depend on the machine that records them: close decisions end the record.
func recordGolden(ctx context.Context, m *modelFile, when string) error {
	switch when {
	case goldenAuto:
		if m.Size > goldenLimit {
			return nil
		}
	case goldenNo:
		return nil
	case goldenYes:
	default:
		return withHint(usagef("--golden %q", when), "--golden takes %s, %s or %s", goldenAuto, goldenYes, goldenNo)
	}
	data, release, err := m.contents()
	if err != nil {
		return err
	}
	e, err := engine.Open(m.Name, data, engine.Options{Context: selftest.GoldenContext})
	if err != nil {
		err = errors.Join(err, release())
		if when == goldenAuto { // a model for other programs, without a vocabulary perhaps
			return nil
		}
		return err
	}
	golden, err := selftest.Record(ctx, e)
	err = errors.Join(err, e.Close(), release())
	switch {
	case ctx.Err() != nil:
		return err
	case err == nil && golden.IDs != "":
		m.Golden = &golden
	case when == goldenYes && err == nil:
		err = fmt.Errorf("%s: the model's first choice after %q is too close to another to be recorded", m.Name, golden.Prompt)
	case when == goldenAuto:
		err = nil
	}
	return err
}

// contents returns the bytes of the model: mapped where it is one file, else read.
func (m *modelFile) contents() (data []byte, release func() error, err error) {
	if file, ok := m.Data.(*os.File); ok {
		b, err := bundle.Open(file.Name())
		if err != nil {
			return nil, nil, err
		}
		data, unmap, err := b.Load("")
		if err != nil {
			return nil, nil, errors.Join(err, b.Close())
		}
		return data, func() error { return errors.Join(unmap(), b.Close()) }, nil
	}
	data = make([]byte, m.Size)
	if n, err := m.Data.ReadAt(data, 0); int64(n) < m.Size {
		return nil, nil, fmt.Errorf("%s: read %d of %d bytes: %w", m.Name, n, m.Size, err)
	}
	return data, func() error { return nil }, nil
}

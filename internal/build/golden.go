package build

import (
	"context"
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/selftest"
)

// Golden decides whether models are run while a llamafile is built.
type Golden string

// Values of Golden.
const (
	GoldenAuto Golden = "auto" // models up to goldenLimit that can be run
	GoldenYes  Golden = "yes"
	GoldenNo   Golden = "no"
)

// Goldens lists the values of Golden.
func Goldens() []Golden { return []Golden{GoldenAuto, GoldenYes, GoldenNo} }

// goldenLimit is the largest model, in bytes, that is run at build time without being asked for.
const goldenLimit = 16 << 20

// recordGolden lets the model generate and puts its tokens into the member, for --selftest of the llamafile. The tokens
// do not depend on the machine that records them: close decisions end the record.
func (m *Model) recordGolden(ctx context.Context, when Golden) error {
	if when == GoldenNo || when == GoldenAuto && m.Size > goldenLimit {
		return nil
	}
	data, err := m.contents()
	if err != nil {
		return err
	}
	e, err := engine.Open(m.Name, data, engine.Options{Context: selftest.GoldenContext})
	if err != nil {
		if when == GoldenAuto { // a model for other programs, without a vocabulary perhaps
			return nil
		}
		return err
	}
	golden, err := selftest.Record(ctx, e)
	err = errors.Join(err, e.Close())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && golden.IDs != "":
		m.Golden = &golden
	case when == GoldenYes && err == nil:
		err = fmt.Errorf("%s: the model's first choice after %q is too close to another to be recorded", m.Name, golden.Prompt)
	case when == GoldenAuto:
		err = nil
	}
	return err
}

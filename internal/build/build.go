// Package build makes files that boot and run out of models: it opens what they are made of (Open), plans them
// (PlanLlamafile, PlanImage, PlanExecutable), writes them (Plan.Write) and changes those that exist (Edit, Add).
//
// The formats themselves are packages ape, zipalign and image; this is the way from the names of files to their use. The
// verbs of the command llamaboot, the tools and the tests all go it. Errors are meant for the person who named the files;
// those of what can only come from a command line are marked with cli.Usage.
package build

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/ulikunitz/xz"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/internal/progress"
)

// A Plan is a file whose parts are open and which can be written. Close releases the parts.
type Plan struct {
	Name  string   // what the file is called unless its user says otherwise
	Notes []string // what the user should know about the file

	layout  layout
	mode    os.FileMode
	inputs  []string    // names of the files it is made of
	weights *ape.Member // of split weights: the model, to be written beside the file
	closers []io.Closer
}

// layout is a file as package ape plans it.
type layout interface {
	Size() int64
	Write(ctx context.Context, w io.WriterAt, progress func(int64)) error
}

// Size returns the number of bytes the file will have, without compression.
func (p *Plan) Size() int64 { return p.layout.Size() }

// Close closes the files the plan reads.
func (p *Plan) Close() error {
	var errs []error
	for _, c := range p.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Output says where a file is written.
type Output struct {
	Path     string    // empty: the plan's own name, in the working folder
	Force    bool      // replace a file that exists
	XZ       bool      // compress it; the plan's own name gets the ending .xz
	Progress io.Writer // if it is a terminal, how far long work is is shown there; nil shows nothing
}

// Write writes the file. It appears under its name only when it is complete, and never replaces what it is made of.
func (p *Plan) Write(ctx context.Context, o Output) error {
	if o.Path == "" {
		o.Path = p.Name
		if o.XZ {
			o.Path += ".xz"
		}
	}
	if err := outfile.KeepInputs(o.Path, p.inputs...); err != nil {
		return err
	}
	if p.weights != nil {
		if err := p.writeWeights(ctx, o); err != nil {
			return err
		}
	}
	if o.XZ {
		return p.writeCompressed(ctx, o)
	}
	return outfile.Write(o.Path, p.mode, o.Force, p.Size(), func(out *outfile.File) error { return p.writeTo(ctx, out, o) })
}

func (p *Plan) writeTo(ctx context.Context, out *outfile.File, o Output) error {
	add, finish := progress.Bytes(o.Progress, "writing "+o.Path, p.Size())
	defer finish()
	return p.layout.Write(ctx, out, add)
}

// writeCompressed writes the file compressed. As it is not written from front to end, the plain bytes pass through a
// temporary file.
func (p *Plan) writeCompressed(ctx context.Context, o Output) error {
	return outfile.Write(o.Path, p.mode, o.Force, 0, func(out *outfile.File) error {
		plain, err := outfile.Create(o.Path, 0o600, true)
		if err != nil {
			return err
		}
		defer plain.Abort()
		if err := plain.Reserve(p.Size()); err != nil {
			return err
		}
		if err := p.writeTo(ctx, plain, o); err != nil {
			return err
		}
		w, err := xz.NewWriter(out)
		if err != nil {
			return err
		}
		if err := copyShown(ctx, w, plain, p.Size(), "compressing "+o.Path, o.Progress); err != nil {
			return err
		}
		return w.Close()
	})
}

// copyShown copies n bytes of r to w and shows how far it is on terminal.
func copyShown(ctx context.Context, w io.Writer, r io.ReaderAt, n int64, what string, terminal io.Writer) error {
	add, finish := progress.Bytes(terminal, what, n)
	defer finish()
	_, err := io.Copy(w, cli.Reader(ctx, io.TeeReader(io.NewSectionReader(r, 0, n), counter(add))))
	return err
}

// counter is a writer that counts.
type counter func(int64)

func (c counter) Write(b []byte) (int, error) {
	c(int64(len(b)))
	return len(b), nil
}

package main

import (
	"context"
	"io"

	"github.com/ulikunitz/xz"

	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/internal/progress"
)

// writeCompressed writes what write makes, size bytes, xz-compressed to path. As write
// does not go from front to end, the plain bytes pass through a temporary file.
func writeCompressed(ctx context.Context, path string, force bool, size int64, write func(*outfile.File) error, stderr io.Writer) error {
	return writeOutput(path, 0o666, force, 0, func(out *outfile.File) error {
		plain, err := outfile.Create(path, 0o600, true)
		if err != nil {
			return err
		}
		defer plain.Abort()
		if err := plain.Reserve(size); err != nil {
			return err
		}
		if err := write(plain); err != nil {
			return err
		}
		w, err := xz.NewWriter(out)
		if err != nil {
			return err
		}
		add, finish := progress.Bytes(stderr, "compressing "+path, size)
		defer finish()
		r := io.TeeReader(io.NewSectionReader(plain, 0, size), counter(add))
		if _, err := io.Copy(w, &contextReader{ctx, r}); err != nil {
			return err
		}
		return w.Close()
	})
}

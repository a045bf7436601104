package format

import (
	"io"

	"github.com/llamaboot/llamaboot/image/gpt"
)

// WholeSize returns the bytes of the llamafile that r starts with, by its partition
// table; 0 if r starts with none.
func WholeSize(r io.ReaderAt) int64 {
	h, err := gpt.ReadHeader(r, Sector, 1)
	if err != nil {
		return 0
	}
	return h.DiskSize(Sector)
}

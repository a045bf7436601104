package build

import (
	"fmt"
	"io"
	"sort"
)

// pieces are stretches of memory read as one file.
type pieces struct {
	data   [][]byte
	starts []int64 // offset of each piece
	size   int64
}

func newPieces(data [][]byte) *pieces {
	p := new(pieces)
	for _, b := range data {
		if len(b) > 0 {
			p.data, p.starts = append(p.data, b), append(p.starts, p.size)
			p.size += int64(len(b))
		}
	}
	return p
}

func (p *pieces) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read at negative offset %d", off)
	}
	n := 0
	i := max(sort.Search(len(p.starts), func(i int) bool { return p.starts[i] > off })-1, 0)
	for ; i < len(p.data) && n < len(b); i++ {
		if at := off + int64(n) - p.starts[i]; at < int64(len(p.data[i])) {
			n += copy(b[n:], p.data[i][at:])
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

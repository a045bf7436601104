package compute

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// ErrShape is returned for a matrix whose sizes do not fit its data.
var ErrShape = errors.New("matrix shape does not fit")

// Matrix is a weight matrix in the layout of a GGUF file: Rows rows of Cols
// elements each (ne[1] and ne[0] of ggml), row-major. It refers to the bytes
// it was made from, which must not change.
type Matrix struct {
	t          tensor.Type
	rows, cols int
	rowBytes   int
	data       []byte
}

// NewMatrix makes a matrix over data, which holds at least
// rows*t.RowBytes(cols) bytes; cols is a multiple of t.BlockLen().
func NewMatrix(t tensor.Type, rows, cols int, data []byte) (*Matrix, error) {
	if !t.Supported() {
		return nil, fmt.Errorf("%w: %v", tensor.ErrType, t)
	}
	if rows <= 0 || cols <= 0 || cols%t.BlockLen() != 0 {
		return nil, fmt.Errorf("%w: %v of %d rows and %d columns: want both positive, columns a multiple of %d",
			ErrShape, t, rows, cols, t.BlockLen())
	}
	rb := t.RowBytes(cols)
	if rb <= 0 || rb < cols/t.BlockLen() || len(data)/rb < rows {
		return nil, fmt.Errorf("%w: %v of %d rows and %d columns: got %d bytes, want %d for each row",
			ErrShape, t, rows, cols, len(data), rb)
	}
	return &Matrix{t, rows, cols, rb, data[: rows*rb : rows*rb]}, nil
}

// Rows is the number of rows, the length of a product's column.
func (m *Matrix) Rows() int { return m.rows }

// Cols is the number of columns, the length of a vector the matrix multiplies.
func (m *Matrix) Cols() int { return m.cols }

// Type is the element type.
func (m *Matrix) Type() tensor.Type { return m.t }

// Bytes is the size of the weights: what one product with a vector reads.
func (m *Matrix) Bytes() int { return len(m.data) }

// Row dequantises row i into dst, which has Cols elements.
func (m *Matrix) Row(i int, dst []float32) {
	Dequantize(m.t, dst[:m.cols], m.data[i*m.rowBytes:(i+1)*m.rowBytes])
}

// row returns a pointer to the first byte of row i.
func (m *Matrix) row(i int) *byte { return &m.data[i*m.rowBytes] }

// at returns the pointer n bytes after p. The caller keeps within p's object.
func at(p *byte, n int) *byte { return (*byte)(unsafe.Add(unsafe.Pointer(p), n)) }

package compute

// DeltaRule is some rows of the gated delta rule (Yang, Kautz and Hatamizadeh 2024, Gated Delta Networks) of one head.
// With the state S [rows, dim], for tokens t in order:
//
//	S     = decay[t] * S
//	S    += beta[t] * (v[t] - S k[t]) k[t]^T
//	o[t]  = S q[t]
//
// Rows of S do not depend on each other. So a prompt goes through them one by one, all its tokens for each: a row
// stays in registers or in the nearest cache, and the state is read and written once for a batch of any length. Each
// element is the same sequence of operations however the tokens are cut into batches.
type DeltaRule struct {
	State   []float32 // [Rows, Dim]
	Rows    int
	Dim     int
	N       int       // tokens
	K, Q    []float32 // token t has its Dim elements from t*Stride on
	V       []float32 // and its Rows elements
	Stride  int
	Decay   []float32 // token t has its number at t*Heads
	Beta    []float32
	Heads   int
	Out     []float32 // token t has its Rows elements from t*OutStep on
	OutStep int
}

// DeltaRule computes d.
func (l *Level) DeltaRule(d *DeltaRule) {
	if d.N <= 0 || d.Rows <= 0 {
		return
	}
	last := (d.N - 1) * d.Stride
	_, _, _, _ = d.State[d.Rows*d.Dim-1], d.K[last+d.Dim-1], d.Q[last+d.Dim-1], d.V[last+d.Rows-1]
	_, _, _ = d.Decay[(d.N-1)*d.Heads], d.Beta[(d.N-1)*d.Heads], d.Out[(d.N-1)*d.OutStep+d.Rows-1]
	l.vec.delta(d)
}

func genericDelta(d *DeltaRule) {
	for r := range d.Rows {
		s := d.State[r*d.Dim : (r+1)*d.Dim]
		for t := range d.N {
			at, g := t*d.Stride, t*d.Heads
			k := d.K[at : at+d.Dim]
			genericScale(s, d.Decay[g])
			genericAxpy(s, d.Beta[g]*(d.V[at+r]-genericDot(s, k)), k)
			d.Out[t*d.OutStep+r] = genericDot(s, d.Q[at:at+d.Dim])
		}
	}
}

// CausalConv is a depthwise convolution over the tokens of one sequence:
//
//	out[t][c] = sum over j of w[j][c] * x[t-taps+1+j][c],  0 <= j < taps
//
// x [n, width], w [taps, width]; history [taps-1, width] is x before the first token, the oldest first, and holds the
// last of x afterwards. out [n, width] may not be x. Columns from to to-1 are computed.
func CausalConv(out, x, w, history []float32, n, width, taps, from, to int) {
	past := taps - 1
	row := func(t int) []float32 { // of x, t counted from the first token
		if t < 0 {
			return history[(past+t)*width+from : (past+t)*width+to]
		}
		return x[t*width+from : t*width+to]
	}
	for t := range n {
		o := out[t*width+from : t*width+to]
		for j := range taps {
			a, b := row(t-past+j), w[j*width+from:j*width+to]
			b = b[:len(a)]
			o := o[:len(a)]
			if j == 0 {
				for c, v := range a {
					o[c] = v * b[c]
				}
				continue
			}
			for c, v := range a {
				o[c] += v * b[c]
			}
		}
	}
	for p := range past { // in order: a row is read before it is overwritten
		copy(history[p*width+from:p*width+to], row(n-past+p))
	}
}

// L2Norm divides x by its Euclidean length, or by eps if that is shorter.
func (l *Level) L2Norm(x []float32, eps float32) {
	l.vec.scale(x, 1/max(sqrt32(l.vec.sumSq(x)), eps))
}

package grammar

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Numbers with bounds are written without exponents: as the digits of their integer and their fraction.

const (
	mostInteger   = 9_999_999_999_999_999 // as many digits as the rule integer has
	mostExact     = 1<<53 - 1             // as float64, as which most programs read numbers
	mostBound     = 1e15                  // of minimum and maximum
	mostFraction  = 16                    // digits
	mostDivisor   = 100                   // of multipleOf, unless the multiples can be listed
	mostMultiples = 1000                  // that are listed
)

// limits are the bounds of a number; nil for none.
type limits struct {
	lo, hi         *decimal
	loOpen, hiOpen bool // the bound itself is not allowed
}

// decimal is a number written out: its sign, the integer and the digits of the fraction.
type decimal struct {
	negative bool
	integer  int64
	fraction string
	value    float64
}

// finiteNumber reads a keyword that is a number of at most most.
func (c *converter) finiteNumber(s *object, key, path string, most float64) (*decimal, error) {
	v, ok := s.get(key)
	if !ok {
		return nil, nil
	}
	n, isNumber := v.(json.Number)
	f, err := n.Float64()
	if !isNumber || err != nil || math.Abs(f) > most {
		return nil, c.fail(path, "%s is %v, want a number between -%g and %g", key, v, most, most)
	}
	integer, fraction, _ := strings.Cut(strconv.FormatFloat(math.Abs(f), 'f', -1, 64), ".")
	if len(fraction) > mostFraction {
		return nil, c.fail(path, "%s is %v, want at most %d digits behind the point", key, v, mostFraction)
	}
	i, err := strconv.ParseInt(integer, 10, 64)
	if err != nil {
		return nil, c.fail(path, "%s is %v", key, v)
	}
	return &decimal{f < 0, i, fraction, f}, nil
}

// limits reads minimum, maximum and their exclusive forms; the stricter of two counts. In drafts before 6 the
// exclusive ones are bools that belong to the others.
func (c *converter) limits(s *object, path string) (l limits, err error) {
	for _, k := range []struct {
		name, exclusive string
		to              **decimal
		open            *bool
		sign            float64
	}{{"minimum", "exclusiveMinimum", &l.lo, &l.loOpen, 1}, {"maximum", "exclusiveMaximum", &l.hi, &l.hiOpen, -1}} {
		if *k.to, err = c.finiteNumber(s, k.name, path, mostBound); err != nil {
			return l, err
		}
		if v, ok := s.get(k.exclusive); ok {
			if open, isBool := v.(bool); isBool {
				*k.open = open
				continue
			}
			d, err := c.finiteNumber(s, k.exclusive, path, mostBound)
			if err != nil {
				return l, err
			}
			if *k.to == nil || d.value*k.sign >= (*k.to).value*k.sign {
				*k.to, *k.open = d, true
			}
		}
	}
	return l, nil
}

// integers are the least and the greatest integer within the limits.
func (l limits) integers() (lo, hi int64) {
	lo, hi = -mostInteger, mostInteger
	if l.lo != nil {
		f := math.Ceil(l.lo.value)
		if l.loOpen && f == l.lo.value {
			f++
		}
		lo = int64(f)
	}
	if l.hi != nil {
		f := math.Floor(l.hi.value)
		if l.hiOpen && f == l.hi.value {
			f--
		}
		hi = int64(f)
	}
	return lo, hi
}

// integer makes integers within bounds, perhaps only multiples of a number.
func (c *converter) integer(s *object, path string) (string, error) {
	l, err := c.limits(s, path)
	if err != nil {
		return "", err
	}
	divisor, err := c.finiteNumber(s, "multipleOf", path, mostBound)
	if err != nil {
		return "", err
	}
	lo, hi := l.integers()
	if lo > hi {
		return "", c.nothing(path, "no integer is within the bounds")
	}
	if divisor != nil {
		if divisor.value <= 0 {
			return "", c.fail(path, "multipleOf is %g, want more than 0", divisor.value)
		}
		if divisor.fraction != "" {
			if whole := 1 / divisor.value; whole != math.Trunc(whole) {
				return "", c.fail(path, "multipleOf %g is not supported: want an integer, or one divided by one", divisor.value)
			}
		} else if divisor.integer > 1 {
			return c.multiples(lo, hi, divisor.integer, path)
		}
	}
	if l.lo == nil && l.hi == nil {
		return c.use("integer"), nil
	}
	return strings.Join(signed(lo, hi, digitRanges), " | "), nil
}

// signed writes a range of integers with what f writes for the parts of it that are not negative.
func signed(lo, hi int64, f func(lo, hi int64) []string) (alts []string) {
	if lo < 0 {
		for _, r := range f(max(1, -hi), -lo) {
			alts = append(alts, `"-" `+r)
		}
	}
	if hi >= 0 {
		alts = append(alts, f(max(0, lo), hi)...)
	}
	return alts
}

// multiples makes the multiples of n from lo to hi: a list of them if they are few, else digits followed by rules for
// the remainder that is left.
func (c *converter) multiples(lo, hi, n int64, path string) (string, error) {
	lo, hi = max(lo, -mostExact), min(hi, mostExact)
	first, last := -floorDivide(-lo, n), floorDivide(hi, n)
	if last < first {
		return "", c.nothing(path, "no multiple of %d is within the bounds", n)
	}
	var alts []string
	switch {
	case last-first < mostMultiples:
		for k := first; k <= last; k++ {
			alts = append(alts, quote(strconv.FormatInt(k*n, 10)))
		}
	case n <= mostDivisor:
		alts = signed(lo, hi, func(lo, hi int64) []string { return c.multipleRanges(lo, hi, n) })
	default:
		return "", c.fail(path, "multipleOf %d: want at most %d, or bounds with at most %d multiples between them", n, mostDivisor, mostMultiples)
	}
	return strings.Join(alts, " | "), nil
}

func floorDivide(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// multipleRanges is digitRanges for multiples of n.
func (c *converter) multipleRanges(lo, hi, n int64) (alts []string) {
	for _, r := range ranges(lo, hi) {
		for d := r.first; d <= r.last; d++ {
			left := (r.head*10 + d) % n
			for range r.free {
				left = left * 10 % n
			}
			if rest := c.remainder(n, r.free, (n-left)%n); rest != "" {
				alts = append(alts, quote(strconv.FormatInt(r.head*10+d, 10))+" "+rest)
			}
		}
	}
	return alts
}

// remainder is a rule for digits digits that leave the remainder left when divided by n; "" if there are none.
func (c *converter) remainder(n int64, digits int, left int64) string {
	if digits == 0 {
		if left == 0 {
			return `""`
		}
		return ""
	}
	name := fmt.Sprintf("mod%d-%d-%d", n, digits, left)
	if body, ok := c.rules[name]; ok {
		if body == "" {
			return ""
		}
		return name
	}
	unit := int64(1)
	for range digits - 1 {
		unit = unit * 10 % n
	}
	var alts []string
	for d := range int64(10) {
		if rest := c.remainder(n, digits-1, ((left-d*unit)%n+n)%n); rest != "" {
			alts = append(alts, fmt.Sprintf(`"%d" %s`, d, rest))
		}
	}
	if alts == nil {
		return ""
	}
	c.define(name, strings.Join(alts, " | "))
	return name
}

// digitRange is the numbers that begin with head, go on with a digit from first to last, and end in free digits.
type digitRange struct {
	head        int64
	first, last int64
	free        int
}

// ranges divides the numbers from lo to hi, not negative, into stretches that digits can describe.
func ranges(lo, hi int64) (out []digitRange) {
	length := func(n int64) int { return len(strconv.FormatInt(n, 10)) }
	for lo <= hi {
		// The largest block of numbers that begins at lo, ends within hi and leaves its last digits free.
		size, free := int64(1), 0
		for size <= math.MaxInt64/100 && lo%(size*10) == 0 && lo > 0 && lo+size*10-1 <= hi && length(lo) == length(lo+size*10-1) {
			size, free = size*10, free+1
		}
		// Several such blocks that differ in one digit only.
		last := lo
		for last+2*size-1 <= hi && (last/size)%10 < 9 && length(last+size) == length(lo) {
			last += size
		}
		out = append(out, digitRange{lo / size / 10, lo / size % 10, last / size % 10, free})
		lo = last + size
	}
	return out
}

// digitRanges writes the numbers lo to hi, not negative, as alternatives of digit patterns.
func digitRanges(lo, hi int64) (out []string) {
	for _, r := range ranges(lo, hi) {
		s := fmt.Sprintf("[%d-%d]", r.first, r.last)
		if r.head > 0 {
			s = quote(strconv.FormatInt(r.head, 10)) + " " + s
		}
		if r.free > 0 {
			s += fmt.Sprintf(" [0-9]{%d}", r.free)
		}
		out = append(out, s)
	}
	return out
}

// number makes numbers within bounds.
func (c *converter) number(s *object, path string) (string, error) {
	l, err := c.limits(s, path)
	if err != nil {
		return "", err
	}
	digits := mostFraction
	if d, err := c.finiteNumber(s, "multipleOf", path, mostBound); err != nil {
		return "", err
	} else if d != nil {
		if d.fraction == "" {
			return c.integer(s, path)
		}
		if d.integer != 0 || strings.Trim(d.fraction[:len(d.fraction)-1], "0") != "" || !strings.HasSuffix(d.fraction, "1") || d.negative {
			return "", c.fail(path, "multipleOf %g is not supported: want an integer or a power of ten", d.value)
		}
		digits = len(d.fraction)
	}
	if l.lo == nil && l.hi == nil && digits == mostFraction {
		return c.use("number"), nil
	}
	var alts []string
	if l.lo == nil || l.lo.negative { // the numbers below zero, mirrored
		m := limits{&decimal{}, l.lo, true, l.loOpen}
		if l.hi != nil && l.hi.negative {
			m.lo, m.loOpen = l.hi, l.hiOpen
		}
		for _, a := range m.positive(digits) {
			alts = append(alts, `"-" `+a)
		}
	}
	if l.hi == nil || !l.hi.negative {
		m := limits{&decimal{}, l.hi, false, l.hiOpen}
		if l.lo != nil && !l.lo.negative {
			m.lo, m.loOpen = l.lo, l.loOpen
		}
		alts = append(alts, m.positive(digits)...)
	}
	if len(alts) == 0 {
		return "", c.nothing(path, "no number is within the bounds")
	}
	return strings.Join(alts, " | "), nil
}

// positive writes the numbers within limits by their magnitude, with at most so many digits behind the point; lo is
// never nil.
func (l limits) positive(digits int) (alts []string) {
	add := func(integer int64, f fractions) {
		if end, tails := f.write(digits); end || tails != nil {
			s := quote(strconv.FormatInt(integer, 10))
			if tails != nil {
				t := `("." (` + strings.Join(tails, " | ") + "))"
				if end {
					t += "?"
				}
				s += " " + t
			}
			alts = append(alts, s)
		}
	}
	first, last := l.lo.integer, int64(mostInteger)
	if l.hi != nil {
		last = l.hi.integer
	}
	low := fractions{lo: l.lo.fraction, tightLo: true, loOpen: l.loOpen}
	if l.hi != nil && first == last {
		low.hi, low.tightHi, low.hiOpen = l.hi.fraction, true, l.hiOpen
		add(first, low)
		return alts
	}
	if first > last {
		return nil
	}
	add(first, low)
	if l.hi != nil {
		last--
	}
	for _, r := range digitRanges(first+1, last) {
		alts = append(alts, r+fmt.Sprintf(` ("." [0-9]{1,%d})?`, digits))
	}
	if l.hi != nil {
		add(l.hi.integer, fractions{hi: l.hi.fraction, tightHi: true, hiOpen: l.hiOpen})
	}
	return alts
}

// fractions are digits behind a point whose value is from 0.lo to 0.hi, where those bounds are tight.
type fractions struct {
	lo, hi           string
	tightLo, tightHi bool
	loOpen, hiOpen   bool
}

// write says whether there may be no more digits, and lists what at most n more, at least one, may be.
func (f fractions) write(n int) (end bool, alts []string) {
	if f.tightLo && strings.Trim(f.lo, "0") == "" && !f.loOpen {
		f.tightLo = false // anything is as much
	}
	hiZero := strings.Trim(f.hi, "0") == ""
	end = !f.tightLo && !(f.tightHi && hiZero && f.hiOpen)
	if n == 0 || f.tightHi && hiZero && (f.hiOpen || f.tightLo) {
		return end, nil
	}
	if !f.tightLo && !f.tightHi {
		return end, []string{fmt.Sprintf("[0-9]{1,%d}", n)}
	}
	lo, hi := byte('0'), byte('9')
	if f.tightLo && f.lo != "" {
		lo = f.lo[0]
	}
	if f.tightHi {
		if hi = '0'; f.hi != "" {
			hi = f.hi[0]
		}
	}
	rest := func(s string) string { return s[min(1, len(s)):] }
	edge := func(d byte, g fractions) {
		g.lo, g.hi = rest(f.lo), rest(f.hi)
		end, tails := g.write(n - 1)
		s := `"` + string(d) + `"`
		switch {
		case tails != nil && end:
			s += " (" + strings.Join(tails, " | ") + ")?"
		case tails != nil:
			s += " (" + strings.Join(tails, " | ") + ")"
		case !end:
			return
		}
		alts = append(alts, s)
	}
	if f.tightLo && f.tightHi && lo == hi {
		edge(lo, f)
		return end, alts
	}
	if lo > hi {
		return end, nil
	}
	if f.tightLo {
		g := f
		g.tightHi = false
		edge(lo, g)
		lo++
	}
	if f.tightHi {
		g := f
		g.tightLo = false
		edge(hi, g)
		hi--
	}
	if lo <= hi && lo <= '9' {
		s := fmt.Sprintf("[%c-%c]", lo, hi)
		if n > 1 {
			s += fmt.Sprintf(" [0-9]{0,%d}", n-1)
		}
		alts = append(alts, s)
	}
	return end, alts
}

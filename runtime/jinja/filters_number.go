package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

func abs(e *env, v Value, _ args) (Value, error) {
	if n, ok := bigInt(v); ok {
		return normalInt(new(big.Int).Abs(n))
	}
	if f, ok := float(v); ok {
		return math.Abs(f), nil
	}
	return nil, operandError("abs", v, v)
}

// intFilter is int(default, base).
func intFilter(e *env, v Value, a args) (Value, error) {
	if u, ok := v.(Undefined); ok {
		return nil, undefinedError(u)
	}
	def, ok := a.get(0, "default")
	if !ok {
		def = int64(0)
	}
	base, err := a.int(1, "base", 10)
	if err != nil || base < 2 || base > 36 {
		return nil, firstError(err, raise("int: a base of %d", base))
	}
	if n, ok := bigInt(v); ok {
		return normalInt(n)
	}
	if s, ok := text(v); ok {
		s = strings.ReplaceAll(strings.TrimFunc(s, isSpace), "_", "")
		if len(s) > 200 {
			return def, nil
		}
		digits := s
		if len(s) > 2 && s[0] == '0' && map[int64]byte{16: 'x', 8: 'o', 2: 'b'}[base] == s[1]|0x20 {
			digits = s[2:]
		}
		if n, ok := new(big.Int).SetString(digits, int(base)); ok {
			return normalInt(n)
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return def, nil
		}
		v = f
	}
	if f, ok := v.(float64); ok && !math.IsNaN(f) && !math.IsInf(f, 0) {
		n, _ := big.NewFloat(f).Int(nil)
		return normalInt(n)
	}
	return def, nil
}

func floatFilter(e *env, v Value, a args) (Value, error) {
	if u, ok := v.(Undefined); ok {
		return nil, undefinedError(u)
	}
	if f, ok := float(v); ok {
		return f, nil
	}
	if s, ok := text(v); ok {
		if f, err := strconv.ParseFloat(strings.TrimFunc(s, isSpace), 64); err == nil {
			return f, nil
		}
	}
	if d, ok := a.get(0, "default"); ok {
		return d, nil
	}
	return 0.0, nil
}

// round is round(precision, method). Halves go to the even neighbour, as in Python.
func round(e *env, v Value, a args) (Value, error) {
	f, ok := float(v)
	if !ok {
		return nil, operandError("round", v, v)
	}
	digits, err := a.int(0, "precision", 0)
	if err != nil {
		return nil, err
	}
	digits = max(-300, min(digits, 300))
	how, err := a.str(1, "method", "common")
	if err != nil {
		return nil, err
	}
	scale := math.Pow(10, float64(digits))
	switch how {
	case "ceil":
		return (math.Ceil(f*scale) + 0) / scale, nil // + 0 because Python's ceil is an int, without -0
	case "floor":
		return (math.Floor(f*scale) + 0) / scale, nil
	case "common":
	default:
		return nil, raise("round: method %.40q, want common, ceil or floor", how)
	}
	if n, ok := bigInt(v); ok {
		return roundInt(n, -digits)
	}
	if digits < 0 {
		return math.RoundToEven(f*scale) / scale, nil
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', int(digits), 64), 64)
	return r, err
}

// roundInt rounds an integer to a multiple of 10**digits, halves to the even one.
func roundInt(n *big.Int, digits int64) (Value, error) {
	if digits <= 0 {
		return normalInt(n)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(digits), nil)
	q, m := new(big.Int).DivMod(n, unit, new(big.Int))
	if c := m.Lsh(m, 1).Cmp(unit); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return normalInt(q.Mul(q, unit))
}

// fileSize is filesizeformat(binary).
func fileSize(_ *env, v Value, a args) (Value, error) {
	f, ok := float(v)
	if s, isText := text(v); isText {
		var err error
		f, err = strconv.ParseFloat(s, 64)
		ok = err == nil
	}
	if !ok {
		return nil, operandError("filesizeformat", v, v)
	}
	base, units := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if a.bool(0, "binary", false) {
		base, units = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case f == 1:
		return "1 Byte", nil
	case f < base:
		return strconv.FormatFloat(math.Trunc(f), 'f', 0, 64) + " Bytes", nil
	}
	for i, u := range units {
		unit := math.Pow(base, float64(i+2))
		if f < unit || i == len(units)-1 {
			return strconv.FormatFloat(base*f/unit, 'f', 1, 64) + " " + u, nil
		}
	}
	return nil, raise("filesizeformat: %v", f)
}

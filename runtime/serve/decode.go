package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// maxDepth bounds the nesting of JSON in requests: deeper than any schema, shallow for a stack.
const maxDepth = 512

// memory counts the bytes of requests being read, so that many large ones at a time do not exhaust the machine.
type memory struct{ used atomic.Int64 }

// maxMemory bounds the bytes of all requests that are being read.
const maxMemory = 512 << 20

// body reads a request into memory. release must be called when its bytes are no longer used.
func (s *Server) body(w http.ResponseWriter, r *http.Request) (b []byte, release func(), err error) {
	if s.draining.Load() {
		return nil, nil, errDraining
	}
	var held int64
	release = func() { s.memory.used.Add(-held) }
	in := http.MaxBytesReader(w, r.Body, s.MaxBody)
	var buf bytes.Buffer
	for {
		n, readErr := io.CopyN(&buf, in, 64<<10)
		held += n
		if s.memory.used.Add(n) > maxMemory {
			release()
			return nil, nil, &apiError{Status: http.StatusServiceUnavailable, Type: unavailable, Code: "overloaded",
				Message: "too many large requests at a time; try again later", Retry: 2 * time.Second}
		}
		if readErr == io.EOF {
			// From here on reading serves only to notice that the client is gone.
			_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
			return buf.Bytes(), release, nil
		}
		if readErr != nil {
			release()
			var tooLarge *http.MaxBytesError
			if errors.As(readErr, &tooLarge) {
				return nil, nil, readErr
			}
			return nil, nil, &apiError{Status: http.StatusRequestTimeout, Type: invalidRequest, Code: "request_timeout",
				Message: "the request did not arrive whole: " + readErr.Error()}
		}
	}
}

// read decodes the JSON of a request into v.
func (s *Server) read(w http.ResponseWriter, r *http.Request, v any) error {
	b, release, err := s.body(w, r)
	if err != nil {
		return err
	}
	defer release()
	return decodeJSON(b, v)
}

// decodeJSON decodes one JSON object. Fields it does not know are ignored, null is as good as absent.
func decodeJSON(b []byte, v any) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return badRequest("", "the request is empty, want a JSON object")
	}
	if !utf8.Valid(b) {
		return badRequest("", "the request is no UTF-8: byte %d", invalidAt(b))
	}
	if at := tooDeep(b); at >= 0 {
		return badRequest("", "the JSON nests deeper than %d levels at byte %d", maxDepth, at)
	}
	err := json.Unmarshal(b, v)
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	var api *apiError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &api):
		return api
	case errors.As(err, &syntax):
		return badRequest("", "the request is no JSON: %v at byte %d", err, syntax.Offset)
	case errors.As(err, &typed):
		param := typed.Field
		for _, part := range []string{"sampling.", "conversation."} { // embedded structs
			param = strings.TrimPrefix(param, part)
		}
		if param == "" {
			return badRequest("", "got a JSON %s, want an object", typed.Value)
		}
		return badRequest(param, "%s: got %s, want %s", param, typed.Value, kindName(typed.Type))
	}
	return badRequest("", "%v", err)
}

// kindName is what JSON calls a type.
func kindName(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[texts]():
		return "a string or an array of strings"
	case reflect.TypeFor[integer]():
		return "a whole number"
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	}
	return "a number"
}

func invalidAt(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// tooDeep is where JSON nests too deeply, -1 for nowhere.
func tooDeep(b []byte) int {
	depth, text := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return i
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return -1
}

// integer is a number without a fraction, which some clients write with one (100.0).
type integer int64

func (n *integer) UnmarshalJSON(b []byte) error {
	var f float64
	if err := json.Unmarshal(b, &f); err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return &json.UnmarshalTypeError{Value: clip(b), Type: reflect.TypeFor[integer]()}
	}
	*n = integer(f)
	return nil
}

// texts is a string or an array of strings.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(b, &many); err != nil {
		return &json.UnmarshalTypeError{Value: clip(b), Type: reflect.TypeFor[texts]()}
	}
	*t = many
	return nil
}

// clip shortens what is quoted in an error.
func clip(b []byte) string {
	const most = 40
	s := string(bytes.TrimSpace(b))
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s...", strings.ToValidUTF8(s[:most], ""))
}

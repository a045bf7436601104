package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/engine/sched"
	"github.com/llamaboot/llamaboot/runtime/grammar"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/sample"
)

// apiError is an error that a client is told, in the envelope of the OpenAI API.
type apiError struct {
	Status  int           `json:"-"`
	Message string        `json:"message"`
	Type    string        `json:"type"`
	Code    string        `json:"code"`
	Param   string        `json:"param"`
	Retry   time.Duration `json:"-"` // when to try again; 0 when that is of no use
	Prompt  int           `json:"n_prompt_tokens,omitempty"`
	Context int           `json:"n_ctx,omitempty"`
}

func (e *apiError) Error() string { return e.Message }

// MarshalJSON writes an absent code or parameter as null, as the OpenAI API does.
func (e *apiError) MarshalJSON() ([]byte, error) {
	type plain apiError
	out := struct {
		*plain
		Code  *string `json:"code"`
		Param *string `json:"param"`
	}{plain: (*plain)(e)}
	if e.Code != "" {
		out.Code = &e.Code
	}
	if e.Param != "" {
		out.Param = &e.Param
	}
	return json.Marshal(out)
}

// Types of errors.
const (
	invalidRequest = "invalid_request_error"
	serverError    = "server_error"
	unavailable    = "unavailable_error"
)

// badRequest is an error about one field of a request.
func badRequest(param, format string, args ...any) *apiError {
	return &apiError{Status: http.StatusBadRequest, Type: invalidRequest, Param: param, Message: fmt.Sprintf(format, args...)}
}

func notSupported(param, format string, args ...any) *apiError {
	e := badRequest(param, format, args...)
	e.Code = "unsupported"
	return e
}

var (
	errLoading = &apiError{Status: http.StatusServiceUnavailable, Type: unavailable, Code: "loading",
		Message: "the model is loading; try again in a moment", Retry: time.Second}
	errDraining = &apiError{Status: http.StatusServiceUnavailable, Type: unavailable, Code: "shutting_down",
		Message: "the server is shutting down; it finishes running requests and takes no others", Retry: 5 * time.Second}
)

// explain finds the status and the words for any error.
func explain(err error) *apiError {
	var api *apiError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &api):
		return api
	case errors.As(err, &tooLarge):
		return &apiError{Status: http.StatusRequestEntityTooLarge, Type: invalidRequest, Code: "request_too_large",
			Message: fmt.Sprintf("the request has more than %d bytes; send a shorter one", tooLarge.Limit)}
	case errors.Is(err, sched.ErrBusy):
		return &apiError{Status: http.StatusServiceUnavailable, Type: unavailable, Code: "overloaded",
			Message: "all slots are busy and the queue is full; try again later", Retry: 2 * time.Second}
	case errors.Is(err, sched.ErrClosed):
		return errDraining
	case errors.Is(err, engine.ErrContextFull), errors.Is(err, model.ErrContext):
		e := badRequest("messages", "%v", err)
		e.Code = "context_length_exceeded"
		return e
	case errors.Is(err, engine.ErrEmpty), errors.Is(err, engine.ErrNoTemplate), errors.Is(err, chat.ErrTemplate), errors.Is(err, chat.ErrLimit),
		errors.Is(err, grammar.ErrSyntax), errors.Is(err, grammar.ErrLimit), errors.Is(err, sample.ErrParams),
		errors.Is(err, model.ErrToken), errors.Is(err, model.ErrArch):
		return badRequest("", "%v", err)
	}
	return &apiError{Status: http.StatusInternalServerError, Type: serverError, Message: err.Error()}
}

// sendError writes an error that nothing was sent before.
func sendError(w http.ResponseWriter, e *apiError) {
	h := w.Header()
	if e.Retry > 0 {
		seconds := int64((e.Retry + time.Second - 1) / time.Second)
		h.Set("Retry-After", strconv.FormatInt(seconds, 10))
	} else if e.Status >= 500 {
		h.Set("X-Should-Retry", "false") // what OpenAI's clients would do by themselves
	}
	sendJSON(w, e.Status, errorObject{"error", e})
}

// errorObject is the envelope of errors: that of OpenAI's API, with the type that Anthropic's has.
type errorObject struct {
	Type  string    `json:"type"`
	Error *apiError `json:"error"`
}

// sendJSON writes an answer.
func sendJSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(b)+1))
	w.WriteHeader(status)
	_, err = w.Write(append(b, '\n'))
	return err
}

package ecp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Revision is the revision of the protocol that this module speaks (ECP-SES-004).
const Revision uint32 = 1

// retryDefault is the pause of ActionRetry without RetryInfo, and retryMax the longest that a half may ask for.
const (
	retryDefault = time.Second
	retryMax     = time.Minute
)

// Error is why a call failed, in both directions: an execution half returns one from a handler, and a consensus half
// gets one from FromError or from a client of package session. Find it with errors.As; compare its reason with
// errors.Is(err, ReasonFenced).
type Error struct {
	// Reason is the row of the table; empty for a bare status, which a library or proxy made by itself.
	Reason Reason
	// Action is what the caller does (ECP-ERR-002).
	Action Action
	// Code is the gRPC status code.
	Code codes.Code
	// Message is for people: what was wrong and what to do, at most ErrorDetailBytes (ECP-LIM-005, ECP-ERR-007).
	Message string
	// Metadata holds what the reason promises, such as "field" or "expected"; all keys are lower case. It can be nil.
	Metadata map[string]string
	// RetryDelay is the pause of RetryInfo, at most a minute; zero if there was none.
	RetryDelay time.Duration
	// Method is the call that failed, such as "Decide"; empty if it is not known.
	Method string

	cause error
}

// NewError makes an error that a handler of an execution half returns. An unknown reason becomes INTERNAL_FAULT. BUSY
// gets a delay of 100 ms, which RetryAfter changes (ECP-ERR-004).
func NewError(reason Reason, format string, args ...any) *Error {
	row, known := Reasons[reason]
	if !known {
		row = Reasons[ReasonInternalFault]
	}
	e := &Error{
		Reason: row.Reason, Action: row.Action, Code: codes.Code(row.Code),
		Message: Truncate(fmt.Sprintf(format, args...)),
	}
	if row.Reason == ReasonBusy {
		e.RetryDelay = 100 * time.Millisecond
	}
	return e
}

// Invalid makes a FIELD_INVALID that names the field by its path, such as "open.basis.kind".
func Invalid(field, format string, args ...any) *Error {
	return NewError(ReasonFieldInvalid, "%s %s", field, fmt.Sprintf(format, args...)).With("field", field)
}

// With adds a piece of metadata and returns the error.
func (e *Error) With(key string, value any) *Error {
	if e.Metadata == nil {
		e.Metadata = map[string]string{}
	}
	e.Metadata[strings.ToLower(key)] = fmt.Sprint(value)
	return e
}

// RetryAfter sets the delay of RetryInfo, cut to 1 ms to 60 s, and returns the error.
func (e *Error) RetryAfter(delay time.Duration) *Error {
	e.RetryDelay = min(max(delay, time.Millisecond), retryMax)
	return e
}

// Error tells method, reason and message.
func (e *Error) Error() string {
	what := string(e.Reason)
	if what == "" {
		what = "bare " + e.Code.String()
	}
	if e.Method != "" {
		what = e.Method + ": " + what
	}
	return what + ": " + e.Message
}

// Is reports whether target is the reason of this error, so that errors.Is(err, ReasonFenced) works.
func (e *Error) Is(target error) bool {
	reason, ok := target.(Reason)
	return ok && reason != "" && reason == e.Reason
}

// Unwrap gives the error that FromError was given, if any.
func (e *Error) Unwrap() error { return e.cause }

// Pause is how long to wait before ActionRetry: RetryDelay, or a second without one.
func (e *Error) Pause() time.Duration {
	if e.RetryDelay > 0 {
		return e.RetryDelay
	}
	return retryDefault
}

// GRPCStatus makes the status that is sent when a handler returns this error: ErrorInfo, and RetryInfo with a delay
// (ECP-ERR-001).
func (e *Error) GRPCStatus() *status.Status {
	made := status.New(e.Code, Truncate(e.Message))
	if e.Reason == "" {
		return made
	}
	details := []protoadapt.MessageV1{
		&errdetails.ErrorInfo{Reason: string(e.Reason), Domain: ErrorDomain, Metadata: maps.Clone(e.Metadata)},
	}
	if e.RetryDelay > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryDelay)})
	}
	full, err := made.WithDetails(details...)
	if err != nil { // Both details marshal always; a status without them still has its code.
		return made
	}
	return full
}

// Error makes a reason a target of errors.Is.
func (r Reason) Error() string { return string(r) }

// FromError reads the error of a call. It gives nil for nil and io.EOF, and err itself if it is an *Error already.
// Mutating says whether the call is one of the mutating calls: a bare status leaves the outcome of such a call unknown
// (ECP-ERR-005). A reason that the table lacks is treated like a bare status.
func FromError(err error, mutating bool) *Error {
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	if made := (*Error)(nil); errors.As(err, &made) {
		return made
	}
	got, ok := status.FromError(err)
	if !ok {
		got = status.FromContextError(err)
	}
	e := &Error{Code: got.Code(), Message: got.Message(), cause: err}
	for _, detail := range got.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			row, known := Reasons[Reason(detail.GetReason())]
			if detail.GetDomain() == ErrorDomain && known {
				e.Reason, e.Action, e.Metadata = row.Reason, row.Action, detail.GetMetadata()
			}
		case *errdetails.RetryInfo:
			if delay := detail.GetRetryDelay().AsDuration(); delay > 0 {
				e.RetryDelay = min(delay, retryMax)
			}
		}
	}
	if e.Reason == "" {
		e.Action = BareAction(uint32(e.Code), mutating)
	}
	return e
}

// Canceled reports whether a call ended because its own context did.
func Canceled(ctx context.Context, err error) bool { return err != nil && ctx.Err() != nil }

// Truncate cuts a text for people to ErrorDetailBytes of valid UTF-8 (ECP-LIM-005).
func Truncate(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if uint64(len(text)) <= ErrorDetailBytes {
		return text
	}
	cut := int(ErrorDetailBytes)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut]
}

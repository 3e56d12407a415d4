package boshconn

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"stanza.invalid/gen/httpbind"
	"stanza.invalid/internal/frames"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
)

// final is an error after which repeating a request is of no use.
type final struct{ error }

func (f *final) Unwrap() error { return f.error }

// ending is how a server ends a session (XEP-0124, section 17.2).
type ending struct {
	condition httpbind.Condition // "" for an orderly end
	stream    wire.Raw           // the condition of the stream, where it came without <stream:error/>
	told      bool               // the error of the stream came
	uri       string             // where to go instead
}

// note looks at an element in a <body/> that ends a session, and reports whether it belongs
// to the stream.
func (e *ending) note(r wire.Raw) bool {
	switch {
	case r.Is(wire.NSStream, "error"):
		e.told = true
	case r.Local() == "uri" && (r.Space() == wire.NSClient || r.Space() == httpbind.NS):
		e.uri = strings.TrimSpace(r.Text())
		return false
	case r.Space() == stream.NSErrors:
		// as in earlier versions of XEP-0206
		if r.Local() != "text" && e.stream.IsZero() {
			e.stream = r
		}
		return false
	}
	return true
}

// conditions are what the errors of sessions are called among those of streams.
func conditions(c httpbind.Condition) stream.Condition {
	switch c {
	case httpbind.ConditionBadRequest:
		return stream.BadFormat
	case httpbind.ConditionHostGone:
		return stream.HostGone
	case httpbind.ConditionHostUnknown:
		return stream.HostUnknown
	case httpbind.ConditionImproperAddressing:
		return stream.ImproperAddressing
	case httpbind.ConditionPolicyViolation:
		return stream.PolicyViolation
	case httpbind.ConditionSystemShutdown:
		return stream.SystemShutdown
	}
	return stream.UndefinedCondition
}

// loss returns why a session of BOSH was lost, if that is what happened: the stream has not
// ended then, and can perhaps be resumed (XEP-0198).
func (e *ending) loss() error {
	switch e.condition {
	case httpbind.ConditionItemNotFound, httpbind.ConditionOtherRequest:
		return fmt.Errorf("the server has ended the session of BOSH: %s: %w", e.condition, stream.ConnectionTimeout)
	case httpbind.ConditionRemoteConnectionFailed:
		return fmt.Errorf("the server has ended the session of BOSH: %w", stream.RemoteConnectionFailed)
	case httpbind.ConditionInternalServerError:
		return fmt.Errorf("the server has ended the session of BOSH: %w", stream.InternalServerError)
	}
	return nil
}

// append appends the end of the stream, with the error that it ends with.
func (e *ending) append(b []byte) (_ []byte, err error) {
	const open, end = "<stream:error>", "</stream:error>"
	switch {
	case e.told:
	case e.condition == httpbind.ConditionSeeOtherURI && e.uri != "":
		b = append(b, open...)
		if b, err = wire.AppendLeaf(b, "<see-other-host xmlns='"+stream.NSErrors+"'>", e.uri, "</see-other-host>"); err != nil {
			return b, err
		}
		b = append(b, end...)
	case !e.stream.IsZero():
		b = append(wire.AppendRaw(append(b, open...), e.stream, wire.NSClient), end...)
	case e.condition != "":
		c := conditions(e.condition)
		b = append(b, open+"<"+string(c)+" xmlns='"+stream.NSErrors+"'/>"...)
		if c == stream.UndefinedCondition {
			b = append(b, "<text xmlns='"+stream.NSErrors+"'>BOSH: "...)
			if b, err = wire.AppendText(b, clip(string(e.condition))); err != nil {
				return b, err
			}
			b = append(b, "</text>"...)
		}
		b = append(b, end...)
	}
	return append(b, frames.Footer...), nil
}

// statusError is an answer of HTTP that is none of BOSH.
type statusError struct{ status string }

func (e *statusError) Error() string { return "the answer of HTTP is " + e.status }

// checkStatus returns what is wrong with an answer. legacy is for servers from before version
// 1.6, which speak of their errors that way (XEP-0124, section 17.1).
func checkStatus(a *http.Response, legacy bool) error {
	err := &statusError{fmt.Sprintf("%.80q", a.Status)}
	switch {
	case a.StatusCode == http.StatusOK:
		if e := a.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
			return &final{fmt.Errorf("an answer that is compressed (%.20q), which nobody has asked for", e)}
		}
		return nil
	case legacy && a.StatusCode == http.StatusNotFound:
		return &final{fmt.Errorf("%w: %w", err, stream.ConnectionTimeout)}
	case legacy && a.StatusCode == http.StatusForbidden:
		return &final{&stream.Error{Condition: stream.PolicyViolation, Err: err}}
	case legacy && a.StatusCode == http.StatusBadRequest:
		return &final{&stream.Error{Condition: stream.BadFormat, Err: err}}
	case a.StatusCode >= 500, a.StatusCode == http.StatusRequestTimeout, a.StatusCode == http.StatusTooManyRequests,
		a.StatusCode == http.StatusBadRequest, a.StatusCode == http.StatusForbidden, a.StatusCode == http.StatusNotFound:
		return err // perhaps of something in between
	}
	return &final{err}
}

var (
	// errSilent is why a request is repeated that the server has not answered in time.
	errSilent = errors.New("the server does not answer")
	// errMissed is why a request is repeated that the server seems not to have got, or
	// whose answer seems to be lost.
	errMissed = errors.New("a request or its answer was lost")
	// errAgain is why a request is repeated that the server wants to have again.
	errAgain = errors.New("the server asks for requests again")
	// errDiffers ends a session whose server repeats an answer in other words.
	errDiffers = errors.New("the server does not repeat what it has said")
	// errNumbers ends a session that has no number for another request.
	errNumbers = errors.New("no number is left for another request")
)

// isFinal reports whether repeating a request is of no use.
func isFinal(err error) bool {
	var f *final
	var e *stream.Error
	var syntax *wire.SyntaxError
	return errors.As(err, &f) || errors.As(err, &e) || errors.As(err, &syntax)
}

// truncated is what an answer is that ends too early.
func truncated(err error, whole bool) error {
	if errors.Is(err, errCut) {
		if whole {
			return &stream.Error{Condition: stream.BadFormat, Text: errCut.Error(), Sent: true}
		}
		return io.ErrUnexpectedEOF
	}
	return err
}

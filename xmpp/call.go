package xmpp

import (
	"context"
	"errors"

	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// ErrEmptyResult is returned by [Call] for an answer without the payload that the request
// asks for. Some protocols answer so on purpose: a roster that has not changed.
var ErrEmptyResult = errors.New("xmpp: the result has no payload")

// Call sends an IQ request and returns the answer, whose type the request knows. A zero
// address asks one's own server. An error reply is a *[stanza.Error], so that
// errors.Is(err, stanza.ItemNotFound) works; an answer that does not fit its type is a
// *[stanza.DecodeError]; no answer within the deadline of ctx, or within a minute without
// one, is [stream.ErrTimeout].
//
// Only an answer from the address that was asked counts. A handler may call: the reader
// goes on meanwhile, while other handlers wait.
func Call[R any](ctx context.Context, l Link, to jid.JID, query stanza.Query[R]) (*R, error) {
	answer, err := l.Session().stream.Request(ctx, stanza.NewIQ(query.IQType(), to, query))
	if err != nil {
		return nil, err
	}
	if answer.Type == stanza.IQError {
		if answer.Err == nil {
			return nil, stanza.NewError(stanza.UndefinedCondition, "")
		}
		return nil, answer.Err
	}
	result := query.NewResult()
	d, ok := any(result).(stanza.Decoder)
	if !ok {
		return result, nil
	}
	for name := range answer.Names() {
		if d.Matches(name) && stanza.Fits(d, answer.Raw(name)) {
			if err := d.DecodeXML(answer.Raw(name)); err != nil {
				return nil, err
			}
			return result, nil
		}
	}
	return nil, ErrEmptyResult
}

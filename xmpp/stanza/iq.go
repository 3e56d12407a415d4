package stanza

import (
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// IQType is the kind of an IQ (RFC 6120, section 8.2.3).
type IQType string

// The IQ types.
const (
	// Get asks for information.
	Get IQType = "get"
	// Set asks for a change.
	Set IQType = "set"
	// Result answers a get or set that succeeded.
	Result IQType = "result"
	// IQError answers one that failed.
	IQError IQType = "error"
)

// IQ is a request or its answer (RFC 6120, section 8.2.3).
type IQ struct {
	// ID ties the answer to the request.
	ID string
	// To and From are the addresses, zero if absent.
	To, From jid.JID
	// Type is get, set, result or error.
	Type IQType
	// Lang is the language of the texts in it (BCP 47); empty means that of the stream.
	Lang string
	// Err says why a request failed, in an IQ of type error.
	Err *Error
	// Extra keeps what does not belong.
	Extra *wire.Extra
	Payloads
}

// NewIQ returns an IQ with a payload. A nil payload is left out, as by [Payloads.Add].
func NewIQ(t IQType, to jid.JID, payload Payload) *IQ {
	q := &IQ{To: to, Type: t}
	q.Add(payload)
	return q
}

// IsRequest reports whether the IQ wants an answer.
func (q *IQ) IsRequest() bool { return q.Type == Get || q.Type == Set }

// Result returns the answer to a request, with a payload unless it is nil; nil if q is
// no request.
func (q *IQ) Result(payload Payload) *IQ {
	if !q.IsRequest() {
		return nil
	}
	r := &IQ{ID: q.ID, To: q.From, From: q.To, Type: Result}
	r.Add(payload)
	return r
}

// Fail returns the answer that tells the sender of a request about err; nil if q is no
// request.
func (q *IQ) Fail(err error) *IQ {
	if !q.IsRequest() {
		return nil
	}
	return &IQ{ID: q.ID, To: q.From, From: q.To, Type: IQError, Err: AsError(err)}
}

// Attributes returns the attributes that all stanzas have.
func (q *IQ) Attributes() Attributes {
	return Attributes{ID: q.ID, Type: string(q.Type), Lang: q.Lang, To: q.To, From: q.From}
}

// Clone returns a copy that can be changed without changing q. It shares the values of
// payloads that were added; what was received cannot change.
func (q *IQ) Clone() *IQ {
	c := *q
	c.Err, c.Extra, c.Payloads = q.Err.clone(), cloneExtra(q.Extra), q.clone()
	return &c
}

// String returns the IQ as XML, or what is wrong with it.
func (q *IQ) String() string { return String(q) }

func (q *IQ) sender() (*Origin, jid.JID) { return q.origin, q.From }

// WireName is the name of the element.
func (*IQ) WireName() wire.Name { return wire.Name{Space: wire.NSClient, Local: "iq"} }

// Matches reports whether an element of this name is an IQ.
func (*IQ) Matches(n wire.Name) bool { return n.Local == "iq" && n.Space == wire.NSClient }

// DecodeXML reads an <iq/> element. A type or an address that is none is a
// *DecodeError; the rest is read all the same.
func (q *IQ) DecodeXML(r wire.Raw) error {
	q.nested = r != r.Doc().Root()
	var err error
	for a := r.Attrs(); a.Next(); {
		switch a.Name() {
		case "id":
			q.ID = a.Optional(&q.Extra, slotID)
		case "to":
			err = decodeAddress(&q.To, r, &a, &q.Extra, slotTo, err)
		case "from":
			err = decodeAddress(&q.From, r, &a, &q.Extra, slotFrom, err)
		case "type":
			q.Type = IQType(a.Optional(&q.Extra, slotType))
		case "xml:lang":
			q.Lang = a.Optional(&q.Extra, slotLang)
		default:
			a.KeepAttr(&q.Extra)
		}
	}
	switch q.Type {
	case Get, Set, Result, IQError:
	default:
		if err == nil {
			err = &DecodeError{Element: r.Name(), Attr: "type", Value: string(q.Type), Reason: "is none of get, set, result and error"}
		}
	}
	c := r.Children()
	for c.Next() {
		if q.Type == IQError && c.Same() && c.Local() == "error" {
			q.Err = decodeError(&c, q.Err, &q.Extra)
			continue
		}
		q.take(r, &c)
	}
	if c.Stray() {
		r.KeepText(&q.Extra)
	}
	return err
}

// AppendXML appends the <iq/> element where ns is the namespace in force:
// [wire.NSClient] at the top of a stream of any kind.
func (q *IQ) AppendXML(b []byte, ns string) ([]byte, error) {
	tag := len(b)
	if ns == wire.NSClient {
		b = append(b, "<iq"...)
	} else {
		b = append(b, "<iq xmlns='jabber:client'"...)
	}
	b, err := appendAttributes(b, tag, q.ID, q.To, q.From, string(q.Type), q.Lang, q.Extra)
	if err != nil {
		return b, err
	}
	b = append(b, '>')
	inner := len(b)
	if b, err = q.appendRest(b, q.Err, q.Extra); err != nil {
		return b, err
	}
	return wire.CloseEmpty(b, inner, "</iq>"), nil
}

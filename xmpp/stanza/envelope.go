package stanza

import (
	"slices"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// Slots of fields in [wire.Extra], for all three stanzas.
const (
	slotSubject wire.Slot = iota
	slotBody
	slotThread
	slotShow
	slotStatus
	slotPriority
	slotTo
	slotFrom
	slotID
	slotType
	slotLang
)

// decodeAddress reads a to or from; it returns the first error of all.
func decodeAddress(j *jid.JID, r wire.Raw, a *wire.AttrCursor, x **wire.Extra, slot wire.Slot, err error) error {
	v, reason := DecodeJID(a.Value(), x, slot)
	if *j = v; reason != "" {
		// kept, so that nothing is lost on the way through
		a.KeepAttr(x)
		if err == nil {
			err = a.Invalid(r, reason)
		}
	}
	return err
}

// decodeError reads the <error/> at the cursor; a second one is kept aside.
func decodeError(c *wire.Cursor, e *Error, x **wire.Extra) *Error {
	if e != nil {
		c.Keep(x)
		return e
	}
	e = new(Error)
	e.decode(c.Raw())
	return e
}

// appendAttributes appends what all stanzas have; tag is where the start tag begins.
func appendAttributes(b []byte, tag int, id string, to, from jid.JID, typ, lang string, x *wire.Extra) ([]byte, error) {
	b, err := appendOptional(b, " to='", to.String(), x, slotTo)
	if err == nil {
		b, err = appendOptional(b, " from='", from.String(), x, slotFrom)
	}
	if err == nil {
		b, err = appendOptional(b, " id='", id, x, slotID)
	}
	if err == nil {
		b, err = appendOptional(b, " type='", typ, x, slotType)
	}
	if err == nil {
		b, err = appendOptional(b, " xml:lang='", lang, x, slotLang)
	}
	if err == nil && x != nil {
		b, err = x.AppendAttrs(b, tag)
	}
	return b, err
}

// appendOptional appends an attribute unless it is empty, as it was received where that
// means the same.
func appendOptional(b []byte, open, value string, x *wire.Extra, slot wire.Slot) ([]byte, error) {
	switch {
	case value == "":
		return x.RestoreAttr(b, slot, open), nil
	case x == nil:
		return wire.AppendAttr(b, open, value)
	}
	b = append(b, open...)
	mark := len(b)
	b, err := wire.AppendValue(b, value)
	if err != nil {
		return b, err
	}
	return append(x.Respell(b, mark, slot), '\''), nil
}

// appendRest appends payloads, error and extra.
func (p *Payloads) appendRest(b []byte, e *Error, x *wire.Extra) ([]byte, error) {
	b, err := p.appendAll(b, wire.NSClient)
	if err == nil && e != nil {
		b, err = e.AppendXML(b, wire.NSClient)
	}
	if err == nil && x != nil {
		b, err = x.AppendChildren(b, wire.NSClient)
	}
	return b, err
}

// cloneExtra returns a copy that can be changed without changing x.
func cloneExtra(x *wire.Extra) *wire.Extra {
	if x == nil {
		return nil
	}
	c := *x
	c.Attrs, c.Children = slices.Clone(x.Attrs), slices.Clone(x.Children)
	return &c
}

package stanza

import (
	"slices"
	"strconv"
	"strings"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// PresenceType is the kind of a presence (RFC 6121, section 4.7.1). Empty means
// available.
type PresenceType string

// The presence types.
const (
	// Available is presence without a type.
	Available PresenceType = ""
	// Unavailable says that the sender is gone.
	Unavailable PresenceType = "unavailable"
	// Subscribe asks for the recipient's presence.
	Subscribe PresenceType = "subscribe"
	// Subscribed grants it.
	Subscribed PresenceType = "subscribed"
	// Unsubscribe gives it up.
	Unsubscribe PresenceType = "unsubscribe"
	// Unsubscribed denies or cancels it.
	Unsubscribed PresenceType = "unsubscribed"
	// Probe asks for the current presence; servers send it.
	Probe PresenceType = "probe"
	// PresenceError is the answer to a presence that failed.
	PresenceError PresenceType = "error"
)

// Show is a kind of availability (RFC 6121, section 4.7.2.1). Empty means online.
type Show string

// The kinds of availability.
const (
	// Online is without a show element.
	Online Show = ""
	// Away is for a short time.
	Away Show = "away"
	// FreeToChat is interested in chatting.
	FreeToChat Show = "chat"
	// DoNotDisturb is busy.
	DoNotDisturb Show = "dnd"
	// ExtendedAway is for a long time.
	ExtendedAway Show = "xa"
)

// Presence is a presence (RFC 6121, section 4).
type Presence struct {
	// ID identifies the presence to its sender; it may be empty.
	ID string
	// To and From are the addresses, zero if absent.
	To, From jid.JID
	// Type is the kind of presence; empty means available.
	Type PresenceType
	// Lang is the language of the status (BCP 47); empty means that of the stream.
	Lang string
	// Show is the kind of availability.
	Show Show
	// Status is what people read.
	Status Text
	// Priority ranks the resources of an account; a negative one gets no messages for
	// the bare address.
	Priority int8
	// Err says why a presence failed, in one of type error.
	Err *Error
	// Extra keeps what does not belong.
	Extra *wire.Extra
	Payloads
}

// NewPresence returns available presence for everybody.
func NewPresence(show Show, status string) *Presence {
	p := &Presence{Show: show}
	if status != "" {
		p.Status = Plain(status)
	}
	return p
}

// Reply returns a presence of a type to the sender of p, from whom p was for.
func (p *Presence) Reply(t PresenceType) *Presence {
	return &Presence{To: p.From, From: p.To, Type: t}
}

// Fail returns the presence that tells the sender of p about err, or nil if p is an
// error itself.
func (p *Presence) Fail(err error) *Presence {
	if p.Type == PresenceError {
		return nil
	}
	return &Presence{ID: p.ID, To: p.From, From: p.To, Type: PresenceError, Err: AsError(err)}
}

// Attributes returns the attributes that all stanzas have.
func (p *Presence) Attributes() Attributes {
	return Attributes{ID: p.ID, Type: string(p.Type), Lang: p.Lang, To: p.To, From: p.From}
}

// Clone returns a copy that can be changed without changing p. It shares the values of
// payloads that were added; what was received cannot change.
func (p *Presence) Clone() *Presence {
	c := *p
	c.Status = slices.Clone(p.Status)
	c.Err, c.Extra, c.Payloads = p.Err.clone(), cloneExtra(p.Extra), p.clone()
	return &c
}

// String returns the presence as XML, or what is wrong with it.
func (p *Presence) String() string { return String(p) }

func (p *Presence) sender() (*Origin, jid.JID) { return p.origin, p.From }

// WireName is the name of the element.
func (*Presence) WireName() wire.Name { return wire.Name{Space: wire.NSClient, Local: "presence"} }

// Matches reports whether an element of this name is a presence.
func (*Presence) Matches(n wire.Name) bool { return n.Local == "presence" && n.Space == wire.NSClient }

// DecodeXML reads a <presence/> element. An address or a priority that is none is a
// *DecodeError; the rest is read all the same.
func (p *Presence) DecodeXML(r wire.Raw) error {
	p.nested = r != r.Doc().Root()
	var err error
	for a := r.Attrs(); a.Next(); {
		switch a.Name() {
		case "id":
			p.ID = a.Optional(&p.Extra, slotID)
		case "to":
			err = decodeAddress(&p.To, r, &a, &p.Extra, slotTo, err)
		case "from":
			err = decodeAddress(&p.From, r, &a, &p.Extra, slotFrom, err)
		case "type":
			p.Type = PresenceType(a.Optional(&p.Extra, slotType))
		case "xml:lang":
			p.Lang = a.Optional(&p.Extra, slotLang)
		default:
			a.KeepAttr(&p.Extra)
		}
	}
	show, prio := false, false
	c := r.Children()
	for c.Next() {
		switch c.Local() {
		case "show":
			if !show && c.Same() {
				show = true
				p.Show = Show(c.OptionalLeaf(&p.Extra, slotShow))
				continue
			}
		case "status":
			if c.Same() {
				p.Status = append(p.Status, DecodeText(&c, &p.Extra, wire.SlotAt(slotStatus, len(p.Status))))
				continue
			}
		case "priority":
			if !prio && c.Same() {
				prio = true
				if bad := p.decodePriority(r, &c); bad != nil && err == nil {
					err = bad
				}
				continue
			}
		case "error":
			if p.Type == PresenceError && c.Same() {
				p.Err = decodeError(&c, p.Err, &p.Extra)
				continue
			}
		}
		p.take(r, &c)
	}
	if c.Stray() {
		r.KeepText(&p.Extra)
	}
	return err
}

// decodePriority reads the child at the cursor; an empty one means 0.
func (p *Presence) decodePriority(r wire.Raw, c *wire.Cursor) error {
	s, only := c.Plain()
	var n int64
	if t := strings.Trim(s, spaces); t != "" {
		var err error
		if n, err = strconv.ParseInt(t, 10, 8); err != nil {
			p.take(r, c)
			return c.Invalid(r, "is no number from -128 to 127")
		}
	}
	p.Priority = int8(n)
	plain := ""
	if n != 0 {
		plain = strconv.Itoa(int(n))
	}
	if n == 0 || plain != s || !only {
		c.KeepLeaf(&p.Extra, slotPriority, plain)
	}
	return nil
}

// AppendXML appends the <presence/> element where ns is the namespace in force:
// [wire.NSClient] at the top of a stream of any kind.
func (p *Presence) AppendXML(b []byte, ns string) ([]byte, error) {
	tag := len(b)
	if ns == wire.NSClient {
		b = append(b, "<presence"...)
	} else {
		b = append(b, "<presence xmlns='jabber:client'"...)
	}
	b, err := appendAttributes(b, tag, p.ID, p.To, p.From, string(p.Type), p.Lang, p.Extra)
	if err != nil {
		return b, err
	}
	b = append(b, '>')
	inner := len(b)
	if p.Show != "" {
		if b, err = wire.AppendLeaf(b, "<show>", string(p.Show), "</show>"); err != nil {
			return b, err
		}
	}
	if p.Extra != nil {
		b = p.Extra.RespellChild(b, inner, slotShow, "", wire.NSClient)
	}
	if p.Status != nil {
		if b, err = AppendText(b, p.Status, "<status>", "</status>", wire.NSClient, p.Extra, slotStatus); err != nil {
			return b, err
		}
	}
	mark := len(b)
	if p.Priority != 0 {
		b = append(b, "<priority>"...)
		b = strconv.AppendInt(b, int64(p.Priority), 10)
		b = append(b, "</priority>"...)
	}
	if p.Extra != nil {
		b = p.Extra.RespellChild(b, mark, slotPriority, "", wire.NSClient)
	}
	if b, err = p.appendRest(b, p.Err, p.Extra); err != nil {
		return b, err
	}
	return wire.CloseEmpty(b, inner, "</presence>"), nil
}

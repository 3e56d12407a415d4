package stanza

import (
	"slices"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// MessageType is the kind of a message (RFC 6121, section 5.2.2).
type MessageType string

// The message types.
const (
	// Normal is a message outside of a conversation. It is the default: reading gives
	// Normal where the attribute is missing, and writing leaves it out.
	Normal MessageType = "normal"
	// Chat is part of a conversation between two.
	Chat MessageType = "chat"
	// Groupchat is part of a conversation in a room.
	Groupchat MessageType = "groupchat"
	// Headline asks for no reply.
	Headline MessageType = "headline"
	// MessageError is the answer to a message that failed.
	MessageError MessageType = "error"
)

// Thread identifies a conversation (RFC 6121, section 5.2.5).
type Thread struct {
	// ID is the identifier; empty means that there is no thread.
	ID string
	// Parent is the thread that this one grew out of.
	Parent string
}

// Message is a message (RFC 6121, section 5). Copy it with [Message.Clone], not by
// assignment.
type Message struct {
	// ID identifies the message to its sender; it may be empty.
	ID string
	// To and From are the addresses, zero if absent.
	To, From jid.JID
	// Type is the kind of message; empty means Normal.
	Type MessageType
	// Lang is the language of the message's texts (BCP 47); empty means that of the stream.
	Lang string
	// Subject and Body are what people read.
	Subject, Body Text
	// Thread is the conversation that the message belongs to.
	Thread Thread
	// Err says why a message failed, in a message of type error.
	Err *Error
	// Extra keeps what does not belong.
	Extra *wire.Extra
	Payloads
}

// NewMessage returns a chat message with a body.
func NewMessage(to jid.JID, body string) *Message {
	return &Message{To: to, Type: Chat, Body: Plain(body)}
}

// Reply returns a message in answer to m: of the same type, in the same thread, to the
// sender and from whom m was for; for a groupchat message to the room, whose address
// has no resource (XEP-0045, section 7.4). The answer to an error is a normal message. It
// has no id, and the language of m: set Lang if the body is in another.
func (m *Message) Reply(body string) *Message {
	r := &Message{To: m.From, From: m.To, Type: m.Type, Thread: m.Thread, Lang: m.Lang, Body: Plain(body)}
	if m.Type == Groupchat {
		r.To = m.From.Bare()
	}
	if m.Type == MessageError {
		r.Type = Normal
	}
	return r
}

// Fail returns the message that tells the sender of m about err, or nil if m is an
// error itself: errors are never answered with errors (RFC 6120, section 8.3.1).
func (m *Message) Fail(err error) *Message {
	if m.Type == MessageError {
		return nil
	}
	return &Message{ID: m.ID, To: m.From, From: m.To, Type: MessageError, Err: AsError(err)}
}

// Attributes returns the attributes that all stanzas have.
func (m *Message) Attributes() Attributes {
	return Attributes{ID: m.ID, Type: string(m.Type), Lang: m.Lang, To: m.To, From: m.From}
}

// Clone returns a copy that can be changed without changing m. It shares the values of
// payloads that were added; what was received cannot change.
func (m *Message) Clone() *Message {
	c := *m
	c.Subject, c.Body = slices.Clone(m.Subject), slices.Clone(m.Body)
	c.Err, c.Extra, c.Payloads = m.Err.clone(), cloneExtra(m.Extra), m.clone()
	return &c
}

// String returns the message as XML, or what is wrong with it.
func (m *Message) String() string { return String(m) }

func (m *Message) sender() (*Origin, jid.JID) { return m.origin, m.From }

// WireName is the name of the element.
func (*Message) WireName() wire.Name { return wire.Name{Space: wire.NSClient, Local: "message"} }

// Matches reports whether an element of this name is a message.
func (*Message) Matches(n wire.Name) bool { return n.Local == "message" && n.Space == wire.NSClient }

// DecodeXML reads a <message/> element. An address that is none is a *DecodeError;
// the rest is read all the same.
func (m *Message) DecodeXML(r wire.Raw) error {
	m.nested = r != r.Doc().Root()
	var err error
	for a := r.Attrs(); a.Next(); {
		switch a.Name() {
		case "id":
			m.ID = a.Optional(&m.Extra, slotID)
		case "to":
			err = decodeAddress(&m.To, r, &a, &m.Extra, slotTo, err)
		case "from":
			err = decodeAddress(&m.From, r, &a, &m.Extra, slotFrom, err)
		case "type":
			m.Type = MessageType(a.Optional(&m.Extra, slotType))
		case "xml:lang":
			m.Lang = a.Optional(&m.Extra, slotLang)
		default:
			a.KeepAttr(&m.Extra)
		}
	}
	if m.Type == "" {
		m.Type = Normal
	} else if m.Type == Normal {
		wire.KeepSpelling(&m.Extra, slotType, "normal", "")
	}
	thread := false
	c := r.Children()
	for c.Next() {
		switch c.Local() {
		case "body":
			if c.Same() {
				m.Body = append(m.Body, DecodeText(&c, &m.Extra, wire.SlotAt(slotBody, len(m.Body))))
				continue
			}
		case "subject":
			if c.Same() {
				m.Subject = append(m.Subject, DecodeText(&c, &m.Extra, wire.SlotAt(slotSubject, len(m.Subject))))
				continue
			}
		case "thread":
			if !thread && c.Same() {
				thread = true
				m.Thread = decodeThread(&c, &m.Extra)
				continue
			}
		case "error":
			if m.Type == MessageError && c.Same() {
				m.Err = decodeError(&c, m.Err, &m.Extra)
				continue
			}
		}
		m.take(r, &c)
	}
	if c.Stray() {
		r.KeepText(&m.Extra)
	}
	return err
}

func decodeThread(c *wire.Cursor, x **wire.Extra) (t Thread) {
	if s, plain := c.Plain(); plain && s != "" {
		return Thread{ID: s}
	}
	r := c.Raw()
	t.ID = r.Text()
	odd := t.ID == "" || r.HasChildren()
	for a := r.Attrs(); a.Next(); {
		if a.Name() == "parent" && a.Value() != "" {
			t.Parent = a.Value()
		} else {
			odd = true
		}
	}
	if odd {
		c.KeepLeaf(x, slotThread, t.ID)
	}
	return t
}

// AppendXML appends the <message/> element where ns is the namespace in force:
// [wire.NSClient] at the top of a stream of any kind.
func (m *Message) AppendXML(b []byte, ns string) ([]byte, error) {
	tag := len(b)
	if ns == wire.NSClient {
		b = append(b, "<message"...)
	} else {
		b = append(b, "<message xmlns='jabber:client'"...)
	}
	typ := string(m.Type)
	if m.Type == Normal {
		typ = ""
	}
	b, err := appendAttributes(b, tag, m.ID, m.To, m.From, typ, m.Lang, m.Extra)
	if err != nil {
		return b, err
	}
	b = append(b, '>')
	inner := len(b)
	if m.Subject != nil {
		if b, err = AppendText(b, m.Subject, "<subject>", "</subject>", wire.NSClient, m.Extra, slotSubject); err != nil {
			return b, err
		}
	}
	if m.Body != nil {
		if b, err = AppendText(b, m.Body, "<body>", "</body>", wire.NSClient, m.Extra, slotBody); err != nil {
			return b, err
		}
	}
	mark := len(b)
	if m.Thread != (Thread{}) {
		b = append(b, "<thread"...)
		if m.Thread.Parent != "" {
			if b, err = wire.AppendAttr(b, " parent='", m.Thread.Parent); err != nil {
				return b, err
			}
		}
		if b, err = wire.AppendLeaf(b, ">", m.Thread.ID, "</thread>"); err != nil {
			return b, err
		}
	}
	if kept := m.Extra.Kept(slotThread); !kept.IsZero() {
		if parent, _ := kept.Attr("parent"); parent == m.Thread.Parent {
			b = m.Extra.RespellChild(b, mark, slotThread, "", wire.NSClient)
		}
	}
	if b, err = m.appendRest(b, m.Err, m.Extra); err != nil {
		return b, err
	}
	return wire.CloseEmpty(b, inner, "</message>"), nil
}

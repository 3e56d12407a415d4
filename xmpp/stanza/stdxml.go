package stanza

import (
	"encoding/xml"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// The types below tell encoding/xml what stanzas look like. They share nothing with
// DecodeXML and AppendXML. An <error/> comes with the payloads, as it depends on the type of
// the stanza whether it is one.

type stdThread struct {
	Parent string `xml:"parent,attr,omitempty"`
	ID     string `xml:",chardata"`
}

type stdAttributes struct {
	ID   string  `xml:"id,attr,omitempty"`
	To   jid.JID `xml:"to,attr"`
	From jid.JID `xml:"from,attr"`
	Type string  `xml:"type,attr,omitempty"`
	Lang string  `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"`
}

type stdError struct {
	Type     ErrorType `xml:"type,attr,omitempty"`
	By       jid.JID   `xml:"by,attr"`
	Code     string    `xml:"code,attr,omitempty"`
	Text     Text      `xml:"urn:ietf:params:xml:ns:xmpp-stanzas text"`
	Payloads []Raw     `xml:",any"`
}

type stdMessage struct {
	stdAttributes
	Subject  Text      `xml:"jabber:client subject"`
	Body     Text      `xml:"jabber:client body"`
	Thread   stdThread `xml:"jabber:client thread"`
	Payloads []Raw     `xml:",any"`
}

type stdPresence struct {
	stdAttributes
	Show     Show  `xml:"jabber:client show,omitempty"`
	Status   Text  `xml:"jabber:client status"`
	Priority int8  `xml:"jabber:client priority,omitempty"`
	Payloads []Raw `xml:",any"`
}

type stdIQ struct {
	stdAttributes
	Payloads []Raw `xml:",any"`
}

// UnmarshalXML reads the element with encoding/xml.
func (e *Error) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var s stdError
	if err := d.DecodeElement(&s, &start); err != nil {
		return err
	}
	*e = Error{Type: s.Type, By: s.By, Code: s.Code, Text: s.Text}
	for _, r := range s.Payloads {
		if r.Space() == NSErrors && e.Condition == "" {
			e.Condition, e.URI = Condition(r.Local()), r.Text()
		} else {
			e.addRaw(r)
		}
	}
	if e.Condition == "" {
		e.Condition, e.bare = UndefinedCondition, true
	}
	return nil
}

// splitStd returns the error among the children of a stanza, if that is of type error, and
// the payloads.
func splitStd(typ string, children []Raw) (*Error, Payloads, error) {
	var found *Error
	var p Payloads
	for _, r := range children {
		if typ == "error" && found == nil && found.Matches(r.Name()) {
			found = new(Error)
			if err := xml.Unmarshal([]byte(r.String()), found); err != nil {
				return nil, p, err
			}
			continue
		}
		p.addRaw(r)
	}
	return found, p, nil
}

// MarshalXML writes the element with encoding/xml.
func (e Error) MarshalXML(enc *xml.Encoder, start xml.StartElement) error {
	start.Name = xml.Name{Space: "jabber:client", Local: "error"}
	start.Attr = nil
	if e.Type != "" {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "type"}, Value: string(e.Type)})
	}
	if !e.By.IsZero() {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "by"}, Value: e.By.String()})
	}
	if e.Code != "" {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "code"}, Value: e.Code})
	}
	if err := enc.EncodeToken(start); err != nil {
		return err
	}
	if cond := e.condition(); !e.bare || cond != UndefinedCondition || e.URI != "" {
		if !cond.valid() {
			return &wire.EncodeError{Reason: "no error condition", Value: string(cond)}
		}
		if err := enc.EncodeElement(e.URI, xml.StartElement{Name: xml.Name{Space: NSErrors, Local: string(cond)}}); err != nil {
			return err
		}
	}
	if err := encodeText(enc, e.Text, NSErrors, "text"); err != nil {
		return err
	}
	if err := e.encodeStd(enc, nil); err != nil {
		return err
	}
	return enc.EncodeToken(start.End())
}

// UnmarshalXML reads the element with encoding/xml. It has to be in the namespace
// jabber:client, as its children are.
func (m *Message) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var s stdMessage
	if err := d.DecodeElement(&s, &start); err != nil {
		return err
	}
	e, p, err := splitStd(s.Type, s.Payloads)
	*m = Message{
		ID: s.ID, To: s.To, From: s.From, Type: MessageType(s.Type), Lang: s.Lang, Subject: s.Subject, Body: s.Body,
		Thread: Thread{ID: s.Thread.ID, Parent: s.Thread.Parent}, Err: e, Payloads: p,
	}
	if m.Type == "" {
		m.Type = Normal
	}
	return err
}

// UnmarshalXML reads the element with encoding/xml. It has to be in the namespace
// jabber:client, as its children are.
func (p *Presence) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var s stdPresence
	if err := d.DecodeElement(&s, &start); err != nil {
		return err
	}
	e, list, err := splitStd(s.Type, s.Payloads)
	*p = Presence{
		ID: s.ID, To: s.To, From: s.From, Type: PresenceType(s.Type), Lang: s.Lang,
		Show: s.Show, Status: s.Status, Priority: s.Priority, Err: e, Payloads: list,
	}
	return err
}

// UnmarshalXML reads the element with encoding/xml. It has to be in the namespace
// jabber:client.
func (q *IQ) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var s stdIQ
	if err := d.DecodeElement(&s, &start); err != nil {
		return err
	}
	e, p, err := splitStd(s.Type, s.Payloads)
	*q = IQ{ID: s.ID, To: s.To, From: s.From, Type: IQType(s.Type), Lang: s.Lang, Err: e, Payloads: p}
	return err
}

// MarshalXML writes the element with encoding/xml.
func (m Message) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	a := m.Attributes()
	if m.Type == Normal {
		a.Type = ""
	}
	return encodeStanza(e, "message", a, func() error {
		if err := encodeText(e, m.Subject, "jabber:client", "subject"); err != nil {
			return err
		}
		if err := encodeText(e, m.Body, "jabber:client", "body"); err != nil {
			return err
		}
		if m.Thread != (Thread{}) {
			start := xml.StartElement{Name: xml.Name{Space: "jabber:client", Local: "thread"}}
			if err := e.EncodeElement(stdThread{ID: m.Thread.ID, Parent: m.Thread.Parent}, start); err != nil {
				return err
			}
		}
		return m.encodeStd(e, m.Err)
	})
}

// MarshalXML writes the element with encoding/xml.
func (p Presence) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return encodeStanza(e, "presence", p.Attributes(), func() error {
		if p.Show != "" {
			if err := e.EncodeElement(string(p.Show), xml.StartElement{Name: xml.Name{Space: "jabber:client", Local: "show"}}); err != nil {
				return err
			}
		}
		if err := encodeText(e, p.Status, "jabber:client", "status"); err != nil {
			return err
		}
		if p.Priority != 0 {
			if err := e.EncodeElement(p.Priority, xml.StartElement{Name: xml.Name{Space: "jabber:client", Local: "priority"}}); err != nil {
				return err
			}
		}
		return p.encodeStd(e, p.Err)
	})
}

// MarshalXML writes the element with encoding/xml.
func (q IQ) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return encodeStanza(e, "iq", q.Attributes(), func() error { return q.encodeStd(e, q.Err) })
}

func encodeStanza(e *xml.Encoder, local string, a Attributes, inner func() error) error {
	start := xml.StartElement{Name: xml.Name{Space: "jabber:client", Local: local}}
	add := func(space, local, value string) {
		if value != "" {
			start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Space: space, Local: local}, Value: value})
		}
	}
	add("", "to", a.To.String())
	add("", "from", a.From.String())
	add("", "id", a.ID)
	add("", "type", a.Type)
	add("http://www.w3.org/XML/1998/namespace", "lang", a.Lang)
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	if err := inner(); err != nil {
		return err
	}
	return e.EncodeToken(start.End())
}

func encodeText(e *xml.Encoder, t Text, space, local string) error {
	for i := range t {
		if err := e.EncodeElement(t[i], xml.StartElement{Name: xml.Name{Space: space, Local: local}}); err != nil {
			return err
		}
	}
	return nil
}

// encodeStd writes payloads and error.
func (p *Payloads) encodeStd(e *xml.Encoder, err *Error) error {
	for v := range p.All() {
		if bad := e.Encode(v); bad != nil {
			return bad
		}
	}
	if err == nil {
		return nil
	}
	return err.MarshalXML(e, xml.StartElement{})
}

package stream

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Kind is a kind of top-level element, as a set of bits.
type Kind uint8

// The kinds.
const (
	// KindMessage is a message.
	KindMessage Kind = 1 << iota
	// KindPresence is a presence.
	KindPresence
	// KindIQ is an IQ.
	KindIQ
	// KindNonza is any other top-level element.
	KindNonza
	// AnyStanza is a message, presence or IQ.
	AnyStanza = KindMessage | KindPresence | KindIQ
)

func kindOf(s stanza.Stanza) Kind {
	switch s.(type) {
	case *stanza.Message:
		return KindMessage
	case *stanza.Presence:
		return KindPresence
	}
	return KindIQ
}

// A Matcher says which stanzas a handler, waiter or collector is for. It is compiled
// once and may be shared. Except for [MatchFunc], matching runs no code of the user.
type Matcher struct {
	kinds Kind      // which kinds can match at all
	name  wire.Name // if set, a payload must have this name
	check func(s stanza.Stanza) bool
	user  bool // check is the user's: it runs on the dispatcher only
}

// Match reports whether m matches.
func (m Matcher) Match(s stanza.Stanza) bool {
	return m.kinds&kindOf(s) != 0 && (m.name.IsZero() || hasPayload(s, m.name)) && (m.check == nil || m.check(s))
}

func hasPayload(s stanza.Stanza, name wire.Name) bool {
	for n := range list(s).Names() {
		if n == name {
			return true
		}
	}
	return false
}

func list(s stanza.Stanza) *stanza.Payloads {
	switch s := s.(type) {
	case *stanza.Message:
		return &s.Payloads
	case *stanza.Presence:
		return &s.Payloads
	case *stanza.IQ:
		return &s.Payloads
	}
	return new(stanza.Payloads)
}

// MatchKind matches every stanza of the kinds.
func MatchKind(kinds Kind) Matcher { return Matcher{kinds: kinds} }

// MatchID matches stanzas with an id.
func MatchID(id string) Matcher {
	return Matcher{kinds: AnyStanza, check: func(s stanza.Stanza) bool { return s.Attributes().ID == id }}
}

// MatchIDFrom matches stanzas with an id from an address.
func MatchIDFrom(id string, from jid.JID) Matcher {
	return Matcher{kinds: AnyStanza, check: func(s stanza.Stanza) bool {
		a := s.Attributes()
		return a.ID == id && a.From == from
	}}
}

// MatchFrom matches stanzas from an address: from any of its resources if it has none.
func MatchFrom(from jid.JID) Matcher {
	return Matcher{kinds: AnyStanza, check: func(s stanza.Stanza) bool {
		f := s.Attributes().From
		return f == from || from.IsBare() && f.Bare() == from
	}}
}

// MatchSender matches stanzas from exactly one of the addresses. The zero JID stands for
// those without a sender.
func MatchSender(from ...jid.JID) Matcher {
	from = slices.Clone(from)
	return Matcher{kinds: AnyStanza, check: func(s stanza.Stanza) bool { return slices.Contains(from, s.Attributes().From) }}
}

// MatchPayload matches stanzas of the kinds that carry a payload of a name.
func MatchPayload(kinds Kind, name wire.Name) Matcher { return Matcher{kinds: kinds, name: name} }

// MatchType matches stanzas of the kinds with a type, as it stands in the attribute:
// "" matches those without one.
func MatchType(kinds Kind, typ string) Matcher {
	return Matcher{kinds: kinds, check: func(s stanza.Stanza) bool {
		t := s.Attributes().Type
		return t == typ || typ == "" && t == string(stanza.Normal)
	}}
}

// MatchAny matches what any of the matchers matches.
func MatchAny(ms ...Matcher) Matcher {
	any := Matcher{}
	for _, m := range ms {
		any.kinds |= m.kinds
		any.user = any.user || m.user
	}
	any.check = func(s stanza.Stanza) bool {
		for _, m := range ms {
			if m.Match(s) {
				return true
			}
		}
		return false
	}
	return any
}

// MatchAll matches what all of the matchers match.
func MatchAll(ms ...Matcher) Matcher {
	all := Matcher{kinds: AnyStanza}
	for _, m := range ms {
		all.kinds &= m.kinds
		all.user = all.user || m.user
		if all.name.IsZero() {
			all.name = m.name
		}
	}
	all.check = func(s stanza.Stanza) bool {
		for _, m := range ms {
			if !m.Match(s) {
				return false
			}
		}
		return true
	}
	return all
}

// MatchFunc matches what f says. It runs on the dispatcher, never on the reader: it
// must not change the stanza, and while it runs nothing else is dispatched.
func MatchFunc(f func(s stanza.Stanza) bool) Matcher {
	return Matcher{kinds: AnyStanza, check: f, user: true}
}

// MatchMask matches stanzas that contain what an XML text shows: the same kind, the
// attributes given with their values, the text if there is any, and for each child
// element given one that matches it in turn. Attributes and children that the mask
// does not show do not matter. Without a namespace the mask is in jabber:client.
func MatchMask(mask string) (Matcher, error) {
	r, err := wire.ParseIn(mask, wire.NewContext(wire.NSClient, ""))
	if err != nil {
		return Matcher{}, err
	}
	m, err := ofKind(r.Local(), r.Space())
	if err != nil {
		return Matcher{}, err
	}
	m.check = func(s stanza.Stanza) bool {
		el := element(s)
		return !el.IsZero() && covers(el, r)
	}
	return m, nil
}

// element returns a stanza as it was received, or as it would be sent.
func element(s stanza.Stanza) wire.Raw {
	if r := list(s).Element(); !r.IsZero() {
		return r
	}
	b, err := s.AppendXML(nil, "")
	if err != nil {
		return wire.Raw{}
	}
	r, err := wire.Parse(string(b))
	if err != nil {
		return wire.Raw{}
	}
	return r
}

func covers(el, mask wire.Raw) bool {
	if el.Local() != mask.Local() || el.Space() != mask.Space() {
		return false
	}
	for want := mask.Attrs(); want.Next(); {
		found := false
		for a := el.Attrs(); a.Next(); {
			if a.Expanded() == want.Expanded() {
				found = a.Value() == want.Value()
				break
			}
		}
		if !found {
			return false
		}
	}
	if t := strings.TrimSpace(mask.Text()); t != "" && t != strings.TrimSpace(el.Text()) {
		return false
	}
	for want := mask.Children(); want.Next(); {
		found := false
		for c := el.Children(); c.Next(); {
			if covers(c.Raw(), want.Raw()) {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func ofKind(local, space string) (Matcher, error) {
	if space == "" || space == wire.NSClient {
		switch local {
		case "message":
			return Matcher{kinds: KindMessage}, nil
		case "presence":
			return Matcher{kinds: KindPresence}, nil
		case "iq":
			return Matcher{kinds: KindIQ}, nil
		case "*":
			return Matcher{kinds: AnyStanza}, nil
		}
	}
	return Matcher{}, fmt.Errorf("stream: %s is no stanza", wire.Name{Space: space, Local: local})
}

// step is one step of a path.
type step struct {
	space, local string // space "*" for any, local "*" for any
	attrs        [][2]string
}

func (st step) match(r wire.Raw) bool {
	if st.local != "*" && st.local != r.Local() || st.space != "*" && st.space != r.Space() {
		return false
	}
	for _, a := range st.attrs {
		if v, ok := r.Attr(a[0]); !ok || v != a[1] {
			return false
		}
	}
	return true
}

// MatchPath matches stanzas by a path of elements: message, presence, iq or *, then
// children, as in
//
//	iq@type=set/{jabber:iq:roster}query
//	message/{urn:xmpp:forward:0}forwarded/message@type=chat
//
// A step is a local name, with a namespace in braces in front of it or else of any
// namespace, or *; then any number of @attribute=value. Values hold no @ and no
// slash unless they are in single quotes.
func MatchPath(path string) (Matcher, error) {
	steps, err := parsePath(path)
	if err != nil {
		return Matcher{}, err
	}
	first := steps[0]
	if first.space == "*" {
		first.space = wire.NSClient
	}
	m, err := ofKind(first.local, first.space)
	if err != nil {
		return Matcher{}, err
	}
	if len(steps) > 1 && steps[1].space != "*" && steps[1].local != "*" {
		m.name = wire.Name{Space: steps[1].space, Local: steps[1].local}
	}
	m.check = func(s stanza.Stanza) bool {
		el := element(s)
		return !el.IsZero() && first.match(el) && below(el, steps[1:])
	}
	return m, nil
}

// MatchXPath is MatchPath for the part of XPath that streams need: steps in Clark
// notation, separated by slashes, without conditions ({jabber:client}iq/{jabber:iq:roster}query).
func MatchXPath(path string) (Matcher, error) {
	if strings.ContainsRune(strings.NewReplacer("{", "", "}", "").Replace(path), '@') {
		return Matcher{}, errors.New("stream: conditions are for MatchPath")
	}
	return MatchPath(path)
}

func below(r wire.Raw, steps []step) bool {
	if len(steps) == 0 {
		return true
	}
	for c := r.Children(); c.Next(); {
		if steps[0].match(c.Raw()) && below(c.Raw(), steps[1:]) {
			return true
		}
	}
	return false
}

func parsePath(path string) ([]step, error) {
	var steps []step
	rest := path
	for {
		st := step{space: "*"}
		if strings.HasPrefix(rest, "{") {
			end := strings.IndexByte(rest, '}')
			if end < 0 {
				return nil, fmt.Errorf("stream: path %q: a brace is not closed", path)
			}
			st.space, rest = rest[1:end], rest[end+1:]
		}
		end := strings.IndexAny(rest, "@/")
		if end < 0 {
			end = len(rest)
		}
		if st.local, rest = rest[:end], rest[end:]; st.local != "*" && !wire.ValidName(st.local) {
			return nil, fmt.Errorf("stream: path %q: %q is no name", path, st.local)
		}
		for strings.HasPrefix(rest, "@") {
			name, after, ok := strings.Cut(rest[1:], "=")
			if !ok || !wire.ValidName(name) {
				return nil, fmt.Errorf("stream: path %q: a condition is not of the form @name=value", path)
			}
			var value string
			if strings.HasPrefix(after, "'") {
				if value, after, ok = strings.Cut(after[1:], "'"); !ok {
					return nil, fmt.Errorf("stream: path %q: a quote is not closed", path)
				}
			} else {
				end := strings.IndexAny(after, "@/")
				if end < 0 {
					end = len(after)
				}
				value, after = after[:end], after[end:]
			}
			st.attrs = append(st.attrs, [2]string{name, value})
			rest = after
		}
		steps = append(steps, st)
		if rest == "" {
			return steps, nil
		}
		if rest[0] != '/' {
			return nil, fmt.Errorf("stream: path %q: a slash is missing", path)
		}
		rest = rest[1:]
	}
}

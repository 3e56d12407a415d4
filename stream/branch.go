package stream

import (
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// HandleBranch is [Stream.HandleIQ] for requests that share their name with others, and
// are told from them by what the payload holds: the handler gets those that fit. It goes
// before a handler for all requests of that name; of two that fit, the first counts.
func (s *Stream) HandleBranch(typ stanza.IQType, name wire.Name, fits func(payload wire.Raw) bool, h Handler, opts ...Option) (remove func()) {
	check := func(st stanza.Stanza) bool {
		iq, ok := st.(*stanza.IQ)
		return ok && fits(iq.Raw(name))
	}
	return s.register(&registration{listed: listed{options: makeOptions(opts)}, matcher: Matcher{kinds: KindIQ, name: name, check: check, user: true}, run: h, typ: typ})
}

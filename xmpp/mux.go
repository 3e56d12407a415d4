package xmpp

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// A Mux is a set of typed handlers. It is not changed by the sessions that it serves, and
// must not be changed while it serves any.
type Mux struct {
	routes   []Route
	requests map[request]string // where the handler was registered
}

type request struct {
	typ    stanza.IQType
	name   wire.Name
	branch string // the type of payload, if it shares its name with others
}

// A Route is one handler with what it is for, as made by [OnMessage] and the like.
type Route struct {
	site     string
	request  request // for IQ requests
	features []string
	install  func(s *stream.Stream)
}

// NewMux returns a Mux with handlers. Two handlers for the same IQ request are a mistake in
// the program: it panics and names both places in the source.
func NewMux(routes ...Route) *Mux {
	m := &Mux{requests: map[request]string{}}
	m.Handle(routes...)
	return m
}

// Handle adds handlers, under the rules of [NewMux].
func (m *Mux) Handle(routes ...Route) {
	for _, r := range routes {
		if r.request.typ != "" {
			if at, ok := m.requests[r.request]; ok {
				panic(fmt.Sprintf("xmpp: %s registers a second handler for iq %s %s; the first is at %s", r.site, r.request.typ, r.request.name, at))
			}
			m.requests[r.request] = r.site
		}
		m.routes = append(m.routes, r)
	}
}

// Features returns the features that the handlers make an entity advertise (XEP-0030), in
// order and each once.
func (m *Mux) Features() []string {
	var all []string
	if m != nil {
		for _, r := range m.routes {
			all = append(all, r.features...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// has reports whether there is a handler for a request.
func (m *Mux) has(r request) bool {
	if m == nil {
		return false
	}
	_, ok := m.requests[r]
	return ok
}

// Advertise is no handler, but adds features to what an entity advertises.
func Advertise(features ...string) Route {
	return Route{site: stream.Site(1), features: slices.Clone(features)}
}

func featuresOf(p any) []string {
	if f, ok := p.(stanza.Featured); ok {
		return f.Features()
	}
	return nil
}

// matcherFor returns what matches stanzas of a kind with a payload of a type, for which a nil pointer
// stands; has tells whether a stanza has one.
func matcherFor(kind stream.Kind, typ stanza.Decoder, has func(s stanza.Stanza) bool) stream.Matcher {
	_, isBranch := typ.(stanza.Branch)
	if n := typ.WireName(); n.Local != "" && !isBranch {
		return stream.MatchPayload(kind, n)
	}
	// an element whose name is its value, or whose name is not all that matters
	return stream.MatchAll(stream.MatchKind(kind), stream.MatchFunc(has))
}

func has[T any, P stanza.PayloadOf[T]](s stanza.Stanza) bool { return stanza.Has[T, P](s) }

func options(site string, opts []stream.Option) []stream.Option {
	return append([]stream.Option{stream.At(site)}, opts...)
}

// OnMessage handles messages that carry a payload of type T, which it gets decoded, a
// value of its own. A payload that does not fit T, or that its sender may not send, is
// reported to the session's Failed hook; other handlers still get the message. Messages
// of type error are left out unless [stream.WithErrors] asks for them.
func OnMessage[T any, P stanza.PayloadOf[T]](h func(ctx context.Context, m *stanza.Message, payload *T) error, opts ...stream.Option) Route {
	site := stream.Site(1)
	return Route{site: site, features: featuresOf(P(new(T))), install: func(s *stream.Stream) {
		s.Handle(matcherFor(stream.KindMessage, P(nil), has[T, P]), func(ctx context.Context, st stanza.Stanza) error {
			m := st.(*stanza.Message)
			v, err := stanza.Find[T, P](m)
			if err != nil || v == nil {
				return err
			}
			return h(ctx, m, v)
		}, options(site, opts)...)
	}}
}

// OnPresence is [OnMessage] for presences.
func OnPresence[T any, P stanza.PayloadOf[T]](h func(ctx context.Context, p *stanza.Presence, payload *T) error, opts ...stream.Option) Route {
	site := stream.Site(1)
	return Route{site: site, features: featuresOf(P(new(T))), install: func(s *stream.Stream) {
		s.Handle(matcherFor(stream.KindPresence, P(nil), has[T, P]), func(ctx context.Context, st stanza.Stanza) error {
			p := st.(*stanza.Presence)
			v, err := stanza.Find[T, P](p)
			if err != nil || v == nil {
				return err
			}
			return h(ctx, p, v)
		}, options(site, opts)...)
	}}
}

// ErrReplied is returned by a handler of requests that answers in its own way: by sending
// iq.Result or iq.Fail, perhaps later.
var ErrReplied = errors.New("xmpp: the handler answers by itself")

// OnIQ handles IQ requests whose payload is a T: what it returns is the answer. A nil
// answer is an empty result. An error becomes an error reply: a *[stanza.Error] or
// [stanza.Condition] as it is, anything else an internal-server-error that tells no
// details. A request that does not fit T is answered with bad-request before the handler
// sees it. Requests that share their name with others ([stanza.Branch]) have a handler
// each.
func OnIQ[T, R any, P stanza.QueryOf[T, R]](h func(ctx context.Context, iq *stanza.IQ, query *T) (*R, error), opts ...stream.Option) Route {
	site := stream.Site(1)
	zero := P(new(T))
	req := request{typ: zero.IQType(), name: zero.WireName()}
	branch, isBranch := any(zero).(stanza.Branch)
	if isBranch {
		req.branch = reflect.TypeFor[T]().String()
	}
	return Route{site: site, request: req, features: featuresOf(zero), install: func(s *stream.Stream) {
		handle := s.HandleIQ
		if isBranch {
			handle = func(typ stanza.IQType, name wire.Name, h stream.Handler, opts ...stream.Option) func() {
				return s.HandleBranch(typ, name, branch.Fits, h, opts...)
			}
		}
		handle(req.typ, req.name, func(ctx context.Context, st stanza.Stanza) error {
			iq := st.(*stanza.IQ)
			q, err := stanza.Find[T, P](iq)
			switch {
			case errors.Is(err, stanza.ErrSender):
				return stanza.NewError(stanza.Forbidden, "")
			case err != nil:
				return err
			}
			r, err := h(ctx, iq, q)
			if errors.Is(err, ErrReplied) {
				return nil
			}
			if err != nil {
				return err
			}
			var payload stanza.Payload
			if r != nil {
				payload, _ = any(r).(stanza.Payload)
			}
			return s.Send(ctx, iq.Result(payload))
		}, options(site, opts)...)
	}}
}

// OnAnyMessage handles all messages but those of type error.
func OnAnyMessage(h func(ctx context.Context, m *stanza.Message) error, opts ...stream.Option) Route {
	site := stream.Site(1)
	return Route{site: site, install: func(s *stream.Stream) {
		s.Handle(stream.MatchKind(stream.KindMessage), func(ctx context.Context, st stanza.Stanza) error {
			return h(ctx, st.(*stanza.Message))
		}, options(site, opts)...)
	}}
}

// OnBody handles messages with a body, in any language, that is not empty.
func OnBody(h func(ctx context.Context, m *stanza.Message, body string) error, opts ...stream.Option) Route {
	site := stream.Site(1)
	return Route{site: site, install: func(s *stream.Stream) {
		s.Handle(stream.MatchKind(stream.KindMessage), func(ctx context.Context, st stanza.Stanza) error {
			m := st.(*stanza.Message)
			if body := m.Body.String(); body != "" {
				return h(ctx, m, body)
			}
			return nil
		}, options(site, opts)...)
	}}
}

// OnAnyPresence handles all presences but those of type error.
func OnAnyPresence(h func(ctx context.Context, p *stanza.Presence) error, opts ...stream.Option) Route {
	site := stream.Site(1)
	return Route{site: site, install: func(s *stream.Stream) {
		s.Handle(stream.MatchKind(stream.KindPresence), func(ctx context.Context, st stanza.Stanza) error {
			return h(ctx, st.(*stanza.Presence))
		}, options(site, opts)...)
	}}
}

// OnError handles messages and presences of type error: what became of one's own.
func OnError(h func(ctx context.Context, s stanza.Stanza, err *stanza.Error) error, opts ...stream.Option) Route {
	site := stream.Site(1)
	return Route{site: site, install: func(s *stream.Stream) {
		m := stream.MatchType(stream.KindMessage|stream.KindPresence, "error")
		s.Handle(m, func(ctx context.Context, st stanza.Stanza) error {
			e := stanza.NewError(stanza.UndefinedCondition, "")
			switch st := st.(type) {
			case *stanza.Message:
				if st.Err != nil {
					e = st.Err
				}
			case *stanza.Presence:
				if st.Err != nil {
					e = st.Err
				}
			}
			return h(ctx, st, e)
		}, options(site, append(slices.Clip(opts), stream.WithErrors()))...)
	}}
}

// OnStanza handles the stanzas that a matcher matches.
func OnStanza(m stream.Matcher, h stream.Handler, opts ...stream.Option) Route {
	site := stream.Site(1)
	return Route{site: site, install: func(s *stream.Stream) { s.Handle(m, h, options(site, opts)...) }}
}

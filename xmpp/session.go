package xmpp

import (
	"context"
	"errors"
	"sync"

	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/version"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// A Link is what has a session: a [Session], a component, a client.
type Link interface {
	// Session returns the session.
	Session() *Session
}

// SessionConfig is what a [Session] serves. All fields may be zero.
type SessionConfig struct {
	// Handler has the handlers. It may serve several sessions.
	Handler *Mux
	// Identities are what the entity says it is to service discovery (XEP-0030). Without
	// any it is an automation/bot.
	Identities []disco.Identity
	// Features are advertised in addition to those of the registered handlers.
	Features []string
	// Software is the answer to requests for the software's version (XEP-0092); nil leaves
	// them unanswered.
	Software *version.Info
	// NoDefaults turns off what is answered without a handler of one's own: disco#info,
	// disco#items and ping.
	NoDefaults bool
}

// Session serves handlers on a stream. Packages that dial, such as component, make it. Its
// methods may be called from any goroutine.
type Session struct {
	stream    *stream.Stream
	cfg       SessionConfig // immutable
	restorers restorers

	mu    sync.Mutex
	added []string // guarded by mu: features of handlers that came later
	nodes []*nodes // guarded by mu: never changed
}

type sessionKey struct{}

// NewSession returns a session on a stream that is made from cfg and not open. It is for
// packages that dial; programs use component.Dial and the like.
func NewSession(cfg stream.Config, sc SessionConfig) *Session {
	s := &Session{cfg: sc}
	base := cfg.Base
	if base == nil {
		base = context.Background()
	}
	cfg.Base = context.WithValue(base, sessionKey{}, s)
	s.stream = stream.New(cfg)
	if sc.Handler != nil {
		for _, r := range sc.Handler.routes {
			if r.install != nil {
				r.install(s.stream)
			}
		}
	}
	if !sc.NoDefaults {
		s.installDefaults()
	}
	return s
}

// Handle adds handlers to a session that exists already: for packages that do a job, and
// bring the handlers that it takes. It is to be called before the session is opened, or what
// comes first may find no handler. A second handler for one IQ request panics, as in
// [NewMux].
func Handle(l Link, routes ...Route) {
	s := l.Session()
	before := len(s.Features())
	for _, r := range routes {
		if r.install != nil {
			r.install(s.stream)
		}
		s.mu.Lock()
		s.added = append(s.added, r.features...)
		s.mu.Unlock()
	}
	if len(s.Features()) > before {
		_ = Emit(s, FeaturesChanged{}) // nobody needs it on a stream that is closed
	}
}

// FeaturesChanged is an event: what the session advertises to service discovery is more than
// it was, because [Handle] has added to it.
type FeaturesChanged struct{}

// FromContext returns the session whose handler got ctx, or nil.
func FromContext(ctx context.Context) *Session {
	s, _ := ctx.Value(sessionKey{}).(*Session)
	return s
}

// ErrNoSession is returned for a context that no handler got.
var ErrNoSession = errors.New("xmpp: the context belongs to no handler")

// Send sends a stanza through the session whose handler got ctx. See [Session.Send].
func Send(ctx context.Context, st stanza.Stanza) error {
	s := FromContext(ctx)
	if s == nil {
		return ErrNoSession
	}
	return s.Send(ctx, st)
}

// Session returns s.
func (s *Session) Session() *Session { return s }

// Stream returns the stream below, for filters, collectors, matchers and tasks.
func (s *Session) Stream() *stream.Stream { return s.stream }

// Events returns the stream whose queue the session's events go through.
func (s *Session) Events() *stream.Stream { return s.stream }

// Local returns the address of this side, the zero JID before the session starts.
func (s *Session) Local() jid.JID { return s.stream.Local() }

// Remote returns the address of the server, the zero JID before the session starts.
func (s *Session) Remote() jid.JID { return s.stream.Remote() }

// Send sends a stanza. It returns once the stanza is in the output buffer, waiting for room
// if there is none, until ctx ends; while the session is not there the stanza waits for it. A
// stanza that cannot be written as XML is a *wire.EncodeError, one that is longer than the
// server takes stream.ErrStanzaTooLarge, and one for a session that was closed
// stream.ErrClosed. After an error nothing was sent. That there is none says nothing about the
// server: see [Session.SendTracked]. A handler passes its own context, or it may wait for
// room that only it can make.
func (s *Session) Send(ctx context.Context, st stanza.Stanza) error {
	return s.stream.Send(ctx, st)
}

// Flush waits until all that was sent so far has been handed to the network.
func (s *Session) Flush(ctx context.Context) error { return s.stream.Flush(ctx) }

// Close ends the session in an orderly way: what was sent is written, both sides say what they
// have got and close the stream, and what is queued is handled, within 5 s and ctx. A handler
// that calls it must be registered with stream.Concurrent: others get stream.ErrWouldBlock,
// and nothing happens. Closing twice is harmless. See [stream.Stream.Close].
func (s *Session) Close(ctx context.Context) error { return s.stream.Close(ctx) }

// Abort ends the session at once. See [stream.Stream.Abort].
func (s *Session) Abort() { s.stream.Abort() }

// Done is closed when the session has ended for good.
func (s *Session) Done() <-chan struct{} { return s.stream.Done() }

// Err returns why the session ended, nil while it has not: stream.ErrClosed if the program
// ended it, a [*stream.Error] such as stream.Conflict, or why connecting again was of no use.
func (s *Session) Err() error { return s.stream.Err() }

// State returns where the session's stream stands.
func (s *Session) State() stream.State { return s.stream.State() }

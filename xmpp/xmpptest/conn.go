package xmpptest

import (
	"crypto/sha1"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"time"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// input frames what is read from a connection.
type input struct {
	r io.Reader
	f *wire.Framer
}

// next reads until a piece is complete.
func (in *input) next() (wire.Kind, error) {
	for {
		k, err := in.f.Next()
		if err != nil || k != wire.More {
			return k, err
		}
		n, err := in.r.Read(in.f.Space())
		in.f.Commit(n)
		switch {
		case n > 0:
		case err == nil:
			return wire.More, io.ErrNoProgress
		default:
			return wire.More, err
		}
	}
}

// conn is one connection of a component or client.
type conn struct {
	srv *Server
	raw net.Conn // as it was accepted
	nc  net.Conn // with TLS, if there is any
	in  input
	out *output

	id         string
	opened     bool          // the header was sent
	from       jid.JID       // what the stream header says who it is
	domain     jid.JID       // set by negotiation
	account    *component    // guarded by Server.mu: set once the handshake is done
	client     bool          // it is a client's
	extensible bool          // of a client: it logs in by SASL 2
	user       jid.JID       // of a client: whose account it has logged in to
	resource   *resource     // of a client: set once it has bound
	gone       chan struct{} // closed when the component counts as disconnected
	web        bool          // it came over the web
	shared     bool          // its TLS is that of several connections
	shown      string        // for which name it has got a certificate, if not the domain's
}

func newConn(s *Server, raw net.Conn, direct bool) *conn {
	nc := raw
	if direct {
		nc = tls.Server(raw, s.directTLS())
	}
	return &conn{
		srv: s, raw: raw, nc: nc, id: stream.NewID(), gone: make(chan struct{}),
		in:  input{r: nc, f: wire.NewFramer(s.cfg.Limits)},
		out: newOutput(nc, s.cfg.QueueBytes, s.cfg.Patience),
	}
}

// serve runs the connection from its beginning to its end.
func (c *conn) serve() {
	s := c.srv
	s.running.Go(c.out.run)
	_ = c.raw.SetReadDeadline(time.Now().Add(s.cfg.Patience))
	err := c.negotiate()
	closed := false
	switch {
	case err != nil:
	case c.client:
		closed, err = c.readClient()
	default:
		err = c.read()
	}
	if c.resource != nil {
		s.leave(c.resource, c, closed)
	}
	s.mu.Lock()
	if c.account != nil && c.account.conn == c {
		c.account.conn = nil
		s.notify()
	}
	s.mu.Unlock()
	close(c.gone)
	c.end(err)
	c.linger()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// linger lets the last words reach the other side before the connection is closed: TCP
// throws them away if what the other side wrote was not read.
func (c *conn) linger() {
	_ = c.raw.SetReadDeadline(time.Now().Add(c.farewell()))
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, c.nc)
	}()
	<-c.out.done
	if t, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = t.CloseWrite()
	}
	<-drained
	if r, ok := c.raw.(*road); ok {
		r.arrive()
	}
	c.nc.Close()
}

// end ends the stream, with a stream error if err calls for one.
func (c *conn) end(err error) {
	var b []byte
	var e *stream.Error
	var syntax *wire.SyntaxError
	switch {
	case errors.As(err, &e):
		b = appendStreamError(b, e.Condition, e.Host, e.Text)
	case errors.As(err, &syntax):
		b = appendStreamError(b, stream.Condition(syntax.Condition), "", syntax.Reason)
	case errors.Is(err, errStalled):
		b = appendStreamError(b, stream.ResourceConstraint, "", "")
	}
	c.out.end(append(b, "</stream:stream>"...), c.farewell())
}

// expel ends the stream from outside of its goroutine, which does not wait for long any
// more for the other side to end it too.
func (c *conn) expel(why stream.Condition) { c.hangUp(&stream.Error{Condition: why}) }

func (c *conn) hangUp(why *stream.Error) {
	c.end(why)
	_ = c.raw.SetReadDeadline(time.Now().Add(c.farewell()))
}

// farewell is how long the other side has to take its leave.
func (c *conn) farewell() time.Duration { return min(time.Second, c.srv.cfg.Patience) }

func appendStreamError(b []byte, cond stream.Condition, host, text string) []byte {
	b = append(b, "<stream:error><"+string(cond)+" xmlns='"+stream.NSErrors+"'>"...)
	b, _ = wire.AppendText(b, wire.CleanText(host))
	b = append(b, "</"+string(cond)+">"...)
	if text != "" {
		b = append(b, "<text xmlns='"+stream.NSErrors+"'>"...)
		b, _ = wire.AppendText(b, wire.CleanText(text))
		b = append(b, "</text>"...)
	}
	return append(b, "</stream:error>"...)
}

// header sends the stream header.
func (c *conn) header(content string, from jid.JID) {
	if c.opened {
		return
	}
	c.opened = true
	b := []byte("<?xml version='1.0'?><stream:stream xmlns='" + content + "' xmlns:stream='" + wire.NSStream + "' id='" + c.id + "'")
	if !from.IsZero() {
		b, _ = wire.AppendAttr(b, " from='", from.String())
	}
	if c.client {
		b = append(b, " version='1.0'"...)
	}
	_ = c.out.put(append(b, '>'))
}

// negotiate is the server's part of XEP-0114, section 3.
func (c *conn) negotiate() error {
	defer c.header(wire.NSComponent, jid.JID{}) // an error needs one too
	k, err := c.in.next()
	if err != nil {
		return err
	}
	if k != wire.Header {
		return &stream.Error{Condition: stream.BadFormat}
	}
	doc := c.in.f.Take()
	root := doc.Root()
	if !root.Is(wire.NSStream, "stream") {
		return &stream.Error{Condition: stream.InvalidNamespace}
	}
	content := c.in.f.Context().Content()
	if content != wire.NSComponent && content != wire.NSClient {
		return &stream.Error{Condition: stream.InvalidNamespace, Text: content}
	}
	c.noteFrom(root)
	to, _ := root.Attr("to")
	if c.domain, err = jid.Parse(to); err != nil || c.domain.IsZero() {
		return &stream.Error{Condition: stream.HostUnknown}
	}
	if content == wire.NSClient && !c.srv.hasComponent(c.domain) {
		c.client = true
		c.header(content, c.domain)
		if !c.srv.hosts(c.domain) {
			return &stream.Error{Condition: stream.HostUnknown}
		}
		return c.negotiateClient()
	}
	c.header(content, c.domain)
	secret, err := c.srv.challenge(c.domain)
	if err != nil {
		return err
	}
	if k, err = c.in.next(); err != nil {
		return err
	}
	if k != wire.Element {
		return &stream.Error{Condition: stream.BadFormat}
	}
	doc = c.in.f.Take()
	if root = doc.Root(); !root.Is(wire.NSClient, "handshake") {
		return &stream.Error{Condition: stream.NotAuthorized}
	}
	sum := sha1.Sum([]byte(c.id + secret))
	want := hex.EncodeToString(sum[:])
	if subtle.ConstantTimeCompare([]byte(want), []byte(root.Text())) != 1 {
		return &stream.Error{Condition: stream.NotAuthorized}
	}
	return c.srv.bind(c)
}

// noteFrom notes who the stream header says that it is.
func (c *conn) noteFrom(header wire.Raw) {
	from, _ := header.Attr("from")
	c.from, _ = jid.Parse(from)
}

// challenge returns the secret that a component must know.
func (s *Server) challenge(domain jid.JID) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.components[domain.String()]
	switch {
	case a == nil:
		return "", &stream.Error{Condition: stream.HostUnknown}
	case a.refuse > 0:
		a.refuse--
		return "", &stream.Error{Condition: stream.ResourceConstraint}
	}
	return a.secret, nil
}

// bind makes a connection the one of its component.
func (s *Server) bind(c *conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.components[c.domain.String()]
	switch {
	case s.closed:
		return &stream.Error{Condition: stream.SystemShutdown}
	case a.conn != nil:
		return &stream.Error{Condition: stream.Conflict}
	}
	// in front of everything that is routed to it from here on
	if err := c.out.put([]byte("<handshake/>")); err != nil {
		return err
	}
	// before anybody can expel it
	_ = c.raw.SetReadDeadline(time.Time{})
	a.conn, c.account = c, a
	s.notify()
	return nil
}

// read routes what the component sends until its stream ends.
func (c *conn) read() error {
	for {
		k, err := c.in.next()
		switch {
		case err != nil:
			return err
		case k == wire.Footer:
			return nil
		case k == wire.Header:
			return &stream.Error{Condition: stream.InvalidXML}
		}
		st, bad := stanza.Take(c.in.f)
		if st == nil {
			doc := c.in.f.Take()
			if r := doc.Root(); r.Is(wire.NSStream, "error") {
				return nil
			}
			return &stream.Error{Condition: stream.UnsupportedStanzaType}
		}
		if err := c.check(st, bad); err != nil {
			return err
		}
		if hook := c.srv.cfg.OnStanza; hook != nil {
			hook(stream.In, c.domain, st)
		}
		c.srv.route(st, bad)
	}
}

// check checks the addresses that a component must give (XEP-0114, section 3).
func (c *conn) check(st stanza.Stanza, bad error) error {
	a := st.Attributes()
	_, hasTo := element(st).Attr("to")
	switch {
	case a.From.IsZero():
		return &stream.Error{Condition: stream.ImproperAddressing, Text: "a component's stanza needs a sender"}
	case a.From.Domain() != c.domain.Domain():
		return &stream.Error{Condition: stream.InvalidFrom, Text: a.From.String()}
	case !hasTo:
		return &stream.Error{Condition: stream.ImproperAddressing, Text: "a component's stanza needs a recipient"}
	case a.To.IsZero() && bad == nil:
		return &stream.Error{Condition: stream.ImproperAddressing, Text: "a component's stanza needs a recipient"}
	}
	return nil
}

// errClosedStream is the end of a stream in the middle of negotiation.
var errClosedStream = errors.New("xmpptest: the stream was closed")

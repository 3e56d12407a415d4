package stream

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

func TestX12Headers(t *testing.T) {
	t.Parallel()
	t.Run("written", func(t *testing.T) {
		t.Parallel()
		a, b := newPipe(roomy)
		c := NewConn(a, Config{})
		require.NoError(t, c.WriteHeader(Header{To: server, From: me, Content: wire.NSClient, ID: "<'&", Lang: "de", Version: "1.0"}))
		c.Close(nil)
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		require.Equal(t, "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"+
			" to='example.org' from='me@example.org/here' id='&lt;&apos;&amp;' version='1.0' xml:lang='de'></stream:stream>", string(got))
	})
	t.Run("read", func(t *testing.T) {
		t.Parallel()
		l := newLink(t, roomy, Config{Header: Header{To: server, Content: wire.NSComponent}})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := <-l.peers
		h, err := p.conn.ReadHeader()
		require.NoError(t, err)
		require.Equal(t, Header{To: server, Content: wire.NSComponent}, h)
		p.send("<?xml version='1.0'?><s:stream xmlns='jabber:component:accept' xmlns:s='%s' xmlns:p='urn:p' id='x' from='example.org' xml:lang='fr'>", wire.NSStream)
		require.NoError(t, <-opened)
		require.Equal(t, Header{From: server, Content: wire.NSComponent, ID: "x", Lang: "fr"}, l.Peer())
		got := l.Collect(mustPath(t, "message/{urn:p}x"))
		p.send("<message><p:x/></message>")
		st, err := got.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, "<x xmlns='urn:p'/>", list(st).Raw(name("urn:p", "x")).String(), "a prefix of the header is known")
		require.Equal(t, "fr", st.(*stanza.Message).Language())
		require.NoError(t, l.Send(t.Context(), message("1")))
		require.Equal(t, wire.NSClient, p.next().Space(), "no namespace is written: the header speaks")
	})
	for _, tt := range []struct {
		name, header string
		want         Condition
	}{
		{"no header", "<message/>", InvalidNamespace},
		{"wrong stream namespace", "<s:stream xmlns='jabber:client' xmlns:s='urn:streams'>", InvalidNamespace},
		{"wrong content namespace", "<s:stream xmlns='urn:evil' xmlns:s='" + wire.NSStream + "'>", InvalidNamespace},
		{"no address", "<s:stream from='@' xmlns='jabber:client' xmlns:s='" + wire.NSStream + "'>", ImproperAddressing},
		{"a comment", "<s:stream xmlns='jabber:client' xmlns:s='" + wire.NSStream + "'><!-- x -->", RestrictedXML},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLink(t, roomy, Config{Negotiators: []Negotiator{{Name: "read", Run: func(_ context.Context, c *Conn) (Outcome, error) {
				_, err := c.Read()
				return Done, err
			}}}})
			opened := make(chan error, 1)
			go func() { opened <- l.Open(context.Background()) }()
			p := <-l.peers
			p.send("%s", tt.header)
			_, err := p.conn.ReadHeader()
			require.NoError(t, err)
			_, err = p.conn.Read()
			require.ErrorIs(t, err, tt.want, "the peer is told")
			_, err = p.rest()
			require.ErrorIs(t, err, ErrEnded)
			_ = p.end.Close()
			err = <-opened
			var e *Error
			if !errors.As(err, &e) {
				e = toSend(err)
			}
			require.NotNil(t, e, err)
			require.Equal(t, tt.want, e.Condition)
		})
	}
}

func mustPath(t testing.TB, path string) Matcher {
	t.Helper()
	m, err := MatchPath(path)
	require.NoError(t, err)
	return m
}

func TestX14Restart(t *testing.T) {
	t.Parallel()
	feature := func(local string) wire.Name { return name("urn:"+local, local) }
	var log recorder
	step := func(local string, out Outcome) Negotiator {
		return Negotiator{Name: local, Feature: feature(local), Required: local != "optional", Run: func(_ context.Context, c *Conn) (Outcome, error) {
			log.add(local)
			if err := c.WriteBytes([]byte("<" + local + " xmlns='urn:" + local + "'/>")); err != nil {
				return 0, err
			}
			_, err := c.Read()
			return out, err
		}}
	}
	l := newLink(t, roomy, Config{Header: Header{To: server, Version: "1.0"}, Negotiators: []Negotiator{
		step("tls", Restart), step("optional", Restart), step("auth", Restart), step("bind", Continue), bound(me, server),
	}})
	opened := make(chan error, 1)
	go func() { opened <- l.Open(context.Background()) }()
	p := <-l.peers
	for i, f := range []string{"tls", "auth", "bind"} {
		if i > 0 {
			p.conn.Restart()
		}
		p.handshake(Header{Content: wire.NSClient, ID: f, Version: "1.0"})
		p.send("<stream:features><%s xmlns='urn:%s'/></stream:features>", f, f)
		require.Equal(t, feature(f), p.next().Name())
		p.send("<ok xmlns='urn:ok'/>")
	}
	require.NoError(t, <-opened)
	require.Equal(t, []string{"tls", "auth", "bind"}, log.get())
	require.Equal(t, "bind", l.Peer().ID)

	t.Run("a required feature is missing", func(t *testing.T) {
		t.Parallel()
		l := newLink(t, roomy, Config{Header: Header{To: server, Version: "1.0"}, Negotiators: []Negotiator{step("tls", Restart)}})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := <-l.peers
		p.handshake(Header{Content: wire.NSClient, Version: "1.0"})
		p.send("<stream:features/>")
		go p.leave()
		require.ErrorIs(t, <-opened, UnsupportedFeature)
	})
	t.Run("a stanza in place of the features", func(t *testing.T) {
		l := newLink(t, roomy, Config{Header: Header{To: server, Version: "1.0"}, Negotiators: []Negotiator{step("tls", Restart)}})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := <-l.peers
		p.handshake(Header{Content: wire.NSClient, Version: "1.0"})
		p.send("<message/>")
		go p.leave()
		require.ErrorIs(t, <-opened, InvalidXML)
	})
	t.Run("negotiation that does not end", func(t *testing.T) {
		endless := Negotiator{Name: "again", Run: func(_ context.Context, c *Conn) (Outcome, error) {
			c.done = nil
			return Restart, nil
		}}
		l := newLink(t, roomy, Config{Negotiators: []Negotiator{endless}})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := <-l.peers
		for range 6 {
			if _, err := p.conn.ReadHeader(); err != nil {
				break
			}
			_ = p.conn.WriteHeader(Header{Content: wire.NSClient})
			p.conn.Restart()
		}
		_ = p.end.Close()
		require.ErrorIs(t, <-opened, PolicyViolation)
	})
	t.Run("clear text behind the start of TLS", func(t *testing.T) {
		l := newLink(t, roomy, Config{Negotiators: []Negotiator{{Name: "tls", Run: func(_ context.Context, c *Conn) (Outcome, error) {
			if _, err := c.Read(); err != nil {
				return 0, err
			}
			return Restart, c.Secure(c.Transport())
		}}}})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := <-l.peers
		p.send("<stream:stream xmlns='jabber:client' xmlns:stream='%s'><proceed xmlns='urn:tls'/><injected/>", wire.NSStream)
		go p.leave()
		require.ErrorIs(t, <-opened, PolicyViolation)
	})
}

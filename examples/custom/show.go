package main

import (
	"context"
	"fmt"
	"time"

	"stanza.invalid/component"
	"stanza.invalid/examples/custom/tea"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/ping"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/version"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// show runs component and guest on a server within the process.
func show(ctx context.Context) error {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Component("tea.example", "secret")
	c, err := dial(ctx, jid.MustParse("tea.example"), component.Config{Addr: srv.Addr(), Secret: "secret"})
	if err != nil {
		return err
	}
	defer c.Abort()
	fmt.Printf("A server within this process listens at %s; the component %s is connected.\n", srv.Addr(), c.Local())
	g := &guest{User: srv.User("juliet@capulet.example/balcony"), house: c.Local()}
	for _, step := range []func(context.Context) error{
		g.message, g.order, g.disco, g.ping, g.version, g.malformed, g.tooMany,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	closing, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := c.Close(closing); err != nil {
		return err
	}
	fmt.Println("\nThe component has closed its stream.")
	return nil
}

// guest talks to the component.
type guest struct {
	*xmpptest.User
	house jid.JID
}

func title(format string, args ...any) { fmt.Printf("\n== "+format+"\n", args...) }

func sent(s stanza.Stanza) { fmt.Println("   ->", stanza.String(s)) }

func got(s stanza.Stanza, took time.Duration, values ...any) {
	fmt.Printf("   <- %s\n", stanza.String(s))
	for _, v := range values {
		fmt.Println("      Go:", describe(v))
	}
	fmt.Printf("      after %v\n", took.Round(time.Microsecond))
}

// message sends a message that asks for a receipt; the echo and the receipt come back.
func (g *guest) message(ctx context.Context) error {
	title("a message with a receipt request (XEP-0184)")
	m := stanza.NewMessage(g.house, "What's in a name?")
	m.ID = "m1"
	m.Add(&receipts.Request{})
	sent(m)
	start := time.Now()
	if err := g.Send(m); err != nil {
		return err
	}
	for range 2 {
		s, err := g.Receive(ctx)
		if err != nil {
			return fmt.Errorf("%w: %w", errNoAnswer, err)
		}
		took := time.Since(start)
		if r, err := stanza.Find[receipts.Received](s); r != nil || err != nil {
			got(s, took, r)
			continue
		}
		news, err := stanza.Find[tea.Announcement](s)
		if err != nil {
			return err
		}
		got(s, took, news)
	}
	return nil
}

// request sends an IQ and prints the answer, with its payload as a T.
func request[T any, P stanza.PayloadOf[T]](ctx context.Context, g *guest, typ stanza.IQType, payload stanza.Payload) error {
	q := stanza.NewIQ(typ, g.house, payload)
	q.ID = "q1"
	sent(q)
	start := time.Now()
	a, err := g.Request(ctx, q)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	took := time.Since(start)
	if a.Type == stanza.IQError {
		got(a, took, a.Err)
		return nil
	}
	v, err := stanza.Find[T, P](a)
	if err != nil {
		return err
	}
	if v == nil {
		got(a, took)
		return nil
	}
	got(a, took, v)
	return nil
}

func (g *guest) order(ctx context.Context) error {
	title("a request of our own protocol: %s", tea.NS)
	cups := uint8(2)
	return request[tea.Receipt](ctx, g, stanza.Set, &tea.Order{Kind: tea.KindOolong, Cups: &cups, Note: "no sugar, please"})
}

func (g *guest) disco(ctx context.Context) error {
	title("service discovery (XEP-0030): the features are those of the handlers")
	return request[disco.Info](ctx, g, stanza.Get, &disco.InfoQuery{})
}

func (g *guest) ping(ctx context.Context) error {
	title("ping (XEP-0199)")
	return request[ping.Ping](ctx, g, stanza.Get, &ping.Ping{})
}

func (g *guest) version(ctx context.Context) error {
	title("software version (XEP-0092)")
	return request[version.Info](ctx, g, stanza.Get, &version.Query{})
}

// malformed sends an order without the kind that the schema requires.
func (g *guest) malformed(ctx context.Context) error {
	title("a malformed payload: the handler never sees it, the stream goes on")
	raw, err := wire.Parse("<order xmlns='" + tea.NS + "' cups='many'/>")
	if err != nil {
		return err
	}
	return request[tea.Receipt](ctx, g, stanza.Set, raw)
}

// tooMany sends an order beyond the range in the schema.
func (g *guest) tooMany(ctx context.Context) error {
	title("a value out of the schema's range")
	cups := uint8(13)
	return request[tea.Receipt](ctx, g, stanza.Set, &tea.Order{Kind: tea.KindGreen, Cups: &cups})
}

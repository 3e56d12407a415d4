package xmpptest_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/component"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// parrot is a bot: it repeats what it is told, and acknowledges it if asked.
func parrot() *xmpp.Mux {
	return xmpp.NewMux(
		xmpp.OnMessage(func(ctx context.Context, m *stanza.Message, _ *receipts.Request) error {
			ack := m.Reply("")
			ack.Body = nil
			ack.Add(&receipts.Received{ID: m.ID})
			return xmpp.Send(ctx, ack)
		}),
		xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
			return xmpp.Send(ctx, m.Reply(body+"!"))
		}),
	)
}

// How a bot is tested: it connects to a server in the test's process, and a user of that
// server talks to it. No port is opened, and nothing has to be installed.
func Test_bot(t *testing.T) {
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Component("parrot.example.org", "secret")
	addr := jid.MustParse("parrot.example.org")
	bot, err := component.Dial(t.Context(), addr, component.Config{
		SessionConfig: xmpp.SessionConfig{Handler: parrot()},
		Addr:          "memory",
		Secret:        "secret",
		Dialer:        srv.Dialer(),
	})
	require.NoError(t, err)
	defer bot.Close(context.Background())

	silver := srv.User("silver@example.org/ship")
	m := stanza.NewMessage(addr, "Pieces of eight")
	m.ID = "p8"
	m.Add(&receipts.Request{})
	require.NoError(t, silver.Send(m))

	require.Equal(t, "p8", xmpptest.Expect[receipts.Received](t, silver).ID)
	silver.Expect(t, xmpptest.Exactly(
		`<message from='parrot.example.org' to='silver@example.org/ship' type='chat'><body>Pieces of eight!</body></message>`))
}

// A server outside of a test, with a component that connects to it over TCP.
func Example() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Component("parrot.example.org", "secret")
	silver := srv.User("silver@example.org/ship")

	ctx := context.Background()
	addr := jid.MustParse("parrot.example.org")
	bot, err := component.Dial(ctx, addr, component.Config{
		SessionConfig: xmpp.SessionConfig{Handler: parrot()},
		Addr:          srv.Addr(),
		Secret:        "secret",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer bot.Close(ctx)

	if err := silver.Send(stanza.NewMessage(addr, "Pieces of eight")); err != nil {
		log.Fatal(err)
	}
	reply, err := silver.Receive(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply.(*stanza.Message).Body)
	// Output: Pieces of eight!
}

// A test of what a component does with input that no server sends.
func ExamplePeer() {
	p := xmpptest.NewPeer()
	defer p.Close()
	bot, err := component.New(jid.MustParse("parrot.example.org"), component.Config{
		Addr: "memory", Secret: "secret", Dialer: p.Dialer(),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer bot.Close(context.Background())
	go bot.Open(context.Background())

	conn, err := p.Accept(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.AcceptComponent("secret"); err != nil {
		log.Fatal(err)
	}
	if err := conn.Send("<message><!-- comments are not allowed --></message>"); err != nil {
		log.Fatal(err)
	}
	answer, err := conn.Read()
	if err != nil {
		log.Fatal(err)
	}
	for c := answer.Children(); c.Next(); {
		fmt.Println(c.Local())
		break
	}
	// Output: restricted-xml
}

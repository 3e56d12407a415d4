package stream_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// dial returns the configuration of a stream to a server that runs in the example itself.
func dial(server func(c *stream.Conn)) stream.Config {
	return stream.Config{
		Header:  stream.Header{To: jid.MustParse("example.org")},
		Backoff: stream.Backoff{Off: true},
		Dial: func(context.Context) (stream.Transport, error) {
			a, b := net.Pipe()
			go func() {
				c := stream.NewConn(b, stream.Config{})
				if _, err := c.ReadHeader(); err != nil {
					return
				}
				_ = c.WriteHeader(stream.Header{From: jid.MustParse("example.org"), Content: wire.NSClient})
				server(c)
				for { // until the footer
					if _, err := c.Read(); err != nil {
						c.Close(nil)
						return
					}
				}
			}()
			return a, nil
		},
	}
}

// A handler gets the stanzas that its matcher matches.
func ExampleStream_Handle() {
	answer := make(chan string)
	s := stream.New(dial(func(c *stream.Conn) {
		_ = c.Write(&stanza.Message{From: jid.MustParse("juliet@example.org/balcony"), Type: stanza.Chat, Body: stanza.Plain("Wherefore art thou?")})
		r, err := c.Read()
		fmt.Println("the server got:", r.Source(), err)
		answer <- "done"
	}))
	s.Handle(stream.MatchType(stream.KindMessage, "chat"), func(ctx context.Context, st stanza.Stanza) error {
		m := st.(*stanza.Message)
		fmt.Println("the handler got:", m.Body)
		return s.Send(ctx, m.Reply("Here."))
	})
	ctx := context.Background()
	if err := s.Open(ctx); err != nil {
		fmt.Println(err)
		return
	}
	<-answer
	fmt.Println("closed:", s.Close(ctx))
	// Output:
	// the handler got: Wherefore art thou?
	// the server got: <message to='juliet@example.org/balcony' type='chat'><body>Here.</body></message> <nil>
	// closed: <nil>
}

// Events are values of any type.
func ExampleOn() {
	s := stream.New(dial(func(*stream.Conn) {}))
	stream.On(s, func(_ context.Context, e stream.StateChanged) error {
		fmt.Println(e.From, "->", e.To)
		return nil
	})
	type joined struct{ nick string }
	stream.On(s, func(_ context.Context, e joined) error {
		fmt.Println(e.nick, "has joined")
		return nil
	})
	ctx := context.Background()
	if err := s.Open(ctx); err != nil {
		fmt.Println(err)
		return
	}
	_ = stream.Emit(s, joined{"Romeo"})
	_ = s.Close(ctx)
	// Output:
	// idle -> connecting
	// connecting -> negotiating
	// negotiating -> established
	// Romeo has joined
	// established -> closing
	// closing -> closed
}

// Tasks run among the handlers, never beside them.
func ExampleStream_Schedule() {
	s := stream.New(stream.Config{})
	done := make(chan struct{})
	n := 0
	s.Schedule("tick", time.Millisecond, true, func(context.Context) {
		if n++; n == 3 {
			fmt.Println("ticked three times; cancelled:", s.Cancel("tick"))
			close(done)
		}
	})
	<-done
	_ = s.Close(context.Background())
	// Output:
	// ticked three times; cancelled: true
}

// Print shows elements as they look on a stream, for logs.
func ExamplePrint() {
	m := &stanza.Message{ID: "1", Body: stanza.Plain("hi")}
	fmt.Println(stream.Print(m))
	s, err := stream.Printer{OpenTag: true, Default: "jabber:server"}.Print(m)
	fmt.Println(s, err)
	// Output:
	// <message id='1'><body>hi</body></message>
	// <message xmlns='jabber:client' id='1'> <nil>
}

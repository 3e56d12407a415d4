// Custom shows a protocol of one's own from end to end: tea.yaml is compiled to package tea,
// a component serves its requests and echoes messages, and a guest talks to it. Every exchange
// is printed as XML and as the Go value that the program sees.
//
// Without flags the component runs against a server within the process. With -server, -secret
// and -domain it is connected to a real one and serves until it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"stanza.invalid/component"
	"stanza.invalid/examples/custom/tea"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/version"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

func main() {
	server := flag.String("server", "", "address of a server for components, host:port; without it, one within the process")
	secret := flag.String("secret", "secret", "what the server knows the component by")
	domain := flag.String("domain", "tea.example", "domain of the component")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *server == "" {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		err = show(ctx)
	} else {
		err = serve(ctx, *server, *secret, *domain)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// house is the program: it takes orders, echoes messages, acknowledges them.
func house() *xmpp.Mux {
	var number atomic.Uint32
	return xmpp.NewMux(
		// A typed request: the schema says that an Order is answered with a Receipt, and the
		// compiler holds this function to it.
		xmpp.OnIQ(func(_ context.Context, _ *stanza.IQ, o *tea.Order) (*tea.Receipt, error) {
			if !o.Kind.Known() {
				return nil, stanza.NewError(stanza.ItemNotFound, fmt.Sprintf("we have no %s tea", o.Kind))
			}
			cups := uint8(1)
			if o.Cups != nil {
				cups = *o.Cups
			}
			ready := time.Now().UTC().Truncate(time.Second).Add(time.Duration(cups) * time.Minute)
			return &tea.Receipt{Number: number.Add(1), Ready: stanza.At(ready)}, nil
		}),
		xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
			reply := m.Reply(body)
			reply.Add(&tea.Announcement{Kind: tea.KindOolong})
			return xmpp.Send(ctx, reply)
		}),
		xmpp.OnMessage(func(ctx context.Context, m *stanza.Message, _ *receipts.Request) error {
			ack := &stanza.Message{To: m.From, From: m.To, Type: m.Type}
			ack.Add(&receipts.Received{ID: m.ID})
			return xmpp.Send(ctx, ack)
		}),
	)
}

func dial(ctx context.Context, domain jid.JID, cfg component.Config) (*component.Component, error) {
	cfg.Handler = house()
	cfg.Software = &version.Info{Name: "Tea house", Version: "1.0"}
	return component.Dial(ctx, domain, cfg)
}

// serve runs the component against a real server.
func serve(ctx context.Context, addr, secret, domain string) error {
	d, err := jid.Parse(domain)
	if err != nil {
		return err
	}
	dialled, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	c, err := dial(dialled, d, component.Config{
		Addr: addr, Secret: secret,
		Failed: func(f stream.Failure) { fmt.Println("failed:", f.Err) },
	})
	if err != nil {
		return err
	}
	for _, way := range []struct {
		d    stream.Direction
		mark string
	}{{stream.In, "<-"}, {stream.Out, "->"}} {
		c.Stream().Filter(way.d, 0, func(s stanza.Stanza) stanza.Stanza {
			fmt.Println(way.mark, stanza.String(s))
			return s
		})
	}
	fmt.Printf("serving as %s at %s; interrupt to end\n", c.Local(), addr)
	select {
	case <-ctx.Done():
		closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return c.Close(closing)
	case <-c.Done():
		return c.Err()
	}
}

// errNoAnswer is returned when the component is silent.
var errNoAnswer = errors.New("no answer")

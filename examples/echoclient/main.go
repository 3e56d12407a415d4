// Echoclient answers every message with the same words.
//
//	PASSWORD=... go run ./examples/echoclient bot@example.org
//
// Without an address it plays against a server in its own process, and ends.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return play(ctx)
	}
	addr, err := jid.Parse(args[0])
	if err != nil {
		return err
	}
	bot, err := dial(ctx, addr, xmpp.Config{Password: os.Getenv("PASSWORD")})
	if err != nil {
		return err
	}
	log.Print("online as ", bot.Local())
	select {
	case <-ctx.Done():
		return bot.Close(context.Background())
	case <-bot.Done():
		return bot.Err()
	}
}

// dial connects the bot.
func dial(ctx context.Context, addr jid.JID, cfg xmpp.Config) (*xmpp.Client, error) {
	cfg.Presence = &stanza.Presence{}
	cfg.Handler = xmpp.NewMux(
		xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
			return xmpp.Send(ctx, m.Reply(body))
		}),
		// whoever asks may see when the bot is there
		xmpp.OnAnyPresence(func(ctx context.Context, p *stanza.Presence) error {
			if p.Type != stanza.Subscribe {
				return nil
			}
			return xmpp.Send(ctx, &stanza.Presence{To: p.From.Bare(), Type: stanza.Subscribed})
		}),
	)
	return xmpp.Dial(ctx, addr, cfg)
}

// play shows what happens, without a network.
func play(ctx context.Context) error {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("echo@example.org", "secret")
	bot, err := dial(ctx, jid.MustParse("echo@example.org/cave"), srv.ClientConfig("echo@example.org"))
	if err != nil {
		return err
	}
	narcissus := srv.User("narcissus@example.org/pool")
	if err := narcissus.Send(stanza.NewMessage(bot.Local(), "Is anyone here?")); err != nil {
		return err
	}
	st, err := narcissus.Receive(ctx)
	if err != nil {
		return err
	}
	fmt.Println(stanza.String(st))
	return bot.Close(ctx)
}

package xmpp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"time"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// A program that is replaced by a new version of itself: the session goes on, and what was
// sent to it meanwhile arrives in the new one, once.
func ExampleClient_Suspend() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("bot@example.org", "secret")
	romeo := srv.User("romeo@example.org/orchard")
	dir, err := os.MkdirTemp("", "bot")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "session.json") // what was said is in it

	// start is the beginning of the program.
	kept := make(chan struct{}, 1)
	start := func(ctx context.Context) *xmpp.Client {
		cfg := srv.ClientConfig("bot@example.org")
		cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
			return xmpp.Send(ctx, m.Reply("you said "+body))
		}))
		b, err := os.ReadFile(file)
		switch {
		case err == nil:
			cfg.Management.Resume = new(stream.Suspended)
			if err := json.Unmarshal(b, cfg.Management.Resume); err != nil {
				log.Fatal(err)
			}
			_ = os.Remove(file) // it is good for one client
		case !errors.Is(err, fs.ErrNotExist):
			log.Fatal(err)
		}
		bot, err := xmpp.NewClient(jid.MustParse("bot@example.org/shop"), cfg)
		if err != nil {
			log.Fatal(err)
		}
		began := make(chan bool, 1)
		xmpp.On(bot, func(e xmpp.SessionStarted) {
			select {
			case began <- e.Resumed:
			default:
			}
		})
		xmpp.On(bot, func(e xmpp.Managed) {
			if e.Resumable {
				kept <- struct{}{}
			}
		})
		if err := bot.Open(ctx); err != nil {
			log.Fatal(err)
		}
		fmt.Println("resumed:", <-began)
		return bot
	}
	// stop is its end.
	stop := func(bot *xmpp.Client) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		saved, err := bot.Suspend(ctx)
		if err != nil {
			log.Fatal(err)
		}
		b, err := json.Marshal(saved)
		if err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			log.Fatal(err)
		}
	}

	ctx := context.Background()
	bot := start(ctx)
	<-kept // the server has said that it will keep the session
	stop(bot)
	if err := romeo.Send(stanza.NewMessage(bot.Local(), "hello?")); err != nil {
		log.Fatal(err)
	}
	bot = start(ctx)
	defer bot.Close(ctx)
	answer, err := romeo.Receive(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.(*stanza.Message).Body)
	// Output:
	// resumed: false
	// resumed: true
	// you said hello?
}

// A program that may be killed at any moment: the state of its session is in a file, always
// one that is whole. What it had not finished comes again, and is marked.
func Example_killed() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("bot@example.org", "secret")
	romeo := srv.User("romeo@example.org/orchard")
	dir, err := os.MkdirTemp("", "bot")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "session.json")

	save := func(v *stream.Suspended) error {
		if v == nil { // the session has ended
			return os.Remove(file)
		}
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file+".new", b, 0o600); err != nil {
			return err
		}
		return os.Rename(file+".new", file)
	}
	start := func(ctx context.Context, handle func(ctx context.Context, body string) error) *xmpp.Client {
		cfg := srv.ClientConfig("bot@example.org")
		cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, _ *stanza.Message, body string) error {
			return handle(ctx, body)
		}))
		cfg.Management.Save = save
		if b, err := os.ReadFile(file); err == nil {
			cfg.Management.Resume = new(stream.Suspended)
			if err := json.Unmarshal(b, cfg.Management.Resume); err != nil {
				log.Fatal(err)
			}
		}
		bot, err := xmpp.NewClient(jid.MustParse("bot@example.org/shop"), cfg)
		if err != nil {
			log.Fatal(err)
		}
		kept := make(chan struct{}, 1)
		xmpp.On(bot, func(e xmpp.Managed) { kept <- struct{}{} })
		if err := bot.Open(ctx); err != nil {
			log.Fatal(err)
		}
		if cfg.Management.Resume == nil {
			<-kept // the server keeps the session
			if err := bot.Stream().Save(ctx); err != nil {
				log.Fatal(err)
			}
		}
		return bot
	}

	ctx := context.Background()
	begun := make(chan struct{})
	bot := start(ctx, func(ctx context.Context, body string) error {
		close(begun)
		<-ctx.Done() // it takes long
		return ctx.Err()
	})
	if err := romeo.Send(stanza.NewMessage(bot.Local(), "ten teas")); err != nil {
		log.Fatal(err)
	}
	<-begun
	bot.Abort() // as good as a kill: nothing is said to the server, and nothing saved
	<-bot.Done()

	done := make(chan struct{})
	bot = start(ctx, func(ctx context.Context, body string) error {
		fmt.Printf("%s; perhaps not for the first time: %t\n", body, stream.Redelivered(ctx))
		close(done)
		return nil
	})
	<-done
	if err := bot.Close(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ten teas; perhaps not for the first time: true
}

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/xmpptest"
)

const (
	account  = "feste@illyria.example"
	password = "the rain it raineth"
)

// live is a session under test, in a bubble of synctest.
type live struct {
	in   *io.PipeWriter
	stop context.CancelFunc
	done chan int

	mu        sync.Mutex
	out, errs bytes.Buffer
}

// buffer is one of a session's outputs.
type buffer struct {
	l *live
	b *bytes.Buffer
}

func (b buffer) Write(p []byte) (int, error) {
	b.l.mu.Lock()
	defer b.l.mu.Unlock()
	return b.b.Write(p)
}

// log in starts a session.
func logIn(t *testing.T, srv *xmpptest.Server, change func(sys *system), args ...string) *live {
	t.Helper()
	r, w := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	l := &live{in: w, stop: stop, done: make(chan int, 1)}
	sys := &system{
		in: r, out: buffer{l, &l.out}, err: buffer{l, &l.errs},
		env: func(k string) string { return map[string]string{passwordVariable: password}[k] },
		configure: func(cfg *xmpp.Config) {
			c := srv.ClientConfig(account)
			cfg.Addr, cfg.Dialer, cfg.TLS, cfg.Resource = c.Addr, c.Dialer, c.TLS, "hall"
		},
		clock: func() time.Time { return time.Date(2024, 5, 1, 10, 11, 12, 0, time.UTC) },
	}
	if change != nil {
		change(sys)
	}
	go func() { l.done <- run(ctx, append(args, "-connect", account), sys) }()
	t.Cleanup(func() {
		stop()
		r.Close()
	})
	return l
}

func (l *live) shown() (out, errs string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.String(), l.errs.String()
}

// say types something and waits until all has come to rest.
func (l *live) say(t *testing.T, text string) (out, errs string) {
	t.Helper()
	go io.WriteString(l.in, text) // fails if the session has ended
	synctest.Wait()
	return l.shown()
}

func start(t *testing.T) *xmpptest.Server {
	t.Helper()
	srv := xmpptest.Start(t, xmpptest.Config{NoSASL2: true})
	srv.Account(account, password)
	return srv
}

// TestSession shows both directions with their types, sends what is typed, and refuses what is malformed.
func TestSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		l := logIn(t, srv, nil)
		synctest.Wait()
		out, _ := l.shown()
		for _, want := range []string{
			"<!-- #1 out 10:11:12 -->\n<stream:stream ", "<!-- streams.Header -->", " in 10:11:12 -->\n<stream:features>", "<!-- sasl.Mechanisms -->",
			"<!-- bind.Request -->", "<priority>-1</priority>", "<!-- carbons.Enable -->",
		} {
			require.Contains(t, out, want)
		}
		out, _ = l.say(t, "<message to='"+account+"' type='chat'><body>Hey, ho</body><request xmlns='urn:xmpp:receipts'/></message>\n")
		require.Equal(t, 1, strings.Count(out, "<body>Hey, ho</body>"), "a negative priority gets no messages")
		require.Contains(t, out, "<request xmlns='urn:xmpp:receipts'/> <!-- receipts.Request -->")
		out, _ = l.say(t, "<presence/><message to='"+account+"' type='chat'><body>the wind</body></message>")
		require.Equal(t, 2, strings.Count(out, "<body>the wind</body>"))

		_, errs := l.say(t, "<message><body>and the rain</message><presence><status>here</status></presence>")
		require.Contains(t, errs, "stanzacat: not sent: not-well-formed: an end tag that does not match its start tag")
		out, _ = l.shown()
		require.NotContains(t, out, "and the rain")
		require.Contains(t, out, "<status>here</status>")
		_, errs = l.say(t, "<stream:stream to='x'></stream:stream>")
		require.Equal(t, 2, strings.Count(errs, "not sent: the session has its own beginning and end"))
		out, _ = l.say(t, "<r xmlns='urn:xmpp:sm:3'/>")
		require.Contains(t, out, "<!-- sm.Request -->")

		require.True(t, srv.Online(account+"/hall"))
		require.NoError(t, l.in.Close())
		require.Zero(t, <-l.done)
		out, _ = l.shown()
		require.True(t, strings.HasSuffix(out, "<!-- in 10:11:12 -->\n</stream:stream>\n\n"), "a clean end")
		require.False(t, srv.Online(account+"/hall"))
	})
}

// TestSessionSecrets looks for the password in all that is shown, however the login goes.
func TestSessionSecrets(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "go", "json", "jsonl"} {
		synctest.Test(t, func(t *testing.T) {
			srv := start(t)
			l := logIn(t, srv, func(sys *system) {
				configure := sys.configure
				sys.configure = func(cfg *xmpp.Config) {
					configure(cfg)
					cfg.Auth.Mechanisms = []string{"PLAIN"}
				}
			}, "-o", format, "-strict")
			synctest.Wait()
			out, _ := l.say(t, "<iq type='set'><query xmlns='jabber:iq:register'><username>feste</username><password>"+password+"</password></query></iq>")
			require.Contains(t, out, masked)
			require.NotContains(t, out, password)
			require.NotContains(t, out, "AGZlc3Rl", "the name and the password in base64")
			l.stop()
			require.Zero(t, <-l.done, "nothing is held against what is masked")
		})
	}
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		l := logIn(t, srv, func(sys *system) { sys.env = func(string) string { return "a wrong password" } })
		require.Equal(t, exitFailed, <-l.done)
		out, errs := l.shown()
		require.Contains(t, errs, "not authorized")
		require.NotContains(t, out+errs, "a wrong password")
	})
}

// TestSessionPipe waits for the answers to what came from a pipe, but not for ever.
func TestSessionPipe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := logIn(t, start(t), nil, "-o", "jsonl")
		_, err := io.WriteString(l.in, "<iq type='get' id='mine'><query xmlns='jabber:iq:roster'/></iq>")
		require.NoError(t, err)
		require.NoError(t, l.in.Close())
		require.Zero(t, <-l.done)
		out, _ := l.shown()
		require.Contains(t, out, `"type":"roster.Roster"}`)
	})
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		l := logIn(t, srv, nil)
		begun := time.Now()
		_, err := io.WriteString(l.in, "<iq type='get' to='"+account+"/nobody'><ping xmlns='urn:xmpp:ping'/></iq><message to='"+account+"/x'/>")
		require.NoError(t, err)
		require.NoError(t, l.in.Close())
		require.Zero(t, <-l.done)
		require.LessOrEqual(t, time.Since(begun), lastAnswers+goodbye)
	})
}

// TestSessionInterrupt ends cleanly when it is interrupted.
func TestSessionInterrupt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		l := logIn(t, srv, nil)
		synctest.Wait()
		require.True(t, srv.Online(account+"/hall"))
		l.stop()
		code := <-l.done
		out, errs := l.shown()
		require.Zero(t, code, errs)
		require.Contains(t, out, "<!-- out 10:11:12 -->\n</stream:stream>")
		require.Empty(t, errs)
		require.False(t, srv.Online(account+"/hall"))
	})
}

// TestSessionPrompt asks for the password where the environment has none, and does not show it.
func TestSessionPrompt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var echo []bool
		l := logIn(t, start(t), func(sys *system) {
			sys.env, sys.inTerminal = func(string) string { return "" }, true
			sys.echo = func(on bool) error {
				echo = append(echo, on)
				return nil
			}
		})
		_, errs := l.say(t, password+"\n<presence><show>away</show></presence>")
		require.Equal(t, "Password of feste@illyria.example: \nstanzacat: logged in as ", errs[:len("Password of feste@illyria.example: \nstanzacat: logged in as ")])
		require.Equal(t, []bool{false, true}, echo)
		out, _ := l.shown()
		require.Contains(t, out, "<show>away</show>", "what is typed behind it is sent")
		require.NotContains(t, out, password)
		l.stop()
		require.Zero(t, <-l.done)
	})
	for want, change := range map[string]func(sys *system){
		"the password is missing: set $STANZACAT_PASSWORD": func(sys *system) {},
		"the password would be seen (no tty): set $STANZACAT_PASSWORD": func(sys *system) {
			sys.inTerminal, sys.echo = true, func(bool) error { return errors.New("no tty") }
		},
		"no password": func(sys *system) { sys.inTerminal, sys.echo = true, func(bool) error { return nil } },
	} {
		sys := system{env: func(string) string { return "" }}
		change(&sys)
		code, out, errs := call(t, strings.NewReader("\n"), sys, "-connect", account)
		require.Equal(t, exitFailed, code)
		require.Empty(t, out)
		require.Contains(t, errs, "stanzacat: "+want+"\n")
	}
	for _, bad := range []string{"illyria.example", "@", "a b@c"} {
		code, _, errs := call(t, strings.NewReader(""), system{}, "-connect", bad)
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs, "-connect: ")
	}
}

// TestSessionOutput ends the session when nobody takes the output.
func TestSessionOutput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		l := logIn(t, srv, func(sys *system) { sys.out = &failing{left: 4000} })
		go io.WriteString(l.in, strings.Repeat("<presence/>\n", 500))
		require.Equal(t, exitFailed, <-l.done)
		_, errs := l.shown()
		require.Contains(t, errs, "stanzacat: no room\n")
		synctest.Wait()
		require.False(t, srv.Online(account+"/hall"))
	})
}

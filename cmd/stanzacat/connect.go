package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"stanza.invalid/cmd/stanzacat/internal/paste"
	"stanza.invalid/cmd/stanzacat/internal/show"
	"stanza.invalid/gen/disco"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

const (
	// lastAnswers is how long the answers to requests are waited for at the end of the input.
	lastAnswers = 10 * time.Second
	// goodbye is how long closing may take.
	goodbye = 5 * time.Second
	// passwordVariable is the environment variable with the password.
	passwordVariable = "STANZACAT_PASSWORD"
)

// session logs in, shows what goes both ways, and sends what is typed. It ends with the input, or with ctx.
func (c *cat) session(ctx context.Context) error {
	addr, err := jid.Parse(c.connect)
	if err != nil {
		return fmt.Errorf("-connect: %w", err)
	}
	if addr.Local() == "" {
		return fmt.Errorf("-connect: %s is no account: user@host", addr)
	}
	in := bufio.NewReader(c.in)
	password, err := c.password(ctx, addr, in)
	if err != nil {
		return err
	}
	s := &console{cat: c, waiting: map[string]bool{}, answered: make(chan struct{}, 1), failed: make(chan error, 1)}
	defer s.end()
	cfg := xmpp.Config{
		Password: password,
		Addr:     c.addr,
		// it gets what is meant for everybody, and takes nothing away from other clients
		Presence:      &stanza.Presence{Priority: -1},
		Carbons:       true,
		SessionConfig: xmpp.SessionConfig{Identities: []disco.Identity{{Category: "client", Type: "console", Name: "stanzacat"}}},
		Trace:         &xmpp.Trace{XML: s.hear},
	}
	if c.configure != nil {
		c.configure(&cfg)
	}
	client, err := xmpp.Dial(ctx, addr, cfg)
	if err != nil {
		return interrupted(ctx, err)
	}
	if c.inTerminal {
		fmt.Fprintf(c.system.err, "stanzacat: logged in as %s; type stanzas to send them, Ctrl-D ends the session\n", client.Local())
	}
	typed := make(chan error, 1)
	go func() { typed <- s.send(ctx, client, in) }()
	select {
	case err = <-typed:
		if err == nil && !c.inTerminal {
			s.waitForAnswers(ctx, client)
		}
	case <-client.Done():
		return client.Err()
	case err = <-s.failed:
	case <-ctx.Done():
	}
	// ctx may be over, and the end should be clean all the same
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if closing := client.Close(last); err == nil {
		err = closing
	}
	return err
}

// end lets nobody print any more.
func (s *console) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// interrupted leaves out an error that comes from an interrupt.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// console is what one session needs.
type console struct {
	*cat
	mu       sync.Mutex      // guards printing, and what follows
	waiting  map[string]bool // ids of requests without an answer
	closed   bool            // nothing is printed any more
	answered chan struct{}   // signals that no id is left
	failed   chan error      // gets the error of the output
}

// hear prints what the client says and hears. Secrets are masked already.
func (s *console) hear(d stream.Direction, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	r := paste.NewReader(strings.NewReader(text), paste.DefaultLimit)
	for {
		p, err := r.Next()
		if err != nil {
			return
		}
		p.Line, p.Direction, p.Time = 0, paste.In, s.now().Format("15:04:05")
		if d == stream.Out {
			p.Direction = paste.Out
		}
		rec := s.record(p)
		if rec.Element != nil {
			forgive(rec)
			if iq, ok := rec.Element.Value.(*stanza.IQ); ok && d == stream.In && !iq.IsRequest() {
				s.answer(iq.ID)
			}
		}
		if err = s.print(rec); err == nil {
			err = s.out.Flush()
		}
		if err != nil {
			s.closed = true
			s.failed <- err
			return
		}
	}
}

// masked is what the client shows in place of secrets.
const masked = "***"

// forgive takes back what was said of values that do not fit because they are masked.
func forgive(rec *show.Record) {
	kept := rec.Element.Invalid[:0]
	for _, i := range rec.Element.Invalid {
		if e, ok := errors.AsType[*wire.DecodeError](i.Err); !ok || e.Value != masked {
			kept = append(kept, i)
		}
	}
	rec.Element.Invalid = kept
}

// send sends what is typed, until the input ends.
func (s *console) send(ctx context.Context, client *xmpp.Client, in io.Reader) error {
	r := paste.NewReader(in, paste.DefaultLimit)
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if p.Kind != paste.Element {
			s.refuse("the session has its own beginning and end")
			continue
		}
		if p.Err != nil {
			s.refuse(p.Err.Error())
			continue
		}
		st, err := stanza.Parse(p.Text)
		switch {
		case errors.Is(err, stanza.ErrNoStanza):
			var raw wire.Raw
			if raw, err = wire.ParseIn(p.Text, wire.NewContext(wire.NSClient, "")); err == nil {
				err = client.Stream().SendElement(ctx, raw)
			}
		case st != nil: // even one that does not fit: it is for the server to say so
			s.expect(st)
			err = client.Send(ctx, st)
		}
		if err != nil {
			if ctx.Err() != nil || client.Err() != nil {
				return nil // which is told elsewhere
			}
			if _, syntax := errors.AsType[*wire.SyntaxError](err); syntax {
				r.Reject()
			}
			s.refuse(placed(err, p).Error())
		}
	}
}

// refuse says why something was not sent.
func (s *console) refuse(why string) { fmt.Fprintf(s.system.err, "stanzacat: not sent: %s\n", why) }

// expect notes a request.
func (s *console) expect(st stanza.Stanza) {
	iq, ok := st.(*stanza.IQ)
	if !ok || !iq.IsRequest() {
		return
	}
	if iq.ID == "" {
		iq.ID = stream.NewID()
	}
	s.mu.Lock()
	s.waiting[iq.ID] = true
	s.mu.Unlock()
}

// answer notes an answer; s.mu is held.
func (s *console) answer(id string) {
	delete(s.waiting, id)
	if len(s.waiting) == 0 {
		select {
		case s.answered <- struct{}{}:
		default:
		}
	}
}

// waitForAnswers waits until all requests have their answers, for a while.
func (s *console) waitForAnswers(ctx context.Context, client *xmpp.Client) {
	ctx, cancel := context.WithTimeout(ctx, lastAnswers)
	defer cancel()
	for {
		s.mu.Lock()
		left := len(s.waiting)
		s.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-s.answered:
		case <-client.Done():
			return
		case <-ctx.Done():
			return
		}
	}
}

package xmpptest

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// TB is the part of testing.TB that this package needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// A Check says what a stanza should be: nil if it is. The functions that make checks panic
// if the text that they are given is not what it should be, which is a mistake in the test.
type Check func(st stanza.Stanza) error

// Exactly checks that a stanza is the one that the text shows: the same names, attributes,
// text and children, those of the same name in the same order. Prefixes, the order of
// attributes and white space around elements do not matter; the id does only if the text
// has one. A missing namespace means jabber:client.
func Exactly(text string) Check {
	want, err := parse(text)
	if want == nil {
		panic(fmt.Sprintf("xmpptest: %v in %s", err, text))
	}
	anyID := want.Attributes().ID == ""
	return func(st stanza.Stanza) error {
		got := st
		if anyID {
			got = stanza.Clone(st)
			stanza.SetID(got, "")
		}
		// as it is on the wire: what was received or is to be sent alike
		got, err := reparse(got)
		if err != nil {
			return err
		}
		if !wire.Equal(element(got), element(want)) {
			return fmt.Errorf("the stanza is not exactly\n  %s", text)
		}
		return nil
	}
}

// Path checks that there is a path of elements in a stanza, in the notation of
// stream.MatchPath: iq@type=set/{jabber:iq:roster}query.
func Path(path string) Check {
	m, err := stream.MatchPath(path)
	if err != nil {
		panic("xmpptest: " + err.Error())
	}
	return func(st stanza.Stanza) error {
		if !m.Match(st) {
			return fmt.Errorf("the stanza has no\n  %s", path)
		}
		return nil
	}
}

// Mask checks that a stanza has at least what the text shows, as stream.MatchMask says.
func Mask(text string) Check {
	m, err := stream.MatchMask(text)
	if err != nil {
		panic("xmpptest: " + err.Error())
	}
	return func(st stanza.Stanza) error {
		if !m.Match(st) {
			return fmt.Errorf("the stanza does not match\n  %s", text)
		}
		return nil
	}
}

// Failed checks that a stanza is an error with a condition.
func Failed(c stanza.Condition) Check {
	return func(st stanza.Stanza) error {
		var e *stanza.Error
		switch st := st.(type) {
		case *stanza.Message:
			e = st.Err
		case *stanza.Presence:
			e = st.Err
		case *stanza.IQ:
			e = st.Err
		}
		if st.Attributes().Type != "error" || e == nil || e.Condition != c {
			return fmt.Errorf("the stanza is no error with the condition %s", string(c))
		}
		return nil
	}
}

// Verify fails the test unless a stanza passes all checks.
func Verify(t TB, st stanza.Stanza, checks ...Check) {
	t.Helper()
	for _, check := range checks {
		if err := check(st); err != nil {
			t.Fatalf("xmpptest: %v\ngot\n  %s", err, stanza.String(st))
		}
	}
}

// Payload returns the payload of type T of a stanza, and fails the test if there is none
// or if it does not fit.
func Payload[T any, P stanza.PayloadOf[T]](t TB, st stanza.Stanza) *T {
	t.Helper()
	v, err := stanza.Find[T, P](st)
	switch {
	case err != nil:
		t.Fatalf("xmpptest: the payload %s: %v\nin\n  %s", reflect.TypeFor[T](), err, stanza.String(st))
	case v == nil:
		t.Fatalf("xmpptest: there is no payload %s in\n  %s", reflect.TypeFor[T](), stanza.String(st))
	}
	return v
}

// Expect returns the payload of type T of the next stanza that the user receives, and
// fails the test if none comes in time or it has no such payload.
func Expect[T any, P stanza.PayloadOf[T]](t TB, u *User) *T {
	t.Helper()
	return Payload[T, P](t, u.Expect(t))
}

// Expect returns the next stanza that the user receives, and fails the test if none comes
// within the server's patience or if it does not pass the checks.
func (u *User) Expect(t TB, checks ...Check) stanza.Stanza {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), u.srv.cfg.Patience)
	defer cancel()
	st, err := u.Receive(ctx)
	if err != nil {
		t.Fatalf("xmpptest: %s waits for a stanza: %v", u.addr, err)
		return nil
	}
	Verify(t, st, checks...)
	return st
}

// ExpectMessage is [User.Expect] for a message, which may be an error.
func (u *User) ExpectMessage(t TB, checks ...Check) *stanza.Message {
	t.Helper()
	return expectKind[*stanza.Message](t, u.Expect(t, checks...))
}

// ExpectPresence is [User.Expect] for a presence, which may be an error.
func (u *User) ExpectPresence(t TB, checks ...Check) *stanza.Presence {
	t.Helper()
	return expectKind[*stanza.Presence](t, u.Expect(t, checks...))
}

// ExpectIQ is [User.Expect] for an IQ of any type.
func (u *User) ExpectIQ(t TB, checks ...Check) *stanza.IQ {
	t.Helper()
	return expectKind[*stanza.IQ](t, u.Expect(t, checks...))
}

func expectKind[S stanza.Stanza](t TB, st stanza.Stanza) S {
	t.Helper()
	s, ok := st.(S)
	if !ok {
		t.Fatalf("xmpptest: want a %s, got\n  %s", reflect.TypeFor[S]().Elem().Name(), stanza.String(st))
	}
	return s
}

// ExpectNothing fails the test if the user receives a stanza within d. In a bubble of
// testing/synctest, where time passes only once nothing else happens, any d will do.
func (u *User) ExpectNothing(t TB, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	if st, err := u.Receive(ctx); err == nil {
		t.Fatalf("xmpptest: %s expects nothing, got\n  %s", u.addr, stanza.String(st))
	}
}

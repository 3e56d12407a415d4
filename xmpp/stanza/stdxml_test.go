package stanza_test

import (
	"encoding/xml"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// agree fails unless encoding/xml and the fast codec make the same of an element, in both
// directions. Elements with Extra are left out, as encoding/xml drops what it holds.
func agree(t *testing.T, text string) bool {
	t.Helper()
	fast, err := stanza.Parse(text)
	if err != nil || hasExtra(fast) {
		return false
	}
	alone := fast.Source()
	if r := raw(t, alone); r.Source() != r.String() {
		alone = r.String()
	}
	var slow stanza.Stanza
	switch fast.(type) {
	case *stanza.Message:
		slow = new(stanza.Message)
	case *stanza.Presence:
		slow = new(stanza.Presence)
	case *stanza.IQ:
		slow = new(stanza.IQ)
	}
	require.NoError(t, xml.Unmarshal([]byte(alone), slow), "%s", alone)
	requireEqual(t, fast, slow, text)
	for _, s := range []stanza.Stanza{fast, slow} {
		data, err := xml.Marshal(s)
		require.NoError(t, err)
		requireSame(t, string(data), s)
		requireSame(t, text, s)
	}
	return true
}

func hasExtra(s stanza.Stanza) bool {
	switch s := s.(type) {
	case *stanza.Message:
		return s.Extra != nil || s.Err != nil && s.Err.Extra != nil
	case *stanza.Presence:
		return s.Extra != nil || s.Err != nil && s.Err.Extra != nil
	case *stanza.IQ:
		return s.Extra != nil || s.Err != nil && s.Err.Extra != nil
	}
	return true
}

// requireEqual compares values, and payloads as elements.
func requireEqual(t *testing.T, want, got stanza.Stanza, text string) {
	t.Helper()
	a, b := stanza.Clone(want), stanza.Clone(got)
	requireSameList(t, list(a), list(b), text)
	for _, s := range []stanza.Stanza{a, b} {
		*list(s) = stanza.Payloads{}
	}
	e, f := errorOf(a), errorOf(b)
	require.Equal(t, e == nil, f == nil, "%s", text)
	if e != nil {
		requireSameList(t, &e.Payloads, &f.Payloads, text)
		e.Payloads, f.Payloads = stanza.Payloads{}, stanza.Payloads{}
	}
	require.Equal(t, a, b, "%s", text)
}

func requireSameList(t *testing.T, want, got *stanza.Payloads, text string) {
	t.Helper()
	require.Equal(t, want.Len(), got.Len(), "%s", text)
	var all []stanza.Payload
	for p := range want.All() {
		all = append(all, p)
	}
	i := 0
	for p := range got.All() {
		a, err := wire.Parse(stanza.String(all[i]))
		require.NoError(t, err)
		b, err := wire.Parse(stanza.String(p))
		require.NoError(t, err)
		require.True(t, wire.Equal(a, b), "%s", text)
		i++
	}
}

func errorOf(s stanza.Stanza) *stanza.Error {
	switch s := s.(type) {
	case *stanza.Message:
		return s.Err
	case *stanza.Presence:
		return s.Err
	}
	return s.(*stanza.IQ).Err
}

func TestStdXMLAgrees(t *testing.T) {
	t.Parallel()
	// encoding/xml does not tell the two apart, or merges what is there twice
	different := map[string]bool{"several threads": true, "two shows": true}
	n := 0
	for _, tt := range oddities {
		if !different[tt.name] && agree(t, tt.text) {
			n++
		}
	}
	require.Greater(t, n, 25)

	n = 0
	examples(t, func(_, text string) {
		if agree(t, text) {
			n++
		}
	})
	require.Greater(t, n, 1000)
}

// What a program composed is the same either way.
func TestStdXMLComposed(t *testing.T) {
	t.Parallel()
	e := &stanza.Error{Type: stanza.Wait, By: romeo, Condition: stanza.Redirect, URI: "xmpp:a@b?x&y", Text: stanza.Text{{Value: "a"}, {Lang: "de", Value: "b"}}}
	e.Add(&note{ID: "1", Text: "<"})
	message := &stanza.Message{
		ID: "1'\"", To: juliet, From: romeo, Type: stanza.Groupchat, Lang: "en", Subject: stanza.Text{{}, {Lang: "de", Value: "\r\n\t"}}, Body: stanza.Plain("<&>'\""),
		Thread: stanza.Thread{ID: "t", Parent: "p"},
	}
	message.Add(&note{ID: "&", Text: "x"}, raw(t, x1))
	failed := message.Fail(e)
	presence := &stanza.Presence{ID: "1", To: juliet, From: romeo, Type: stanza.Subscribe, Lang: "en", Show: stanza.FreeToChat, Status: stanza.Text{{Value: "<"}}, Priority: -128}
	presence.Add(raw(t, x1), raw(t, x1))
	iq := stanza.NewIQ(stanza.Set, juliet, &note{ID: "1"})
	for _, s := range []stanza.Stanza{message, failed, presence, presence.Fail(e), iq, iq.Result(nil), iq.Fail(e), &stanza.Message{}, &stanza.Presence{}, &stanza.Message{Type: stanza.Normal}} {
		require.True(t, agree(t, encode(t, s)), "%s", s)
		data, err := xml.Marshal(s)
		require.NoError(t, err)
		requireSame(t, string(data), s)
	}
	// in a struct of one's own
	type archived struct {
		XMLName  struct{} `xml:"urn:archive archived"`
		Message  stanza.Message
		Presence *stanza.Presence `xml:"jabber:client presence"`
		IQ       *stanza.IQ       `xml:"jabber:client iq"`
		Err      *stanza.Error    `xml:"jabber:client error"`
	}
	in := archived{Message: *message, Presence: presence, Err: e}
	data, err := xml.Marshal(in)
	require.NoError(t, err)
	var out struct {
		XMLName  struct{}         `xml:"urn:archive archived"`
		Message  stanza.Message   `xml:"jabber:client message"`
		Presence *stanza.Presence `xml:"jabber:client presence"`
		IQ       *stanza.IQ       `xml:"jabber:client iq"`
		Err      *stanza.Error    `xml:"jabber:client error"`
	}
	// what was there before does not shine through
	out.Message = stanza.Message{ID: "old", Err: e, Thread: stanza.Thread{ID: "old"}}
	out.Message.Add(&note{})
	require.NoError(t, xml.Unmarshal(data, &out))
	require.Equal(t, encode(t, message), encode(t, &out.Message))
	require.Equal(t, encode(t, presence), encode(t, out.Presence))
	require.Equal(t, encode(t, e), encode(t, out.Err))
	require.Nil(t, out.IQ)

	for _, bad := range []string{
		`<message xmlns="jabber:client" to="@"/>`, `<presence xmlns="jabber:client"><priority>128</priority></presence>`, `<iq xmlns="jabber:client" from="@"/>`,
		`<message xmlns="jabber:client" type="error"><error by="@"/></message>`, `<presence xmlns="jabber:client" type="error"><error by="@"/></presence>`,
		`<iq xmlns="jabber:client" type="error"><error by="@"/></iq>`, `<message xmlns="jabber:client"><body>`,
	} {
		for _, v := range []any{&stanza.Message{}, &stanza.Presence{}, &stanza.IQ{}} {
			if _, err := stanza.Parse(bad); err == nil && v.(stanza.Stanza).WireName() == raw(t, bad).Name() {
				require.Error(t, xml.Unmarshal([]byte(bad), v), "%s", bad)
			}
		}
	}
	for _, bad := range []stanza.Payload{&stanza.Error{Condition: "a b"}, &stanza.Error{Condition: "text"}, iq.Fail(stanza.Condition("x/><y"))} {
		_, err := xml.Marshal(bad)
		var e *wire.EncodeError
		require.ErrorAs(t, err, &e)
	}
}

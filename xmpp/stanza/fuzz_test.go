package stanza_test

import (
	"errors"
	"testing"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// FuzzStanza holds every stanza that can be read to this: writing it loses nothing, reading that
// again changes nothing, a clone is the same, and nothing panics.
func FuzzStanza(f *testing.F) {
	for _, tt := range oddities {
		f.Add(tt.text)
	}
	for _, s := range []string{
		plainMessage, richMessage, plainPresence, plainIQ,
		`<message to='@'/>`, `<presence><priority>x</priority><priority>1</priority></presence>`, `<iq type='x'/>`,
		`<message xml:lang='a' xmlns:e='http://www.w3.org/XML/1998/namespace2' e:lang='b'/>`,
		`<xml:message/>`, `<message><xml:body/></message>`, `<presence type='error'><error><xml:x/></error></presence>`,
		`<p:message xmlns:p='jabber:client' xmlns=''><body/><p:body/></p:message>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := stanza.Parse(text)
		var bad *stanza.DecodeError
		if s == nil {
			if err == nil {
				t.Fatal("neither a stanza nor an error")
			}
			return
		}
		if err != nil && (!errors.As(err, &bad) || bad.Element != s.WireName() || err.Error() == "") {
			t.Fatalf("%#v", err)
		}
		in := list(s).Element()
		written := write(t, s, wire.NSClient)
		out := reread(t, written)
		if !wire.Equal(in, list(out).Element()) {
			t.Fatalf("received %s\nwritten  %s", text, written)
		}
		if again := write(t, out, wire.NSClient); again != written {
			// spellings settle by then
			third := write(t, reread(t, again), wire.NSClient)
			if third != again || !wire.Equal(in, list(reread(t, again)).Element()) {
				t.Fatalf("written %s\nthen    %s\nthen    %s", written, again, third)
			}
		}
		if c := stanza.Clone(s); write(t, c, wire.NSClient) != written || c.Attributes() != s.Attributes() || c.Source() != s.Source() {
			t.Fatalf("the clone of %s is %s", written, stanza.String(c))
		}
		alone, err := wire.Parse(write(t, s, ""))
		if err != nil || !wire.Equal(in, alone) {
			t.Fatalf("received %s\nalone    %s: %v", text, alone, err)
		}

		// what programs do with any stanza
		for p := range list(s).All() {
			_ = stanza.String(p)
		}
		_, _ = stanza.Find[note](s)
		_, _ = stanza.FindAll[copied](s)
		_ = list(s).Raw(list(s).First())
		if answer := stanza.Fail(s, stanza.Conflict); answer != nil {
			if stanza.Fail(reread(t, write(t, answer, wire.NSClient)), stanza.Conflict) != nil {
				t.Fatalf("%s is answered by what is answered", text)
			}
		}
		if m, ok := s.(*stanza.Message); ok {
			reread(t, write(t, m.Reply("x"), wire.NSClient))
			_ = m.Body.Tagged(m.Lang).In("en", m.Lang)
		}
	})
}

func write(t *testing.T, s stanza.Stanza, ns string) string {
	t.Helper()
	b, err := s.AppendXML(nil, ns)
	if err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	return string(b)
}

func reread(t *testing.T, text string) stanza.Stanza {
	t.Helper()
	s, err := stanza.Parse(text)
	if s == nil {
		t.Fatalf("what was written cannot be read: %v\n%s", err, text)
	}
	return s
}

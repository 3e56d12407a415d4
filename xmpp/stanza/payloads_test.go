package stanza_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

var (
	nameNote = (*note)(nil).WireName()
	nameX    = wire.Name{Space: "urn:x", Local: "x"}
)

func texts(s stanza.Stanza) (all []string) {
	for p := range list(s).All() {
		all = append(all, stanza.String(p))
	}
	return all
}

func list(s stanza.Stanza) *stanza.Payloads {
	switch s := s.(type) {
	case *stanza.Message:
		return &s.Payloads
	case *stanza.Presence:
		return &s.Payloads
	}
	return &s.(*stanza.IQ).Payloads
}

const (
	x1 = `<x xmlns='urn:x' n='1'/>`
	x2 = `<x xmlns='urn:x' n='2'/>`
	n1 = `<note xmlns='urn:example:note' id='1'>a</note>`
	n2 = `<note xmlns='urn:example:note' id='2'>b</note>`
	n3 = `<note xmlns='urn:example:note' id='3'>c</note>`
)

func TestPayloadLists(t *testing.T) {
	t.Parallel()
	one, two, three := &note{ID: "1", Text: "a"}, &note{ID: "2", Text: "b"}, &note{ID: "3", Text: "c"}
	for _, tt := range []struct {
		name   string
		change func(p *stanza.Payloads)
		want   []string
	}{
		{"received", func(*stanza.Payloads) {}, []string{x1, n1, x2}},
		{"add", func(p *stanza.Payloads) { p.Add(two, raw(t, x1), three) }, []string{x1, n1, x2, n2, x1, n3}},
		{"add nothing", func(p *stanza.Payloads) {
			p.Add()
			p.Add(nil, (*note)(nil), wire.Raw{}, &wire.Raw{}, (*wire.Raw)(nil))
		}, []string{x1, n1, x2}},
		{"add a pointer to an element", func(p *stanza.Payloads) {
			r := raw(t, n2)
			p.Add(&r)
		}, []string{x1, n1, x2, n2}},
		{"replace received by typed", func(p *stanza.Payloads) { p.Replace(two) }, []string{x1, n2, x2}},
		{"replace received by received", func(p *stanza.Payloads) { p.Replace(raw(t, x2)) }, []string{x2, n1}},
		{"replace added", func(p *stanza.Payloads) {
			p.Add(two, three)
			p.Replace(one)
		}, []string{x1, n1, x2}},
		{"replace twice", func(p *stanza.Payloads) {
			p.Replace(two)
			p.Replace(three)
		}, []string{x1, n3, x2}},
		{"replace what is not there", func(p *stanza.Payloads) { p.Replace(raw(t, `<y/>`)) }, []string{x1, n1, x2, `<y xmlns='jabber:client'/>`}},
		{"replace by nothing", func(p *stanza.Payloads) {
			p.Replace(nil)
			p.Replace((*note)(nil))
			p.Replace(wire.Raw{})
		}, []string{x1, n1, x2}},
		{"remove received", func(p *stanza.Payloads) { require.Equal(t, 2, p.Remove(nameX)) }, []string{n1}},
		{"remove added", func(p *stanza.Payloads) {
			p.Add(two, raw(t, x1), three)
			require.Equal(t, 3, p.Remove(nameNote))
		}, []string{x1, x2, x1}},
		{"remove before added", func(p *stanza.Payloads) {
			p.Add(two, &copied{*three})
			require.Equal(t, 3, p.Remove(nameX)+p.Remove(wire.Name{Local: "x"})+p.Remove(wire.Name{})+1)
		}, []string{n1, n2, n3}},
		{"clear", func(p *stanza.Payloads) {
			p.Add(two)
			p.Clear()
		}, nil},
		{"clear and add", func(p *stanza.Payloads) {
			p.Add(two)
			p.Clear()
			p.Add(three)
		}, []string{n3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := parse[*stanza.Message](t, `<message>`+x1+n1+`<body>b</body>`+x2+`</message>`)
			c := m.Clone()
			tt.change(&m.Payloads)
			require.Equal(t, tt.want, texts(m))
			require.Equal(t, len(tt.want), m.Len())
			var names []wire.Name
			for n := range m.Names() {
				names = append(names, n)
			}
			require.Len(t, names, len(tt.want))
			first := wire.Name{}
			if len(names) > 0 {
				first = names[0]
			}
			require.Equal(t, first, m.First())
			require.Equal(t, []string{x1, n1, x2}, texts(c), "the clone")
		})
	}
}

func TestCloneIsItsOwn(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`<message to='a@b' e='1'><body>b</body><subject>s</subject>` + n1 + `</message>`,
		`<message type='error'>` + n1 + `<error type='wait' e='1'><gone` + nsErr + `>u</gone><text` + nsErr + `>t</text>` + n1 + `</error></message>`,
		`<presence e='1'><status>b</status><priority>1</priority>` + n1 + `</presence>`,
		`<presence type='error'><error type='wait' e='1'><gone` + nsErr + `>u</gone></error></presence>`,
		`<iq type='set' e='1'>` + n1 + n2 + `</iq>`,
		`<iq type='error'><error e='1'/></iq>`,
	} {
		s := parse[stanza.Stanza](t, text)
		list(s).Add(&note{ID: "4"})
		before := encode(t, s)
		c := stanza.Clone(s)
		require.Equal(t, before, encode(t, c))

		spoil(c)
		require.NotEqual(t, before, encode(t, c))
		require.Equal(t, before, encode(t, s), "changing the clone changed it")
		c = stanza.Clone(s)
		spoil(s)
		require.Equal(t, before, encode(t, c), "changing it changed the clone")
	}
}

// spoil changes whatever can be changed in place.
func spoil(s stanza.Stanza) {
	list(s).Replace(&note{ID: "9"})
	list(s).Add(&note{ID: "10"})
	var e *stanza.Error
	var x *wire.Extra
	spoilText := func(t stanza.Text) {
		for i := range t {
			t[i].Value += "!"
		}
	}
	switch s := s.(type) {
	case *stanza.Message:
		spoilText(s.Body)
		spoilText(s.Subject)
		e, x = s.Err, s.Extra
	case *stanza.Presence:
		spoilText(s.Status)
		e, x = s.Err, s.Extra
	case *stanza.IQ:
		e, x = s.Err, s.Extra
	}
	if e != nil {
		spoilText(e.Text)
		e.URI += "!"
		e.Add(&note{ID: "11"})
		if e.Extra != nil {
			e.Extra.Attrs[0].Value = "!"
		}
	}
	if x != nil {
		x.Attrs[0].Value = "!"
		x.Text = "!"
	}
}

// A list may be changed while one ranges over it.
func TestChangeWhileRanging(t *testing.T) {
	t.Parallel()
	m := parse[*stanza.Message](t, `<message>`+x1+n1+x2+`</message>`)
	m.Add(&note{ID: "2", Text: "b"}, &copied{note{ID: "3", Text: "c"}})
	var seen []string
	for p := range m.All() {
		m.Remove(p.WireName())
		m.Replace(&note{ID: strconv.Itoa(len(seen))})
		seen = append(seen, stanza.String(p))
	}
	require.Equal(t, []string{x1, n1, x2, n2, n3}, seen)
	names := 0
	for n := range m.Names() {
		m.Remove(n)
		m.Add(&note{}, &note{})
		names++
	}
	require.Equal(t, 1, names)
	for range m.All() {
		break
	}
	for range m.Names() {
		break
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	mine := &note{ID: "7"}
	for _, tt := range []struct {
		name  string
		build func(m *stanza.Message)
		want  *note
		all   []note
		err   string
	}{
		{"none", func(*stanza.Message) {}, nil, nil, ""},
		{"another", func(m *stanza.Message) { m.Add(raw(t, x1)) }, nil, nil, ""},
		{"another namespace", func(m *stanza.Message) { m.Add(raw(t, `<note id='1'/>`)) }, nil, nil, ""},
		{"received", func(m *stanza.Message) { m.Add(raw(t, x1), raw(t, n1), raw(t, n2)) }, &note{ID: "1", Text: "a"}, []note{{ID: "1", Text: "a"}, {ID: "2", Text: "b"}}, ""},
		{"added", func(m *stanza.Message) { m.Add(mine) }, mine, []note{*mine}, ""},
		{"added behind received", func(m *stanza.Message) { m.Add(raw(t, n1), mine) }, &note{ID: "1", Text: "a"}, []note{{ID: "1", Text: "a"}, *mine}, ""},
		{"added as another type", func(m *stanza.Message) { m.Add(&copied{note{ID: "1", Text: "<"}}) }, &note{ID: "1", Text: "<"}, []note{{ID: "1", Text: "<"}}, ""},
		{"added, cannot be written", func(m *stanza.Message) { m.Add(&broken{}, mine) }, mine, []note{*mine}, ""},
		{"does not fit", func(m *stanza.Message) { m.Add(raw(t, `<note xmlns='urn:example:note'/>`), mine) }, nil, []note{*mine}, `attribute "id" of <note xmlns='urn:example:note'/> is missing`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := &stanza.Message{}
			tt.build(m)
			check := func(err error) {
				t.Helper()
				if tt.err == "" {
					require.NoError(t, err)
					return
				}
				var bad *stanza.DecodeError
				require.ErrorAs(t, err, &bad)
				require.EqualError(t, err, tt.err)
			}
			got, err := stanza.Find[note](m)
			check(err)
			require.Equal(t, tt.want, got)
			if tt.want == mine {
				require.Same(t, mine, got)
			} else if got != nil {
				again, _ := stanza.Find[note](m)
				require.NotSame(t, got, again)
			}
			got, err = stanza.FindUnverified[note](m)
			check(err)
			require.Equal(t, tt.want, got)
			all, err := stanza.FindAll[note](m)
			check(err)
			var values []note
			for _, n := range all {
				values = append(values, *n)
			}
			require.Equal(t, tt.all, values)
			require.Equal(t, tt.want != nil || tt.err != "", stanza.Has[note](m))

			r := m.Raw(nameNote)
			require.Equal(t, tt.want == nil && tt.err == "", r.IsZero())
			if tt.want != nil {
				v, err := stanza.Decode[note](r)
				require.NoError(t, err)
				require.Equal(t, tt.want, v)
			}
		})
	}
	_, err := stanza.Decode[note](wire.Raw{})
	require.Error(t, err)
	_, err = stanza.Decode[note](raw(t, x1))
	require.EqualError(t, err, `<x xmlns='urn:x'/> is of another type`)
}

func TestFindInError(t *testing.T) {
	t.Parallel()
	q := parse[*stanza.IQ](t, `<iq type='error' from='a@b'><error><gone`+nsErr+`/>`+n1+`</error></iq>`)
	n, err := stanza.Find[note](q.Err)
	require.NoError(t, err)
	require.Equal(t, "1", n.ID)
	require.False(t, stanza.Has[note](q))
}

func TestSenderRules(t *testing.T) {
	t.Parallel()
	zero := jid.JID{}
	server := jid.MustParse("example.com")
	room := jid.MustParse("room@muc.example.com")
	occupant := jid.MustParse("room@muc.example.com/nick")
	archive := jid.MustParse("archive.example.com")
	account := &stanza.Origin{
		Account: juliet, Server: server,
		Queried: func(j jid.JID) bool { return j == archive },
		Joined:  func(j jid.JID) bool { return j == room },
	}
	gateway := jid.MustParse("gateway.example.com")
	component := &stanza.Origin{Account: gateway, Server: server}
	senders := []jid.JID{zero, juliet.Bare(), juliet, jid.MustParse("juliet@example.com/other"), server, jid.MustParse("example.com/x"), romeo.Bare(), romeo, room, occupant, archive, gateway}
	for _, tt := range []struct {
		name    string
		origin  *stanza.Origin
		rule    stanza.SenderRule
		allowed []jid.JID
	}{
		{"anybody", account, stanza.FromAny, senders},
		// RFC 6121, section 2.1.6; XEP-0280, section 12: one's own bare address, no resource
		{"own account", account, stanza.FromOwnAccount, []jid.JID{zero, juliet.Bare()}},
		{"own account or server", account, stanza.FromAccountOrServer, []jid.JID{zero, juliet.Bare(), server}},
		{"own server", account, stanza.FromServer, []jid.JID{zero, server}},
		{"whom was asked", account, stanza.FromQueried, []jid.JID{archive}},
		{"rooms", account, stanza.FromRoom, []jid.JID{room, occupant}},
		{"unknown rule", account, 99, nil},
		{"component: anybody", component, stanza.FromAny, senders},
		{"component: own account", component, stanza.FromOwnAccount, []jid.JID{zero, gateway}},
		{"component: or server", component, stanza.FromAccountOrServer, []jid.JID{zero, gateway, server}},
		{"component: server", component, stanza.FromServer, []jid.JID{zero, server}},
		{"component: whom was asked", component, stanza.FromQueried, nil},
		{"component: rooms", component, stanza.FromRoom, nil},
		{"unbound", &stanza.Origin{}, stanza.FromAccountOrServer, []jid.JID{zero}},
		{"no session", nil, stanza.FromServer, senders},
	} {
		for _, from := range senders {
			require.Equal(t, slices.Contains(tt.allowed, from), tt.origin.Allows(tt.rule, from), "%s: from %q", tt.name, from)
		}
	}

	// and that is what Find goes by
	for _, from := range senders {
		m := parse[*stanza.Message](t, `<message from='`+from.String()+`'>`+n1+`</message>`)
		_, err := stanza.Find[copied](m)
		require.NoError(t, err, "not received in a session")
		m.SetOrigin(account)
		require.Same(t, account, m.Origin())
		fair := from == zero || from == juliet.Bare()
		for _, s := range []*stanza.Message{m, m.Clone()} {
			v, err := stanza.Find[copied](s)
			all, errAll := stanza.FindAll[copied](s)
			require.True(t, stanza.Has[copied](s))
			if fair {
				require.NoError(t, err)
				require.NoError(t, errAll)
				require.Equal(t, "1", v.ID)
				require.Len(t, all, 1)
			} else {
				require.ErrorIs(t, err, stanza.ErrSender, "from %q", from)
				require.ErrorIs(t, errAll, stanza.ErrSender)
				require.Nil(t, v)
				require.Empty(t, all)
			}
			v, err = stanza.FindUnverified[copied](s)
			require.NoError(t, err)
			require.Equal(t, "1", v.ID)
		}
		// there is no rule for what a program put in itself
		m.Clear()
		m.Add(&copied{})
		_, err = stanza.Find[copied](m)
		require.NoError(t, err)
	}
}

// VS5, VS8: what only some may send is refused in a stanza that stands in another, whoever
// is said to have sent that, and however deep.
func TestNestedStanzas(t *testing.T) {
	t.Parallel()
	account := &stanza.Origin{Account: juliet, Server: juliet.DomainJID()}
	for _, from := range []string{"", " from='juliet@example.com'", " from='romeo@example.net/x'", " from='example.com'"} {
		inner := "<message xmlns='jabber:client'" + from + ">" + n1 + x1 + "</message>"
		for range 3 {
			outer := parse[*stanza.Message](t, "<message from='juliet@example.com'><x xmlns='urn:x'>"+inner+"</x>"+n1+"</message>")
			outer.SetOrigin(account)
			_, err := stanza.Find[copied](outer)
			require.NoError(t, err)
			children := outer.Raw(nameX).Children()
			require.True(t, children.Next())
			m := new(stanza.Message)
			require.NoError(t, m.DecodeXML(children.Raw()))
			for range 2 {
				for _, s := range []*stanza.Message{m, m.Clone()} {
					require.True(t, stanza.Has[copied](s))
					_, err = stanza.Find[copied](s)
					require.ErrorIs(t, err, stanza.ErrSender)
					_, err = stanza.FindAll[copied](s)
					require.ErrorIs(t, err, stanza.ErrSender)
					v, err := stanza.FindUnverified[copied](s)
					require.NoError(t, err)
					require.Equal(t, "1", v.ID)
					_, err = stanza.Find[note](s)
					require.NoError(t, err, "there is no rule for it")
				}
				m.SetOrigin(account)
			}
			inner = "<message xmlns='jabber:client'" + from + "><x xmlns='urn:x'>" + inner + "</x>" + n1 + "</message>"
		}
	}
}

// What a stanza was received as stays apart from what it holds.
func TestReceived(t *testing.T) {
	t.Parallel()
	text := `<message from='a@b'>` + n1 + `</message>`
	f := wire.NewBareFramer(wire.Limits{}, wire.NewContext(wire.NSServer, "cs"))
	f.FeedString(text)
	_, err := f.Next()
	require.NoError(t, err)
	taken, err := stanza.Take(f)
	require.NoError(t, err)
	for _, s := range []stanza.Stanza{taken, parse[stanza.Stanza](t, text)} {
		c := stanza.Clone(s)
		for _, s := range []stanza.Stanza{s, c} {
			require.True(t, list(s).Received())
			require.Equal(t, text, s.Source())
			require.True(t, list(s).Element().Is(wire.NSClient, "message"))
		}
		list(s).Touch()
		require.True(t, list(s).Received())
		require.Empty(t, s.Source())
		require.True(t, list(s).Element().IsZero())
		require.Equal(t, text, c.Source())
		for _, s := range []stanza.Stanza{s, c} {
			require.Equal(t, []string{n1}, texts(s))
			n, err := stanza.Find[note](s)
			require.NoError(t, err)
			require.Equal(t, "a", n.Text)
		}
	}
	require.Equal(t, "cs", list(taken).Language())

	m := stanza.NewMessage(juliet, "x")
	require.False(t, m.Received())
	require.Empty(t, m.Source())
	require.Empty(t, m.Language())
	require.True(t, m.Element().IsZero())
}

func TestRawOfAdded(t *testing.T) {
	t.Parallel()
	m := stanza.NewMessage(juliet, "")
	m.Add(&broken{}, &note{ID: "1", Text: "a"})
	require.Equal(t, n1, m.Raw(nameNote).String())
	require.True(t, m.Raw(nameX).IsZero())
	_, err := m.AppendXML(nil, wire.NSClient)
	require.EqualError(t, err, "xml: broken")
	require.Equal(t, "xml: broken", m.String())
}

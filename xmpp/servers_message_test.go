package xmpp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/version"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

func messageRows() []row {
	return []row{
		{name: "clean close", run: cleanClose},
	}
}

// bothWays is what two clients say to each other, short and long, and a typed request each way.
func bothWays(t *testing.T, s *tested, change func(cfg *xmpp.Config)) {
	juliet := s.join(t, s.person("localhost", "juliet"), change)
	romeo := s.join(t, s.person("localhost", "romeo"), change)
	long := strings.Repeat("ü<&>", 5_000)
	for _, pair := range [][2]*party{{juliet, romeo}, {romeo, juliet}} {
		from, to := pair[0], pair[1]
		for _, body := range []string{"is it the lark?", long} {
			from.says(t, to.Local(), body)
			got := to.gets(t, "from='"+from.Local().String()+"'", strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(body))
			require.Contains(t, got, "<body>")
		}
		info, err := xmpp.Call(limited(t), from, to.Local(), &version.Query{})
		require.NoError(t, err)
		require.Equal(t, "orchard", info.Name)
	}
	// one's own account has no version
	_, err := xmpp.Call(limited(t), juliet, jid.JID{}, &version.Query{})
	require.ErrorIs(t, err, stanza.ServiceUnavailable)
}

// An orderly end is one for everybody: nothing is in doubt, and others see it.
func cleanClose(t *testing.T, s *tested) {
	addr := s.person("localhost", "juliet")
	one, err := addr.WithResource("one")
	require.NoError(t, err)
	two, err := addr.WithResource("two")
	require.NoError(t, err)
	juliet, other := s.join(t, one, nil), s.join(t, two, nil)
	other.gets(t, "<presence", "from='"+one.String()+"'")
	d := juliet.tracks(t, stanza.NewMessage(two, "good night"))
	require.NoError(t, juliet.Close(limited(t)))
	<-juliet.Done()
	require.Equal(t, "acked", d.Outcome().String())
	other.gets(t, "good night")
	other.gets(t, "<presence", "from='"+one.String()+"'", "type='unavailable'")
}

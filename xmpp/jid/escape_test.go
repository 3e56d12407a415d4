package jid_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp/jid"
)

// The facts of XEP-0106: its table of localparts in section 5.1 and the cases in
// its prose.
func TestEscape(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, escaped string }{
		{`space cadet`, `space\20cadet`},
		{`call me "ishmael"`, `call\20me\20\22ishmael\22`},
		{`at&t guy`, `at\26t\20guy`},
		{`d'artagnan`, `d\27artagnan`},
		{`/.fanboy`, `\2f.fanboy`},
		{`::foo::`, `\3a\3afoo\3a\3a`},
		{`<foo>`, `\3cfoo\3e`},
		{`user@host`, `user\40host`},
		{`c:\net`, `c\3a\net`},
		{`c:\\net`, `c\3a\\net`},
		{`c:\cool stuff`, `c\3a\cool\20stuff`},
		{`c:\5commas`, `c\3a\5c5commas`},
		{`treville@musketeers.lit`, `treville\40musketeers.lit`},
		{`\3and\2is\5cool`, `\5c3and\2is\5c5cool`},
		{`\27`, `\5c27`},
		{`\5c`, `\5c5c`},
		{`\5c5c`, `\5c5c5c`},
		{`\20`, `\5c20`},
		{`\\20`, `\\5c20`},
		{`\`, `\`},
		{`\2`, `\2`},
		{`\21`, `\21`},
		{``, ``},
		{`juliet`, `juliet`},
		{`Ülrich K`, `Ülrich\20K`},
		// Capitals in sequences become lower case in an address, so they
		// need the backslash escaped as well.
		{`c:\3Armada`, `c\3a\5c3Armada`},
		{`\2F`, `\5c2F`},
	}
	for _, tt := range tests {
		got, err := jid.Escape(tt.text)
		require.NoError(t, err, "%q", tt.text)
		require.Equal(t, tt.escaped, got, "%q", tt.text)
		require.Equal(t, tt.text, jid.Unescape(got), "%q", got)
		if tt.escaped != "" {
			_, err = jid.New(got, "example.com", "")
			require.NoError(t, err, "%q is a localpart", got)
		}
	}
	// No sequence appears by case folding.
	escaped, err := jid.Escape(`\3Armada`)
	require.NoError(t, err)
	j, err := jid.New(escaped, "example.com", "")
	require.NoError(t, err)
	require.Equal(t, `\3armada`, jid.Unescape(j.Local()))
}

func TestEscapeRefusesSpacesAtTheEdge(t *testing.T) {
	t.Parallel()
	for _, text := range []string{" ", " a", "a ", " a b "} {
		_, err := jid.Escape(text)
		require.ErrorIs(t, err, jid.ErrEdgeSpace)
		var e *jid.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, jid.Localpart, e.Part)
		require.Equal(t, text, e.Input)
	}
}

func TestUnescapeLeavesTheRest(t *testing.T) {
	t.Parallel()
	tests := []struct{ local, want string }{
		{`\20\22\26\27\2f\3a\3c\3e\40\5c`, ` "&'/:<>@\`},
		{`\2`, `\2`},
		{`a\`, `a\`},
		{`\2F\3A\5C`, `\2F\3A\5C`}, // case is significant
		{`\21\41\00\zz`, `\21\41\00\zz`},
		{`\5c20`, `\20`},
		{`\5c5c20`, `\5c20`},
		{`\\20`, `\ `},
		{`d\27artagnan`, `d'artagnan`},
		{`é\20è`, `é è`},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, jid.Unescape(tt.local), "%q", tt.local)
	}
}

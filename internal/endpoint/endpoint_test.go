package endpoint

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp"
)

// VT1, VT11: nobody but the user leads to where there is no TLS, and a user who has named a
// place with TLS is not sent to one without.
func TestFind(t *testing.T) {
	t.Parallel()
	k := Kind{Name: "a websocket", Scheme: "wss", Clear: "ws"}
	for name, c := range map[string]struct {
		own, location string
		insecure      bool
		want          string // "" for an error
		noTLS         bool
	}{
		"the user's":                       {own: "wss://example.org/ws", want: "wss://example.org/ws"},
		"the user's, in clear":             {own: "ws://example.org/ws", noTLS: true},
		"as the user wants it":             {own: "ws://example.org/ws", insecure: true, want: "ws://example.org/ws"},
		"sent elsewhere":                   {own: "wss://example.org/ws", location: "wss://example.net/ws", want: "wss://example.net/ws"},
		"elsewhere, in clear":              {own: "wss://example.org/ws", location: "ws://example.net/ws", noTLS: true},
		"in clear, and the user would":     {own: "wss://example.org/ws", location: "ws://example.net/ws", insecure: true, noTLS: true},
		"in clear, where the domain leads": {location: "ws://example.net/ws", insecure: true, noTLS: true},
		"from clear to clear":              {own: "ws://example.org/ws", location: "ws://example.net/ws", insecure: true, want: "ws://example.net/ws"},
		"from clear to TLS":                {own: "ws://example.org/ws", location: "wss://example.net/ws", insecure: true, want: "wss://example.net/ws"},
		"something else":                   {own: "https://example.org/ws"},
		"a file":                           {own: "wss://example.org/ws", location: "file:///etc/passwd"},
		"no host":                          {own: "wss:///ws"},
		"with a password":                  {own: "wss://me:secret@example.org/ws"},
		"no URL":                           {own: "wss://example.org:port/"},
		"no URL, with a password":          {own: "wss://me:secret@example.org:port/"},
		"with a fragment":                  {own: "wss://example.org/ws#x", want: "wss://example.org/ws"},
	} {
		all, err := k.Find(t.Context(), xmpp.Service{Domain: "example.org", Location: c.location, InsecureNoTLS: c.insecure}, c.own)
		if c.want == "" {
			require.Error(t, err, name)
			require.NotContains(t, err.Error(), "secret", name)
			if c.noTLS {
				require.ErrorIs(t, err, xmpp.ErrNoTLS, name)
			}
			continue
		}
		require.NoError(t, err, name)
		require.Len(t, all, 1, name)
		require.Equal(t, c.want, all[0].String(), name)
	}
}

package mechanism

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xdg-go/scram"
)

// logsInWith runs SCRAM with a server that knows a name and a password of ASCII.
func logsInWith(t *testing.T, c Credentials, name, password string) error {
	t.Helper()
	m, err := Choose(Offer{Mechanisms: []string{"SCRAM-SHA-1"}}, c, Policy{})
	if err != nil {
		return err
	}
	first, err := m.Start()
	require.NoError(t, err)
	srv, err := scram.SHA1.NewServer(func(who string) (scram.StoredCredentials, error) {
		require.Equal(t, name, who)
		client, err := scram.SHA1.NewClientUnprepped(name, password, "")
		if err != nil {
			return scram.StoredCredentials{}, err
		}
		return client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt", Iters: 4096})
	})
	require.NoError(t, err)
	conv := srv.NewConversation()
	msg, err := conv.Step(string(first))
	require.NoError(t, err)
	answer, err := m.Next(t.Context(), []byte(msg))
	require.NoError(t, err)
	if msg, err = conv.Step(string(answer)); err != nil {
		return err
	}
	return m.Finish([]byte(msg), true)
}

// Names and passwords are prepared by SASLprep: the examples of RFC 4013, section 3, and what
// else its tables say.
func TestSASLprep(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"I\u00adX":                  "IX",           // a soft hyphen is mapped to nothing
		"user":                      "user",         // no transformation
		"USER":                      "USER",         // case is kept
		"\u00aa":                    "a",            // NFKC
		"\u2168":                    "IX",           // NFKC
		"a\u00a0b\u2003c":           "a b c",        // spaces beyond ASCII are spaces
		"\uff50\uff57":              "pw",           // full width
		"e\u0301":                   "\u00e9",       // composed
		"\u200d\ufe0fx\u2060\ufeff": "x",            // joiners and selectors are nothing
		"\u0627\u0628":              "\u0627\u0628", // right to left, throughout
	} {
		require.NoError(t, logsInWith(t, Credentials{Username: in, Password: in}, want, want), "%q", in)
		if in != want {
			require.Error(t, logsInWith(t, Credentials{Username: in, Password: in}, want, in), "%q goes out as %q", in, want)
		}
	}
	for _, bad := range []string{
		"\u0007",        // a control character: prohibited
		"\u06271",       // right to left, and not at the end: bidirectional check
		"\u0627a\u0628", // both directions
		"a\u007f", "\u0080", "\ufffd", "\ue000", "\U000e0001", "\u2028", "\u202a",
	} {
		for _, c := range []Credentials{{Username: "me", Password: "secret" + bad}, {Username: bad, Password: "secret"}} {
			_, err := Choose(Offer{Mechanisms: []string{"SCRAM-SHA-1"}}, c, Policy{})
			require.ErrorIs(t, err, ErrNone, "%q", bad)
			require.ErrorContains(t, err, "SASLprep")
			require.NotContains(t, err.Error(), "secret")
		}
	}
}

// PLAIN says what the user says: preparing it is up to the server (RFC 4616, section 2).
func TestPlainIsNotPrepared(t *testing.T) {
	t.Parallel()
	b, err := plain{Credentials{Username: "\u00aa", Password: "I\u00adX"}}.Start()
	require.NoError(t, err)
	require.Equal(t, "\x00\u00aa\x00I\u00adX", string(b))
}

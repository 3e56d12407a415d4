package model

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCamelCase(t *testing.T) {
	t.Parallel()
	for wire, want := range map[string]string{
		"id": "ID", "stanza-id": "StanzaID", "sessionId": "SessionID", "jid": "JID", "jids": "JIDs", "xml:lang": "XMLLang",
		"item-not-found": "ItemNotFound", "ver": "Ver", "h": "H", "sha-256": "SHA256", "sha-1": "SHA1", "tzo": "TZO", "utc": "UTC",
		"HTMLBody": "HTMLBody", "xhtml-im": "XHTMLIm", "max_stanza.size": "MaxStanzaSize", "os": "OS", "iq": "IQ", "ns": "NS",
		"FN": "FN", "X509": "X509", "urn:xmpp:sasl2#x": "UrnXMPPSasl2X", "": "", "-": "", "1.0": "10", "äpfel": "Äpfel",
		"upgradeTo": "UpgradeTo", "status": "Status", "ids": "IDs", "urls": "URLs", "https": "HTTPS", "is": "Is",
	} {
		require.Equal(t, want, CamelCase(wire), wire)
	}
}

func TestInitialisms(t *testing.T) {
	t.Parallel()
	list := Initialisms()
	for i, w := range list {
		require.NotContains(t, list[i+1:], w)
	}
	for _, w := range []string{"id", "jid", "uri", "url", "http", "xml", "iq", "ns", "ssl", "tls", "sasl", "utc", "tzo", "os", "sha"} {
		require.True(t, slices.Contains(list, w), w)
	}
}

func TestPlural(t *testing.T) {
	t.Parallel()
	for one, many := range map[string]string{
		"Item": "Items", "Status": "Statuses", "Query": "Queries", "Key": "Keys", "Box": "Boxes", "Match": "Matches", "JID": "JIDs",
		"Identity": "Identities", "Address": "Addresses", "XY": "XYs", "Y": "Ys",
	} {
		require.Equal(t, many, Plural(one))
	}
}

func TestTrimStutter(t *testing.T) {
	t.Parallel()
	tests := []struct{ pkg, name, want string }{
		{"chatstates", "ChatState", "State"},
		{"chatstate", "ChatStateName", "Name"},
		{"mood", "Mood", "Mood"},
		{"mood", "Moody", "Moody"},
		{"sasl", "Condition", "Condition"},
		{"markers", "MarkerKind", "Kind"},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, TrimStutter(tt.pkg, tt.name), tt.name)
	}
}

func TestScalars(t *testing.T) {
	t.Parallel()
	for _, name := range Scalars() {
		s := ScalarNamed(name)
		require.NotZero(t, s, name)
		require.NotEmpty(t, s.GoType().Name, name)
		require.Equal(t, s.Bits() != 0, s.IsInteger(), name)
		if s.IsInteger() {
			require.True(t, s.NeedsPointer(), name)
			require.Equal(t, s.GoType().Name[0] == 'u', s.IsUnsigned(), name)
		}
	}
	require.Equal(t, Int64, ScalarNamed("int"))
	require.Equal(t, Uint64, ScalarNamed("uint"))
	require.Zero(t, ScalarNamed("boolean"))
	require.Empty(t, Scalar(0).String())
}

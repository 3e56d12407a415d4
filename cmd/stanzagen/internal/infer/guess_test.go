package infer

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGuess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want, name string
		values     []string
	}{
		{"string", "x", nil},
		{"string", "x", []string{""}},
		{"uint32", "x", []string{"0", "4294967295"}},
		{"uint64", "x", []string{"1", "4294967296"}},
		{"string", "x", []string{"007"}},
		{"string", "x", []string{"18446744073709551616"}},
		{"int32", "x", []string{"-1", "5"}},
		{"int64", "x", []string{"-2147483649"}},
		{"string", "x", []string{"-0"}},
		{"decimal", "x", []string{"1.5", "-0.25"}},
		{"string", "x", []string{"1.5", "2"}},
		{"bool", "x", []string{"true", "false"}},
		{"uint32", "x", []string{"0", "1"}},
		{"string", "x", []string{"true", "maybe"}},
		{"datetime", "x", []string{"2024-05-01T10:00:00Z", "2024-05-01T10:00:00.5+02:00"}},
		{"string", "x", []string{"2024-05-01T25:00:00Z"}},
		{"string", "x", []string{"2024-05-01T10:00:00"}},
		{"date", "x", []string{"2024-05-01"}},
		{"jid", "x", []string{"a@b.example", "a@b.example/Home"}},
		{"string", "x", []string{"b.example"}},
		{"jid", "jid", []string{"b.example", "a@b"}},
		{"string", "x", []string{"a@b@c"}},
		{"string", "x", []string{"A@b"}},
		{"uri", "x", []string{"https://example.org/?a=b#c", "urn:uuid:1"}},
		{"string", "x", []string{"note: this"}},
		{"string", "x", []string{"a:b"}},
		{"hex", "x", []string{"d41d8cd98f00b204e9800998ecf8427e"}},
		{"string", "x", []string{"d41d8cd98f00b204e9800998ecf8427"}},
		{"base64", "x", []string{"AAECAw==", "AAEC"}},
		{"base64", "x", []string{"q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k="}},
		{"string", "x", []string{"AAECAx=="}},
		{"string", "x", []string{"word"}},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, guess(tt.name, tt.values), "%s %q", tt.name, tt.values)
	}
}

func TestEnumerated(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a", "b"}, enumerated([]string{"a", "b", "a", "b"}))
	require.Nil(t, enumerated([]string{"a", "b", "a"}), "too few")
	require.Nil(t, enumerated([]string{"a", "a", "a", "a"}), "only one")
	require.Nil(t, enumerated([]string{"a", "b", "c", "d"}), "all different")
	require.Nil(t, enumerated([]string{"a", "B", "a", "B"}), "no words")
}

func TestPackageName(t *testing.T) {
	t.Parallel()
	for space, want := range map[string]string{
		"urn:xmpp:receipts": "receipts", "urn:xmpp:mam:2": "mam", "http://jabber.org/protocol/disco#info": "disco",
		"jabber:iq:roster": "roster", "urn:example:type": "typeext", "urn:xml": "xmlext", "1:2": "other", "urn:x-y": "y",
	} {
		require.Equal(t, want, packageName(space), space)
	}
}

package jid

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestParsePlain holds the way that looks at eight bytes at once to the one that looks at each:
// addresses of every length, with something odd at every place.
func TestParsePlain(t *testing.T) {
	t.Parallel()
	odd := []string{"", ".", "-", "..", "-.", "_", "0", "9", "/", "@", ":", "A", "`", "{", " ", "~", "\x7f", "\x00", "\x1f", "\x80", "\xff", "é"}
	r := rand.New(rand.NewPCG(5, 6))
	letters := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = 'a' + byte(r.IntN(26))
		}
		return string(b)
	}
	taken := 0
	check := func(s string) {
		j, ok := parsePlain(s)
		if !ok {
			return
		}
		taken++
		want, err := parseAny(s)
		require.NoError(t, err, "%q", s)
		require.Equal(t, want, j, "%q", s)
	}
	for local := range 12 {
		for domain := range 20 {
			for resource := range 12 {
				s := letters(domain)
				if local > 0 {
					s = letters(local-1) + "@" + s
				}
				if resource > 0 {
					s += "/" + letters(resource-1)
				}
				check(s)
				for at := range len(s) + 1 {
					check(s[:at] + odd[r.IntN(len(odd))] + s[at:])
					check(s[:at] + odd[r.IntN(len(odd))] + s[min(at+1, len(s)):])
				}
			}
		}
	}
	require.Greater(t, taken, 10_000)
	for _, s := range []string{"romeo@montague.example/orchard", "montague.example", "contact17@chat.xmpp-1.example/Third Witch", strings.Repeat("a", 55) + "@b.example"} {
		_, ok := parsePlain(s)
		require.True(t, ok, "%q", s)
	}
	for _, s := range []string{strings.Repeat("a", 64) + ".example", "a@b.example1", "short@x", strings.Repeat("a", 1024) + "@b.example"} {
		_, ok := parsePlain(s)
		require.False(t, ok, "%q", s)
	}
}

package jid_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/idna"

	"stanza.invalid/xmpp/jid"
)

func TestDomains(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"one label", "localhost", "localhost"},
		{"dot at the end", "example.org.", "example.org"},
		{"digits", "123.example", "123.example"},
		{"number alone", "42", "42"},
		{"three numbers", "1.2.3", "1.2.3"},
		{"hyphens within", "a-b--c.example", "a-b--c.example"},
		{"hyphens in the third and fourth place", "ab--cd.example", "ab--cd.example"},
		{"underscores", "_xmpp_1.internal", "_xmpp_1.internal"},
		{"capitals", "EXAMPLE.Org", "example.org"},

		{"U-label", "bücher.example", "bücher.example"},
		{"U-label in capitals", "BÜCHER.example", "bücher.example"},
		{"A-label", "xn--bcher-kva.example", "bücher.example"},
		{"A-label in capitals", "XN--BCHER-KVA.example", "bücher.example"},
		{"A-label as the last one", "example.xn--p1ai", "example.рф"},
		{"A-label in wide letters", "\uff58\uff4e--bcher-kva.example", "bücher.example"},
		{"sharp s is a letter of its own", "faß.example", "faß.example"},
		{"sharp s as A-label", "xn--fa-hia.example", "faß.example"},
		{"capital sharp s", "FA\u1e9e.example", "faß.example"},
		{"final sigma is a letter of its own", "βόλος.example", "βόλος.example"},
		{"final sigma as A-label", "xn--nxasmm1c.example", "βόλος.example"},
		{"capital sigma", "ΒΌΛΟΣ.example", "βόλοσ.example"},
		{"wide letters", "\uff25\uff58\uff41\uff4d\uff50\uff4c\uff45.org", "example.org"},
		{"ideographic full stop", "例え\u3002example", "例え.example"},
		{"wide full stop", "例え\uff0eexample", "例え.example"},
		{"narrow ideographic full stop", "例え\uff61example", "例え.example"},
		{"combining accent", "bu\u0308cher.example", "bücher.example"},
		{"Cherokee capitals", "\u13a0\u13f0.example", "\u13a0\u13f0.example"},
		{"Cherokee small letters", "\uab70\u13f8.example", "\u13a0\u13f0.example"},
		{"middle dot of Katakana", "ア・イ.example", "ア・イ.example"},
		{"middle dot of Catalan", "col·l.example", "col·l.example"},
		{"joiner after a virama", "\u0915\u094d\u200d\u0937.example", "\u0915\u094d\u200d\u0937.example"},
		{"Hebrew", "\u05d0\u05d1.example", "\u05d0\u05d1.example"},
		{"Hebrew and letters first", "a1.\u05d0\u05d1", "a1.\u05d0\u05d1"},
		{"digit first without right-to-left text", "1a.é", "1a.é"},

		{"IPv4", "192.0.2.1", "192.0.2.1"},
		{"IPv4 with a dot at the end", "192.0.2.1.", "192.0.2.1"},
		{"IPv4 in wide digits", "\uff11.2.3.4", "1.2.3.4"},
		{"IPv6", "[2001:db8::1]", "[2001:db8::1]"},
		{"IPv6 in another spelling", "[2001:0DB8:0:0:0:0:0:1]", "[2001:db8::1]"},
		{"IPv6 with IPv4 within", "[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"},
		{"IPv6 with IPv4 within, in hexadecimal", "[::ffff:c000:201]", "[::ffff:192.0.2.1]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j, err := jid.Parse(tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.want, j.Domain())
			require.Equal(t, tt.want, j.String())

			full, err := jid.Parse("a@" + tt.in + "/b")
			require.NoError(t, err)
			require.Equal(t, "a@"+tt.want+"/b", full.String())
			require.True(t, j == full.DomainJID())

			again, err := jid.New("", tt.want, "")
			require.NoError(t, err)
			require.True(t, j == again)
		})
	}
}

func TestDomainsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		reason   jid.Reason
	}{
		{"a dot alone", ".", jid.ErrEmpty},
		{"two dots", "..", jid.ErrLabel},
		{"two dots at the end", "example.org..", jid.ErrLabel},
		{"empty label", "example..org", jid.ErrLabel},
		{"dot first", ".example", jid.ErrLabel},
		{"ideographic full stop at the end", "例え\u3002", jid.ErrLabel},
		{"space", "exa mple", jid.ErrCharacter},
		{"colon", "example.org:5222", jid.ErrCharacter},
		{"backslash", `exa\20mple`, jid.ErrCharacter},
		{"exclamation mark", "exa!mple", jid.ErrCharacter},
		{"NUL", "example\x00.org", jid.ErrCharacter},
		{"slash by width mapping", "example\uff0forg", jid.ErrCharacter},
		{"hyphen first", "-a.example", jid.ErrLabel},
		{"hyphen last", "a-.example", jid.ErrLabel},
		{"hyphen last of all", "example-", jid.ErrLabel},
		{"hyphen alone", "-", jid.ErrLabel},
		{"hyphen first in a U-label", "-ü.example", jid.ErrLabel},
		{"hyphen last in a U-label", "ü-.example", jid.ErrLabel},
		{"hyphens in the third and fourth place of a U-label", "üb--c.example", jid.ErrLabel},
		{"underscore in a U-label", "ü_b.example", jid.ErrCharacter},
		{"mark first", "\u0301a.example", jid.ErrLabel},
		{"soft hyphen", "exam\u00adple.org", jid.ErrCharacter},
		{"byte-order mark", "example\ufeff.org", jid.ErrCharacter},
		{"symbol", "☃.example", jid.ErrCharacter},
		{"emoji", "\U0001f4a9.example", jid.ErrCharacter},
		{"Roman numeral", "henry\u2163.example", jid.ErrCharacter},
		{"combining mark for symbols", "a\u20d0.example", jid.ErrCharacter},
		{"musical mark", "a\U0001d165.example", jid.ErrCharacter},
		{"iota below, which case folding changes", "\u1fb3.example", jid.ErrCharacter},
		{"joiner without a virama", "a\u200db.example", jid.ErrCharacter},
		{"middle dot of Katakana in another label", "a・b.ア", jid.ErrCharacter},

		{"A-label of nothing", "xn--.example", jid.ErrLabel},
		{"A-label of ASCII", "xn--abc-.example", jid.ErrLabel},
		{"A-label that is no Punycode", "xn--0.example", jid.ErrLabel},
		{"A-label of a capital letter", "xn--dca.example", jid.ErrLabel}, // É
		{"A-label of an emoji", "xn--ls8h.example", jid.ErrLabel},
		{"A-label not in normal form", "xn--bucher-xyd.example", jid.ErrLabel}, // u with a combining mark
		{"A-label of wide letters", "xn--mi7cc.example", jid.ErrLabel},

		{"right-to-left with left-to-right within", "\u05d0a.example", jid.ErrBidi},
		{"digit first beside right-to-left text", "1a.\u05d0\u05d1", jid.ErrBidi},

		{"IPv4 out of range", "192.0.2.256", jid.ErrIP},
		{"IPv4 with leading zeros", "192.0.02.1", jid.ErrIP},
		{"IPv6 without brackets", "2001:db8::1", jid.ErrCharacter},
		{"IPv6 with a zone", "[fe80::1%eth0]", jid.ErrIP},
		{"IPv6 with an escaped zone", "[fe80::1%25eth0]", jid.ErrIP},
		{"IPv4 in brackets", "[192.0.2.1]", jid.ErrIP},
		{"future IP literal", "[v1.a]", jid.ErrIP},
		{"empty brackets", "[]", jid.ErrIP},
		{"bracket alone", "[", jid.ErrIP},
		{"no closing bracket", "[::1", jid.ErrIP},
		{"text after the brackets", "[::1]:5222", jid.ErrIP},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			requireError(t, tt.in, jid.Domainpart, tt.reason)
			requireError(t, "a@"+tt.in+"/b", jid.Domainpart, tt.reason)
		})
	}
}

// Whatever single character this package takes in a host name and leaves as it is, a registry
// takes under UTS #46 as well, and the other spelling, as A-label, gives the same address.
func TestDomainsAreIDNA(t *testing.T) {
	t.Parallel()
	checked := 0
	for r := rune(0x80); r < 0x30000; r++ {
		if testing.Short() && r > 0x3000 {
			break
		}
		host := "a" + string(r) + "b"
		j, err := jid.Parse(host)
		if err != nil || j.String() != host {
			continue
		}
		a, err := idna.Registration.ToASCII(host)
		require.NoError(t, err, "%U", r)
		require.True(t, strings.HasPrefix(a, "xn--"), "%U", r)
		k, err := jid.Parse(a)
		require.NoError(t, err, "%U", r)
		require.True(t, j == k, "%U", r)
		if r > 0x3000 {
			r += 16 // the rest is large and uniform
		}
		checked++
	}
	require.Greater(t, checked, 1000)
}

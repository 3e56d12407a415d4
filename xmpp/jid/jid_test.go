package jid_test

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp/jid"
)

// The examples of RFC 7622, section 3.5, by their numbers, with erratum 4560 (VS11).
func TestExamplesOfRFC7622(t *testing.T) {
	t.Parallel()
	valid := []struct {
		n                              int
		in, local, domain, resource, s string // s is empty if it equals in
	}{
		{1, "juliet@example.com", "juliet", "example.com", "", ""},
		{2, "juliet@example.com/foo", "juliet", "example.com", "foo", ""},
		{3, "juliet@example.com/foo bar", "juliet", "example.com", "foo bar", ""},
		{4, "juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar", ""},
		{5, `foo\20bar@example.com`, `foo\20bar`, "example.com", "", ""},
		{6, "fussball@example.com", "fussball", "example.com", "", ""},
		{7, "fu\u00dfball@example.com", "fu\u00dfball", "example.com", "", ""},
		{8, "\u03c0@example.com", "\u03c0", "example.com", "", ""},
		{9, "\u03a3@example.com/foo", "\u03c3", "example.com", "foo", "\u03c3@example.com/foo"},
		{10, "\u03c3@example.com/foo", "\u03c3", "example.com", "foo", ""},
		{11, "\u03c2@example.com/foo", "\u03c2", "example.com", "foo", ""},
		{12, "king@example.com/\u265a", "king", "example.com", "\u265a", ""},
		{13, "example.com", "", "example.com", "", ""},
		{14, "example.com/foobar", "", "example.com", "foobar", ""},
		{15, "a.example.com/b@example.net", "", "a.example.com", "b@example.net", ""},
		{18, "juliet@example.com/ foo", "juliet", "example.com", " foo", ""},
	}
	for _, tt := range valid {
		j, err := jid.Parse(tt.in)
		require.NoError(t, err, "example %d", tt.n)
		if tt.s == "" {
			tt.s = tt.in
		}
		require.Equal(t, tt.s, j.String(), "example %d", tt.n)
		require.Equal(t, []string{tt.local, tt.domain, tt.resource},
			[]string{j.Local(), j.Domain(), j.Resource()}, "example %d", tt.n)
	}

	invalid := []struct {
		n      int
		in     string
		part   jid.Part
		reason jid.Reason
	}{
		{16, `"juliet"@example.com`, jid.Localpart, jid.ErrCharacter},
		{17, "foo bar@example.com", jid.Localpart, jid.ErrCharacter},
		{19, "@example.com/", jid.Localpart, jid.ErrEmpty},
		{20, "henry\u2163@example.com", jid.Localpart, jid.ErrCharacter},
		{21, "\u265a@example.com", jid.Localpart, jid.ErrCharacter},
		{22, "juliet@", jid.Domainpart, jid.ErrEmpty},
		{23, "/foobar", jid.Domainpart, jid.ErrEmpty},
	}
	for _, tt := range invalid {
		requireError(t, tt.in, tt.part, tt.reason)
	}
}

// requireError checks that in is no address, and why.
func requireError(t *testing.T, in string, part jid.Part, reason jid.Reason) {
	t.Helper()
	j, err := jid.Parse(in)
	require.Error(t, err, "%q became %q", in, j)
	require.Zero(t, j)
	var e *jid.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, part, e.Part, "%q: %v", in, err)
	require.Equal(t, reason, e.Reason, "%q: %v", in, err)
	require.ErrorIs(t, err, reason)
}

func TestParseNormalises(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"capitals", "Romeo@Montague.Example/Orchard", "romeo@montague.example/Orchard"},
		{"capitals in the domain alone", "MONTAGUE.example", "montague.example"},
		{"capitals beside other scripts", "ÉMILE@Example.org/É", "émile@example.org/É"},
		{"capital sharp s", "GRO\u1e9e@example.org", "groß@example.org"},
		{"wide letters", "\uff52\uff4f\uff4d\uff45\uff4f@example.org", "romeo@example.org"},
		{"Kelvin sign", "\u212a@example.org", "k@example.org"},
		{"combining accent", "cafe\u0301@example.org/cafe\u0301", "caf\u00e9@example.org/caf\u00e9"},
		{"no-break space", "example.org/a\u00a0b", "example.org/a b"},
		{"wide letters stay in resources", "example.org/\uff41", "example.org/\uff41"},
		{"dotted capital I", "\u0130@example.org", "i\u0307@example.org"},
		{"Cherokee", "\u13a0@example.org", "\uab70@example.org"},
		{"digit first beside an accent", "1é@example.org", "1é@example.org"},
		{"punctuation last beside an accent", "é_@example.org", "é_@example.org"},
		{"middle dot of Catalan", "col·l@example.org", "col·l@example.org"},
		{"middle dot of Katakana", "ア・イ@example.org", "ア・イ@example.org"},
		{"joiner after a virama", "\u0915\u094d\u200d\u0937@example.org", "\u0915\u094d\u200d\u0937@example.org"},
		{"Hebrew", "\u05d0\u05d1@example.org", "\u05d0\u05d1@example.org"},
		{"Hebrew with digits", "\u05d01@example.org", "\u05d01@example.org"},
		{"any ASCII in a resource", "example.org/ !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ", "example.org/ !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ "},
		{"all of ASCII in a localpart", "!#$%()*+,-.;=?[\\]^_`{|}~@example.org", "!#$%()*+,-.;=?[\\]^_`{|}~@example.org"},
		{"second at sign in the resource", "a@b/c@d/e", "a@b/c@d/e"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j, err := jid.Parse(tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.want, j.String())
			require.True(t, j == jid.MustParse(tt.want), "equal addresses are equal values")
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		part     jid.Part
		reason   jid.Reason
	}{
		{"nothing", "", jid.Address, jid.ErrEmpty},
		{"a separator alone", "@", jid.Localpart, jid.ErrEmpty},
		{"no domain at all", "juliet@/x", jid.Domainpart, jid.ErrEmpty},
		{"empty resource", "example.org/", jid.Resourcepart, jid.ErrEmpty},
		{"empty resource beside other scripts", "é@example.org/", jid.Resourcepart, jid.ErrEmpty},
		{"two at signs", "a@b@c", jid.Domainpart, jid.ErrCharacter},
		{"at sign by width mapping", "a\uff20b@example.org", jid.Localpart, jid.ErrCharacter},
		{"slash by width mapping", "a\uff0fb@example.org", jid.Localpart, jid.ErrCharacter},
		{"quotation mark by width mapping", "\uff02@example.org", jid.Localpart, jid.ErrCharacter},
		{"invalid UTF-8 in the localpart", "a\xff@example.org", jid.Localpart, jid.ErrUTF8},
		{"invalid UTF-8 in the domainpart", "ex\xc3ample.org", jid.Domainpart, jid.ErrUTF8},
		{"invalid UTF-8 in the resourcepart", "example.org/\xed\xa0\x80", jid.Resourcepart, jid.ErrUTF8},
		{"overlong UTF-8", "\xc0\xaf@example.org", jid.Localpart, jid.ErrUTF8},
		{"truncated UTF-8", "example.org/a\xe2\x82", jid.Resourcepart, jid.ErrUTF8},
		{"control character", "example.org/a\tb", jid.Resourcepart, jid.ErrCharacter},
		{"delete", "a\x7f@example.org", jid.Localpart, jid.ErrCharacter},
		{"NUL", "a\x00@example.org", jid.Localpart, jid.ErrCharacter},
		{"NUL beside other scripts", "example.org/é\x00", jid.Resourcepart, jid.ErrCharacter},
		{"unassigned in the localpart", "\u0378@example.org", jid.Localpart, jid.ErrCharacter},
		{"unassigned in the domainpart", "a\u0378.example", jid.Domainpart, jid.ErrCharacter},
		{"unassigned in the resourcepart", "example.org/\u0378", jid.Resourcepart, jid.ErrCharacter},
		{"noncharacter", "example.org/\ufffe", jid.Resourcepart, jid.ErrCharacter},
		{"private use", "\ue000@example.org", jid.Localpart, jid.ErrCharacter},
		{"soft hyphen", "a\u00adb@example.org", jid.Localpart, jid.ErrCharacter},
		{"no-break space in the localpart", "a\u00a0b@example.org", jid.Localpart, jid.ErrCharacter},
		{"mark that changes direction", "example.org/\u202e", jid.Resourcepart, jid.ErrCharacter},
		{"joiner without a virama", "a\u200db@example.org", jid.Localpart, jid.ErrCharacter},
		{"middle dot of Catalan elsewhere", "a·b@example.org", jid.Localpart, jid.ErrCharacter},
		{"middle dot of Katakana alone", "a・b@example.org", jid.Localpart, jid.ErrCharacter},
		{"two kinds of Arabic digits", "\u0627\u0661\u06f1@example.org", jid.Localpart, jid.ErrCharacter},
		{"left-to-right within right-to-left", "\u05d0a\u05d1@example.org", jid.Localpart, jid.ErrBidi},
		{"right-to-left after left-to-right", "a\u05d0@example.org", jid.Localpart, jid.ErrBidi},
	}
	for _, c := range "\"&'/:<> " {
		if c == '/' {
			continue // it ends the bare address
		}
		tests = append(tests, struct {
			name, in string
			part     jid.Part
			reason   jid.Reason
		}{"excluded " + string(c), "a" + string(c) + "b@example.org", jid.Localpart, jid.ErrCharacter})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			requireError(t, tt.in, tt.part, tt.reason)
		})
	}
}

func TestPartsOfNewAreNotSplit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		local, domain, resource string
		part                    jid.Part
		reason                  jid.Reason
	}{
		{"a@b", "example.org", "", jid.Localpart, jid.ErrCharacter},
		{"a/b", "example.org", "", jid.Localpart, jid.ErrCharacter},
		{"", "a@example.org", "", jid.Domainpart, jid.ErrCharacter},
		{"", "example.org/a", "", jid.Domainpart, jid.ErrCharacter},
		{"", "é.org/a", "", jid.Domainpart, jid.ErrCharacter},
		{"", "", "", jid.Domainpart, jid.ErrEmpty},
		{"a", "", "b", jid.Domainpart, jid.ErrEmpty},
		{"", "example.org", "a\nb", jid.Resourcepart, jid.ErrCharacter},
		{"", "example.org", "\xff", jid.Resourcepart, jid.ErrUTF8},
	}
	for _, tt := range tests {
		j, err := jid.New(tt.local, tt.domain, tt.resource)
		var e *jid.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, tt.part, e.Part)
		require.Equal(t, tt.reason, e.Reason)
		require.True(t, j.IsZero())
	}
}

func TestNewAgreesWithParse(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a", "a/b", "a@b", "a@b/c", "é@ü.example/ö", "[::1]/x", "1.2.3.4"} {
		j := jid.MustParse(s)
		n, err := jid.New(j.Local(), j.Domain(), j.Resource())
		require.NoError(t, err)
		require.True(t, j == n, "%q", s)
	}
	j, err := jid.New("Romeo", "Montague.EXAMPLE.", "Orchard")
	require.NoError(t, err)
	require.True(t, j == jid.MustParse("romeo@montague.example/Orchard"))
}

// Each part may have 1023 bytes, counted after normalisation. The DNS keeps host names
// far below that: 63 octets a label, 253 in all.
func TestLimits(t *testing.T) {
	t.Parallel()
	a := func(n int) string { return strings.Repeat("a", n) }
	host := func(last int) string { return strings.Repeat(a(63)+".", 3) + a(last) }
	tests := []struct {
		name, in string
		part     jid.Part // empty if the address is valid
	}{
		{"localpart 1023", a(1023) + "@example.org", ""},
		{"localpart 1024", a(1024) + "@example.org", jid.Localpart},
		{"localpart 1024 in capitals", strings.ToUpper(a(1024)) + "@example.org", jid.Localpart},
		{"localpart 1022 in two-byte characters", strings.Repeat("é", 511) + "@example.org", ""},
		{"localpart 1024 in two-byte characters", strings.Repeat("é", 512) + "@example.org", jid.Localpart},
		{"localpart 1024 of width 3 that becomes 1", strings.Repeat("\uff41", 1023) + "@example.org", ""},
		{"localpart that grows beyond by case", strings.Repeat("\u0130", 512) + "@example.org", jid.Localpart},
		{"resourcepart 1023", "example.org/" + a(1023), ""},
		{"resourcepart 1024", "example.org/" + a(1024), jid.Resourcepart},
		{"resourcepart 1023 beside other scripts", "example.org/é" + a(1021), ""},
		{"resourcepart 1024 beside other scripts", "example.org/é" + a(1022), jid.Resourcepart},
		{"resourcepart that shrinks by normalisation", "example.org/" + strings.Repeat("e\u0301", 511), ""},
		{"label 63", a(63) + ".example", ""},
		{"label 64", a(64) + ".example", jid.Domainpart},
		{"last label 64", "example." + a(64), jid.Domainpart},
		{"host 253", host(61), ""},
		{"host 253 and a dot", host(61) + ".", ""},
		{"host 254", host(62), jid.Domainpart},
		{"domainpart 1023", strings.Repeat("a.", 511) + "a", jid.Domainpart},
		{"domainpart 1024", strings.Repeat("a.", 511) + "aa", jid.Domainpart},
		{"U-label whose A-label has 63", strings.Repeat("ü", 57) + ".example", ""},
		{"U-label whose A-label has 64", strings.Repeat("ü", 58) + ".example", jid.Domainpart},
		{"U-label of 10,000", strings.Repeat("ü", 10000), jid.Domainpart},
		{"A-label 64", "xn--" + strings.Repeat("a", 60), jid.Domainpart},
		{"host of 247 in A-labels", strings.Repeat("ü.", 31), ""},
		{"host of 255 in A-labels, 95 in UTF-8", strings.Repeat("ü.", 32), jid.Domainpart},
		{"all parts", a(1023) + "@" + host(61) + "/" + a(1023), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.part != "" {
				requireError(t, tt.in, tt.part, jid.ErrTooLong)
				return
			}
			j, err := jid.Parse(tt.in)
			require.NoError(t, err)
			again, err := jid.Parse(j.String())
			require.NoError(t, err)
			require.True(t, j == again)
		})
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	full := jid.MustParse("romeo@montague.example/orchard")
	require.Equal(t, "romeo@montague.example", full.Bare().String())
	require.Equal(t, "montague.example", full.DomainJID().String())
	require.True(t, full.IsFull() && !full.IsBare() && !full.IsZero())

	bare := full.Bare()
	require.True(t, bare == jid.MustParse("romeo@montague.example"))
	require.True(t, bare.IsBare() && !bare.IsFull() && !bare.IsZero())
	require.True(t, bare.Bare() == bare)
	require.True(t, full.DomainJID() == jid.MustParse("montague.example"))

	service := jid.MustParse("rooms.example/x")
	require.True(t, service.IsFull())
	require.True(t, service.Bare() == jid.MustParse("rooms.example"))
	require.True(t, service.DomainJID() == service.Bare())

	var zero jid.JID
	require.True(t, zero.IsZero() && !zero.IsBare() && !zero.IsFull())
	require.True(t, zero.Bare() == zero && zero.DomainJID() == zero && zero.Clone() == zero)
	require.Equal(t, []string{"", "", "", ""}, []string{zero.Local(), zero.Domain(), zero.Resource(), zero.String()})
}

func TestWith(t *testing.T) {
	t.Parallel()
	full := jid.MustParse("romeo@montague.example/orchard")
	local, domain, resource := jid.JID.WithLocal, jid.JID.WithDomain, jid.JID.WithResource
	tests := []struct {
		from, want string
		with       func(jid.JID, string) (jid.JID, error)
		part       string
	}{
		{full.String(), "juliet@montague.example/orchard", local, "Juliet"},
		{full.String(), "montague.example/orchard", local, ""},
		{full.String(), full.String(), local, "ROMEO"},
		{"montague.example", "juliet@montague.example", local, "juliet"},
		{full.String(), "romeo@bücher.example/orchard", domain, "xn--bcher-kva.example"},
		{full.String(), full.String(), domain, "montague.example."},
		{full.String(), "romeo@montague.example/balcony", resource, "balcony"},
		{full.String(), "romeo@montague.example", resource, ""},
		{full.String(), full.String(), resource, "orchard"},
		{"montague.example", "montague.example/a/b", resource, "a/b"},
		{"romeo@montague.example", "romeo@montague.example/\u265a", resource, "\u265a"},
	}
	for _, tt := range tests {
		j, err := tt.with(jid.MustParse(tt.from), tt.part)
		require.NoError(t, err)
		require.Equal(t, tt.want, j.String())
		require.True(t, j == jid.MustParse(tt.want))
	}

	for _, tt := range []struct {
		with   func(jid.JID, string) (jid.JID, error)
		in     string
		part   jid.Part
		reason jid.Reason
	}{
		{local, "a b", jid.Localpart, jid.ErrCharacter},
		{domain, "", jid.Domainpart, jid.ErrEmpty},
		{domain, "a b", jid.Domainpart, jid.ErrCharacter},
		{resource, "\n", jid.Resourcepart, jid.ErrCharacter},
	} {
		j, err := tt.with(full, tt.in)
		var e *jid.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, jid.Error{Part: tt.part, Input: tt.in, Reason: tt.reason}, *e)
		require.Zero(t, j)
	}
	for _, with := range []func(jid.JID, string) (jid.JID, error){local, domain, resource} {
		_, err := with(jid.JID{}, "a")
		require.ErrorIs(t, err, jid.ErrEmpty, "the zero JID gets no parts")
	}
}

func TestEqualAndMapKey(t *testing.T) {
	t.Parallel()
	seen := map[jid.JID]int{}
	for _, s := range []string{
		"romeo@montague.example", "ROMEO@montague.example", "romeo@MONTAGUE.example.",
		"romeo@xn--bcher-kva.example", "romeo@bücher.example", "romeo@BÜCHER.example",
		"romeo@bu\u0308cher.example",
	} {
		seen[jid.MustParse(s)]++
	}
	require.Equal(t, map[jid.JID]int{
		jid.MustParse("romeo@montague.example"): 3,
		jid.MustParse("romeo@bücher.example"):   4,
	}, seen)
	require.False(t, jid.MustParse("example.org/A") == jid.MustParse("example.org/a"), "resourceparts keep their case")
	require.LessOrEqual(t, unsafe.Sizeof(jid.JID{}), uintptr(24))
}

func TestCloneHasItsOwnText(t *testing.T) {
	t.Parallel()
	stanza := "<presence from='romeo@montague.example/orchard'/>"
	j := jid.MustParse(stanza[16:46])
	require.Same(t, unsafe.StringData(stanza[16:]), unsafe.StringData(j.String()), "Parse copies nothing")
	c := j.Clone()
	require.True(t, c == j)
	require.NotSame(t, unsafe.StringData(j.String()), unsafe.StringData(c.String()))
}

func TestCompare(t *testing.T) {
	t.Parallel()
	want := []string{
		"", "a.example", "a.example/x", "romeo@a.example", "romeo@a.example/a", "romeo@a.example/b",
		"romeo-x@a.example", "a@b.example", "é@b.example", "é.example",
	}
	var got []jid.JID
	for _, s := range want {
		var j jid.JID
		require.NoError(t, j.UnmarshalText([]byte(s)))
		got = append(got, j)
	}
	for i, a := range got {
		for k, b := range got {
			require.Equal(t, cmpInt(i, k), jid.Compare(a, b), "%q and %q", a, b)
		}
	}
	slices.Reverse(got)
	slices.SortFunc(got, jid.Compare)
	for i := range got {
		require.Equal(t, want[i], got[i].String())
	}
}

func cmpInt(a, b int) int { return min(1, max(-1, a-b)) }

func TestMustParsePanics(t *testing.T) {
	t.Parallel()
	require.PanicsWithError(t, `jid: localpart is empty`, func() { jid.MustParse("@example.org") })
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 2000)
	tests := []struct{ in, want string }{
		{"", "jid: address is empty"},
		{"foo bar@example.org", `jid: localpart "foo bar" contains a character that is not allowed there`},
		{"example.org/\xff\n", `jid: resourcepart "\xff\n" is not valid UTF-8`},
		{"example.org/" + long, `jid: resourcepart "` + long[:64] + `"... is too long`},
		{"-a.example", `jid: domainpart "-a.example" contains a malformed label`},
		{"1.2.3.4.", ""},
		{"1.2.3.400", `jid: domainpart "1.2.3.400" is not an IP address`},
	}
	for _, tt := range tests {
		_, err := jid.Parse(tt.in)
		if tt.want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, tt.want)
	}
}

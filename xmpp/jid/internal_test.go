package jid

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/secure/precis"
)

// The table says the same as the rules that it stands for.
func TestClasses(t *testing.T) {
	t.Parallel()
	for i := range 256 {
		c := string(rune(i))
		class := classes[i]
		lower := 'a' <= i && i <= 'z'
		upper := 'A' <= i && i <= 'Z'
		require.Equal(t, i > 0x20 && i < 0x7f && !upper && !strings.Contains("\"&'/:<>@", c), class&inLocal != 0, "%q", c)
		require.Equal(t, lower || isDigit(byte(i)) || i == '_', class&inLabel != 0, "%q", c)
		require.Equal(t, i >= 0x20 && i < 0x7f, class&inResource != 0, "%q", c)
		require.Equal(t, upper, class&isUpper != 0, "%q", c)
	}
}

// The fast path takes what is ASCII and in normal form, and nothing else.
func TestParseCanonical(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"example.org", "a@example.org", "a@example.org/b", "example.org/b@c/d", "a-b--c.example/ ", "ab--cd", "_x.y",
	} {
		j, ok := parseCanonical(s)
		require.True(t, ok, "%q", s)
		require.Equal(t, s, j.String())
	}
	for _, s := range []string{
		"", "@a", "a@", "a/", "/a", "A@b", "a@B", "é@b", "a@é", "a@b/é", "a@b.", "a@b..c", "a@.b", "a@-b", "a@b-", "a@b-.c",
		"a@xn--bcher-kva", "a@b.xn--p1ai", "a b@c", "a@b c", "a@b/\t", "a@b@c", "[::1]", "1.2.3.4", "a:b@c",
	} {
		_, ok := parseCanonical(s)
		require.False(t, ok, "%q", s)
		_, ok = parsePlain(s)
		require.False(t, ok, "%q", s)
	}
}

// The profile for localparts is that of the precis package wherever that one applies the Bidi Rule rightly.
func TestUsernameIsTheProfile(t *testing.T) {
	t.Parallel()
	same := 0
	for r := rune(0x80); r < 0x3100; r++ {
		s := "b" + string(r) + "c"
		want, err := precis.UsernameCaseMapped.String(s)
		got, reason := normalizeLocal(s)
		if strings.ContainsAny(want, "\"&'/:<>@") {
			require.Equal(t, ErrCharacter, reason, "%U", r)
			continue
		}
		require.Equal(t, err == nil, reason == "", "%U: %v, %v", r, err, reason)
		require.Equal(t, want, got, "%U", r)
		if err == nil {
			same++
		}
	}
	require.Greater(t, same, 1000)

	_, err := precis.UsernameCaseMapped.String("1é")
	require.Error(t, err, "the precis package has learned to leave left-to-right text alone: use its profile")
}

// Applying the rules to one character in any part gives a stable address at once.
func TestSingleCharactersAreStable(t *testing.T) {
	t.Parallel()
	stable := 0
	for r := rune(0); r < 0x20000; r++ {
		if testing.Short() && r > 0x3100 {
			break
		}
		if r > 0x4000 {
			r += 6 // mostly ideographs
		}
		for _, s := range []string{string(r) + "@a", "b@a" + string(r), "a/" + string(r)} {
			j, err := Parse(s)
			if err != nil {
				continue
			}
			again, err := Parse(j.String())
			require.NoError(t, err, "%U", r)
			require.True(t, j == again, "%U: %q, then %q", r, j, again)
			stable++
		}
	}
	require.Greater(t, stable, 1000)
}

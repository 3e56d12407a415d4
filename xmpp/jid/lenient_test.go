package jid_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp/jid"
)

func TestParseLenient(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	tests := []struct {
		name, in, want string
		lenient        bool // Parse refuses it
	}{
		{"plain", "juliet@example.com/balcony", "juliet@example.com/balcony", false},
		{"no resource", "juliet@example.com", "juliet@example.com", false},
		{"normalised where Parse does it", "Juliet@EXAMPLE.com/e\u0301", "juliet@example.com/\u00e9", false},
		{"emoji", "room@muc.example/\U0001f469", "room@muc.example/\U0001f469", false},
		{"joiner", "room@muc.example/\U0001f469\u200d\U0001f680", "room@muc.example/\U0001f469\u200d\U0001f680", true},
		{"variation selector", "room@muc.example/\u2764\ufe0f", "room@muc.example/\u2764\ufe0f", true},
		{"keycap", "room@muc.example/1\ufe0f\u20e3", "room@muc.example/1\ufe0f\u20e3", true},
		{"not assigned", "room@muc.example/\U0001faff\U0001fbcf", "room@muc.example/\U0001faff\U0001fbcf", true},
		{"private use", "room@muc.example/\ue000", "room@muc.example/\ue000", true},
		{"separators in it", "room@muc.example/a@b/c\u200d", "room@muc.example/a@b/c\u200d", true},
		{"not normalised", "room@muc.example/e\u0301\u200d", "room@muc.example/e\u0301\u200d", true},
		{"spaces at the ends", "room@muc.example/ \u200d ", "room@muc.example/ \u200d ", true},
		{"bare part normalised", "Room@MUC.example./\u200d", "room@muc.example/\u200d", true},
		{"of a domain", "muc.example/\u200d", "muc.example/\u200d", true},
		{"of an IP address", "[2001:DB8::1]/\u200d", "[2001:db8::1]/\u200d", true},
		{"1023 bytes", "a@b/" + long + strings.Repeat("y", 20) + "\u200d", "a@b/" + long + strings.Repeat("y", 20) + "\u200d", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			strict, err := jid.Parse(tt.in)
			require.Equal(t, tt.lenient, err != nil, "%v", err)
			j, err := jid.ParseLenient(tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.want, j.String())
			if !tt.lenient {
				require.True(t, j == strict)
			}
			again, err := jid.ParseLenient(j.String())
			require.NoError(t, err)
			require.True(t, again == j)
			require.True(t, j.Clone() == j)

			bare, resource, _ := strings.Cut(tt.want, "/")
			require.True(t, j.Bare() == jid.MustParse(bare))
			require.Equal(t, resource, j.Resource())
			require.Equal(t, bare, j.Bare().String())
			require.Equal(t, strings.Contains(tt.want, "/"), j.IsFull())
			if local, domain, ok := strings.Cut(bare, "@"); ok {
				require.Equal(t, local, j.Local())
				require.Equal(t, domain, j.Domain())
			}
			other, err := j.WithDomain("other.example")
			require.NoError(t, err)
			require.Equal(t, resource, other.Resource())
		})
	}
}

func TestParseLenientRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		part     jid.Part
		reason   jid.Reason
	}{
		{"nothing", "", jid.Address, jid.ErrEmpty},
		{"empty resource", "a@b/", jid.Resourcepart, jid.ErrEmpty},
		{"too long", "a@b/" + strings.Repeat("\u200d", 342), jid.Resourcepart, jid.ErrCharacter},
		{"no UTF-8", "a@b/\xff\u200d", jid.Resourcepart, jid.ErrUTF8},
		{"surrogate", "a@b/\xed\xa0\x80", jid.Resourcepart, jid.ErrUTF8},
		{"line end", "a@b/x\ny", jid.Resourcepart, jid.ErrCharacter},
		{"C1 control", "a@b/\u0085", jid.Resourcepart, jid.ErrCharacter},
		{"delete", "a@b/\x7f", jid.Resourcepart, jid.ErrCharacter},
		{"NUL", "a@b/\x00\u200d", jid.Resourcepart, jid.ErrCharacter},
		{"U+FFFE", "a@b/\ufffe", jid.Resourcepart, jid.ErrCharacter},
		{"U+FFFF", "a@b/\uffff", jid.Resourcepart, jid.ErrCharacter},
		{"localpart with a joiner", "a\u200d@b/c", jid.Localpart, jid.ErrCharacter},
		{"localpart with emoji", "\u2764\ufe0f@b/\u200d", jid.Localpart, jid.ErrCharacter},
		{"domainpart", "a@b\u200d/\u200d", jid.Domainpart, jid.ErrCharacter},
		{"empty localpart", "@b/\u200d", jid.Localpart, jid.ErrEmpty},
		{"empty domainpart", "a@/\u200d", jid.Domainpart, jid.ErrEmpty},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j, err := jid.ParseLenient(tt.in)
			var e *jid.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tt.part, e.Part)
			require.Equal(t, tt.reason, e.Reason)
			require.True(t, j.IsZero())
		})
	}
}

// Every JID can be read back from its text, whatever way it went.
func TestLenientUnmarshals(t *testing.T) {
	t.Parallel()
	type item struct {
		XMLName struct{} `xml:"urn:example item"`
		JID     jid.JID  `xml:"jid,attr"`
		Nick    jid.JID  `xml:"urn:example nick"`
	}
	j, err := jid.ParseLenient("room@muc.example/\u2764\ufe0f")
	require.NoError(t, err)
	in := item{JID: j, Nick: j}

	var out item
	data, err := xml.Marshal(in)
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(data, &out))
	require.Equal(t, in, out)

	out = item{}
	data, err = json.Marshal(in)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &out))
	require.Equal(t, in, out)

	// what people type in goes through these, which stay strict
	_, err = jid.Parse(j.String())
	require.ErrorIs(t, err, jid.ErrCharacter)
	_, err = jid.New("room", "muc.example", j.Resource())
	require.ErrorIs(t, err, jid.ErrCharacter)
	_, err = j.Bare().WithResource(j.Resource())
	require.ErrorIs(t, err, jid.ErrCharacter)
}

// VX15: normalisers have looped for ever on what is not UTF-8; none gets to see it.
func TestInvalidUTF8ReturnsAtOnce(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"\xff", "\xc3", "e\u0301\xcc", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", "\u1100\u1161\xe1\x86", "\u0300\x80"} {
		for _, s := range []string{bad, strings.Repeat("\u0345", 300) + bad, bad + strings.Repeat("\u0301", 300)} {
			done := make(chan error, 1)
			go func() {
				for _, in := range []string{s + "@b", "a@" + s, "a@b/" + s} {
					_, strict := jid.Parse(in)
					_, lenient := jid.ParseLenient(in)
					if !errors.Is(strict, jid.ErrUTF8) || !errors.Is(lenient, jid.ErrUTF8) {
						done <- fmt.Errorf("%q: %v, %v", in, strict, lenient)
						return
					}
				}
				done <- nil
			}()
			select {
			case err := <-done:
				require.NoError(t, err)
			case <-time.After(10 * time.Second):
				t.Fatalf("%q hangs", s)
			}
		}
	}
}

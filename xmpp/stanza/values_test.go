package stanza_test

import (
	"encoding/json"
	"encoding/xml"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

func TestBytes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want, plain string }{
		{"", "", ""}, {"AA==", "\x00", ""}, {"AAE=", "\x00\x01", ""}, {"aGVsbG8=", "hello", ""}, {"+/+/", "\xfb\xff\xbf", ""},
		{" aGVs\r\n\tbG8= ", "hello", "aGVsbG8="}, {" ", "", ""},
		{"AB==", "\x00", "AA=="}, {"AAF=", "\x00\x01", "AAE="}, {"////AB==", "\xff\xff\xff\x00", "////AA=="},
	} {
		var x *wire.Extra
		v, reason := stanza.DecodeBytes(tt.in, &x, 3)
		require.Empty(t, reason, "%q", tt.in)
		require.NotNil(t, v)
		require.Equal(t, tt.want, string(v), "%q", tt.in)
		plain := tt.plain
		if plain == "" && tt.want != "" {
			plain = tt.in
		}
		require.Equal(t, plain, v.String())
		require.Equal(t, plain == tt.in, x == nil, "%q", tt.in)
		var u stanza.Bytes
		require.NoError(t, u.UnmarshalText([]byte(tt.in)))
		require.Equal(t, v, u)
	}
	for _, in := range []string{"A", "AA", "AAA", "AA=", "A===", "====", "AA==AA==", "AAAA=", "AA-_", "AA*=", "=", "\u00e9AAA", "AA\x00="} {
		_, reason := stanza.DecodeBytes(in, new(*wire.Extra), 3)
		require.Equal(t, "is no base64", reason, "%q", in)
		u := stanza.Bytes("kept")
		require.Error(t, u.UnmarshalText([]byte(in)))
		require.Equal(t, "kept", string(u))
	}
}

func TestHex(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want, plain string }{
		{"", "", ""}, {"00", "\x00", ""}, {"deadbeef", "\xde\xad\xbe\xef", ""}, {"DEADbeef", "\xde\xad\xbe\xef", "deadbeef"}, {" 0 1\n", "\x01", "01"},
	} {
		var x *wire.Extra
		v, reason := stanza.DecodeHex(tt.in, &x, 3)
		require.Empty(t, reason, "%q", tt.in)
		require.Equal(t, tt.want, string(v))
		plain := tt.plain
		if plain == "" {
			plain = tt.in
		}
		require.Equal(t, plain, v.String())
		require.Equal(t, plain == tt.in, x == nil, "%q", tt.in)
		var u stanza.Hex
		require.NoError(t, u.UnmarshalText([]byte(tt.in)))
		require.Equal(t, v, u)
	}
	for _, in := range []string{"0", "000", "0x00", "gg", "0g", "\u00e9"} {
		_, reason := stanza.DecodeHex(in, new(*wire.Extra), 3)
		require.Equal(t, "is no sequence of hexadecimal digits", reason, "%q", in)
		u := stanza.Hex("kept")
		require.Error(t, u.UnmarshalText([]byte(in)))
		require.Equal(t, "kept", string(u))
	}
}

func TestDecodeJID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, want string
		kept     bool
	}{
		{"a@b/c", "a@b/c", false},
		{"A@B/C", "a@b/C", true},
		{" a@b/c ", "a@b/c", true},
		{"a@b/c ", "a@b/c ", false}, // a resource may end with a space
		{"A@B/c ", "a@b/c ", true},
		{"", "", true},
		{" \n", "", true},
		{"room@muc.example/\u2764\ufe0f", "room@muc.example/\u2764\ufe0f", false},
	} {
		var x *wire.Extra
		j, reason := stanza.DecodeJID(tt.in, &x, 3)
		require.Empty(t, reason)
		require.Equal(t, tt.want, j.String())
		require.Equal(t, tt.kept, x != nil, "%q", tt.in)
	}
	for _, in := range []string{"@", "a@", "a@b/", "\u2764\ufe0f@b/c", "a@b/\x7f"} {
		j, reason := stanza.DecodeJID(in, new(*wire.Extra), 3)
		require.Contains(t, reason, "is no address (jid: ", "%q", in)
		require.True(t, j.IsZero())
	}
}

// box has a field of each value type, as generated structs do.
type box struct {
	XMLName struct{}          `xml:"urn:box box" json:"-"`
	At      stanza.DateTime   `xml:"at,attr"`
	Day     stanza.Date       `xml:"day,attr"`
	Clock   stanza.TimeOfDay  `xml:"clock,attr"`
	Data    stanza.Bytes      `xml:"data,attr"`
	Digest  stanza.Hex        `xml:"digest,attr"`
	Who     jid.JID           `xml:"who,attr"`
	At2     stanza.DateTime   `xml:"urn:box at"`
	Day2    stanza.Date       `xml:"urn:box day"`
	Clock2  stanza.TimeOfDay  `xml:"urn:box clock"`
	Data2   stanza.Bytes      `xml:"urn:box data"`
	Digest2 stanza.Hex        `xml:"urn:box digest"`
	Who2    jid.JID           `xml:"urn:box who"`
	List    []stanza.DateTime `xml:"urn:box list"`
	Many    []stanza.Bytes    `xml:"urn:box many"`
}

func TestValuesInXMLAndJSON(t *testing.T) {
	t.Parallel()
	at := stanza.At(time.Date(2026, 11, 24, 8, 30, 0, 1000, time.UTC))
	day := stanza.Date{Time: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}
	midnight := stanza.TimeOfDay{Time: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), IsSet: true}
	late := stanza.TimeOfDay{Time: time.Date(1, 1, 1, 23, 0, 0, 0, time.UTC), IsSet: true, Zoned: true}
	for _, tt := range []struct {
		value     box
		xml, json string
	}{
		{
			box{}, `<box xmlns="urn:box"></box>`,
			`{"At":"","Day":"","Clock":"","Data":null,"Digest":null,"Who":"","At2":"","Day2":"","Clock2":"","Data2":null,"Digest2":null,"Who2":"","List":null,"Many":null}`,
		},
		{
			box{
				At: at, Day: day, Clock: midnight, Data: stanza.Bytes("hello"), Digest: stanza.Hex{0xde, 0xad}, Who: juliet,
				At2: at, Day2: day, Clock2: late, Data2: stanza.Bytes{}, Digest2: stanza.Hex{}, Who2: romeo,
				List: []stanza.DateTime{at, at}, Many: []stanza.Bytes{{}, {0}},
			},
			`<box xmlns="urn:box" at="2026-11-24T08:30:00.000001Z" day="2026-11-24" clock="00:00:00" data="aGVsbG8=" digest="dead" who="juliet@example.com/balcony">` +
				`<at xmlns="urn:box">2026-11-24T08:30:00.000001Z</at><day xmlns="urn:box">2026-11-24</day><clock xmlns="urn:box">23:00:00Z</clock>` +
				`<data xmlns="urn:box"></data><digest xmlns="urn:box"></digest><who xmlns="urn:box">romeo@example.net/orchard</who>` +
				`<list xmlns="urn:box">2026-11-24T08:30:00.000001Z</list><list xmlns="urn:box">2026-11-24T08:30:00.000001Z</list>` +
				`<many xmlns="urn:box"></many><many xmlns="urn:box">AA==</many></box>`,
			`{"At":"2026-11-24T08:30:00.000001Z","Day":"2026-11-24","Clock":"00:00:00","Data":"aGVsbG8=","Digest":"dead","Who":"juliet@example.com/balcony",` +
				`"At2":"2026-11-24T08:30:00.000001Z","Day2":"2026-11-24","Clock2":"23:00:00Z","Data2":"","Digest2":"","Who2":"romeo@example.net/orchard",` +
				`"List":["2026-11-24T08:30:00.000001Z","2026-11-24T08:30:00.000001Z"],"Many":["","AA=="]}`,
		},
	} {
		data, err := xml.Marshal(tt.value)
		require.NoError(t, err)
		require.Equal(t, tt.xml, string(data))
		var out box
		require.NoError(t, xml.Unmarshal(data, &out))
		require.Equal(t, tt.value, out)

		data, err = json.Marshal(tt.value)
		require.NoError(t, err)
		require.Equal(t, tt.json, string(data))
		out = box{}
		require.NoError(t, json.Unmarshal(data, &out))
		require.Equal(t, tt.value, out)
	}

	// null changes nothing, as in all of encoding/json, but clears what is a slice
	out := box{At: at, Day: day, Clock: late, Data: stanza.Bytes("x"), Digest: stanza.Hex("x")}
	require.NoError(t, json.Unmarshal([]byte(`{"At":null,"Day":null,"Clock":null,"Data":null,"Digest":null}`), &out))
	require.Equal(t, box{At: at, Day: day, Clock: late}, out)
	require.NoError(t, json.Unmarshal([]byte(`{"At":"2026\u002d11-24T08:30:00\u005a","Data":"\/\/\/\/"}`), &out))
	require.Equal(t, "2026-11-24T08:30:00Z", out.At.String())
	require.Equal(t, "////", out.Data.String())
	for _, field := range []string{"At", "Day", "Clock", "Data", "Digest"} {
		for _, bad := range []string{`1`, `{}`, `[]`, `true`, `"x"`} {
			require.Error(t, json.Unmarshal([]byte(`{"`+field+`":`+bad+`}`), &out), "%s: %s", field, bad)
		}
	}
	for _, bad := range []string{`at="x"`, `day="x"`, `clock="x"`, `data="x"`, `digest="x"`, `who="@"`} {
		require.Error(t, xml.Unmarshal([]byte(`<box xmlns="urn:box" `+bad+`/>`), &out), "%s", bad)
	}
	for _, bad := range []string{`<at>x</at>`, `<day>x</day>`, `<clock>x</clock>`, `<data>x</data>`, `<digest>x</digest>`, `<who>@</who>`, `<data><`, `<digest><`} {
		require.Error(t, xml.Unmarshal([]byte(`<box xmlns="urn:box">`+bad+`</box>`), &out), "%s", bad)
	}
	_, err := xml.Marshal(box{At: stanza.At(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))})
	require.Error(t, err)
	_, err = xml.Marshal(box{At2: stanza.At(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))})
	require.Error(t, err)
}

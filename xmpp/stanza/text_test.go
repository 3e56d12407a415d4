package stanza_test

import (
	"encoding/json"
	"encoding/xml"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp/stanza"
)

func TestTextString(t *testing.T) {
	t.Parallel()
	require.Empty(t, stanza.Text(nil).String())
	require.Equal(t, "a", stanza.Plain("a").String())
	require.Equal(t, "b", stanza.Text{{Lang: "de", Value: "a"}, {Value: "b"}, {Value: "c"}}.String())
	require.Equal(t, "a", stanza.Text{{Lang: "de", Value: "a"}, {Lang: "en", Value: "b"}}.String())
}

func TestTextIn(t *testing.T) {
	t.Parallel()
	text := func(langs ...string) (t stanza.Text) {
		for _, l := range langs {
			t = append(t, stanza.LangText{Lang: l, Value: l + "!"})
		}
		return t
	}
	for _, tt := range []struct {
		name string
		have stanza.Text
		want []string
		get  string
	}{
		{"none at all", nil, []string{"en"}, ""},
		{"nothing wanted", text("de", ""), nil, "!"},
		{"empty wanted", text("de", ""), []string{""}, "!"},
		{"exact", text("", "de", "en"), []string{"en"}, "en!"},
		{"case does not matter", text("", "de", "EN-gb"), []string{"en-GB"}, "EN-gb!"},
		{"order of wishes", text("de", "en"), []string{"en", "de"}, "en!"},
		{"second wish", text("", "de"), []string{"fr", "de"}, "de!"},
		{"no wish", text("de", "", "en"), []string{"fr", "it"}, "!"},
		{"shorter", text("", "de", "de-AT"), []string{"de-CH"}, "de!"},
		{"shorter by two", text("", "zh", "de"), []string{"zh-Hant-TW"}, "zh!"},
		{"nearest", text("zh", "zh-Hant"), []string{"zh-Hant-TW"}, "zh-Hant!"},
		// RFC 4647, section 3.4: a singleton goes with what it introduces
		{"singleton", text("", "zh-Hant-x", "zh-Hant"), []string{"zh-Hant-x-private"}, "zh-Hant!"},
		{"longer", text("", "de-AT", "de-CH"), []string{"de"}, "de-AT!"},
		{"longer only by subtags", text("", "den"), []string{"de"}, "!"},
		{"exact before longer", text("de-AT", "de"), []string{"de"}, "de!"},
		{"longer of the first before the second", text("en", "de-AT"), []string{"de", "en"}, "de-AT!"},
		{"other region", text("", "en-GB"), []string{"en-US"}, "!"},
		{"odd wishes", text("", "de"), []string{"-", "--", "x", "-de", "de-"}, "de!"},
	} {
		require.Equal(t, tt.get, tt.have.In(tt.want...), tt.name)
	}

	// the language of the stanza counts once it is known
	body := stanza.Text{{Value: "hello"}, {Lang: "de", Value: "hallo"}}
	require.Equal(t, "hallo", body.In("en", "de"))
	require.Equal(t, "hello", body.Tagged("en").In("en", "de"))
	require.Equal(t, stanza.Text{{Value: "hello"}, {Lang: "de", Value: "hallo"}}, body)
	require.Nil(t, stanza.Text(nil).Tagged("en"))
}

func TestTextSet(t *testing.T) {
	t.Parallel()
	var body stanza.Text
	body = body.Set("", "a").Set("de", "b").Set("DE", "c").Set("", "d").Set("en", "")
	require.Equal(t, stanza.Text{{Value: "d"}, {Lang: "de", Value: "c"}, {Lang: "en"}}, body)
}

func TestTextValues(t *testing.T) {
	t.Parallel()
	type box struct {
		XMLName struct{}    `xml:"urn:box box" json:"-"`
		Text    stanza.Text `xml:"urn:box text"`
		Deaf    stanza.Flag `xml:"urn:box deaf"`
		Mute    stanza.Flag `xml:"urn:box mute"`
	}
	in := box{Text: stanza.Text{{Value: "a <b>"}, {Lang: "de", Value: ""}}, Deaf: true}
	data, err := xml.Marshal(in)
	require.NoError(t, err)
	require.Equal(t, `<box xmlns="urn:box"><text xmlns="urn:box">a &lt;b&gt;</text><text xmlns="urn:box" xml:lang="de"></text><deaf xmlns="urn:box"></deaf></box>`, string(data))
	var out box
	require.NoError(t, xml.Unmarshal(data, &out))
	require.Equal(t, in, out)
	data, err = json.Marshal(in)
	require.NoError(t, err)
	out = box{}
	require.NoError(t, json.Unmarshal(data, &out))
	require.Equal(t, in, out)
	out = box{}
	require.NoError(t, xml.Unmarshal([]byte(`<box xmlns="urn:box"><deaf>false<x/></deaf><mute/></box>`), &out))
	require.True(t, bool(out.Deaf && out.Mute))
}

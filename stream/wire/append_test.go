package wire

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// parseIn reads an element from the stream that ctx describes.
func parseIn(t testing.TB, ctx *Context, text string) Raw {
	t.Helper()
	r, err := ParseIn(text, ctx)
	require.NoError(t, err, text)
	return r
}

// TestAppendRawContext writes payloads from one kind of stream to another.
func TestAppendRawContext(t *testing.T) {
	t.Parallel()
	header := func(text string) *Context {
		f := NewFramer(Limits{})
		f.FeedString(text)
		k, err := f.Next()
		require.NoError(t, err)
		require.Equal(t, Header, k)
		return f.Context()
	}
	client := NewContext(NSClient, "en")
	component := header("<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' xmlns:c='jabber:component:accept' xmlns:x='urn:x' xml:lang='de'>")
	require.Equal(t, NSComponent, component.Content())
	require.Equal(t, "de", component.Lang())
	cases := []struct {
		name string
		ctx  *Context
		in   string
		ns   string
		want string
	}{
		{"verbatim", client, "<x xmlns='u' a = \"b\" ><y></y></x>", NSClient, "<x xmlns='u' a = \"b\" ><y></y></x>"},
		{"own prefix", client, "<p:x xmlns:p='u'><p:y/></p:x>", NSClient, "<p:x xmlns:p='u'><p:y/></p:x>"},
		{"inherited default", client, "<body>a</body>", NSClient, "<body>a</body>"},
		{"inherited default elsewhere", client, "<body>a</body>", "u", "<body xmlns='jabber:client'>a</body>"},
		{"inherited default on its own", client, "<body/>", "", "<body xmlns='jabber:client'/>"},
		{"inherited prefix", client, "<stream:error><x xmlns='u'/></stream:error>", NSClient, "<error xmlns='http://etherx.jabber.org/streams'><x xmlns='u'/></error>"},
		{"inherited prefix of an attribute", component, "<y xmlns='u' x:a='1' b='2'/>", NSClient, "<y xmlns='u' xmlns:ns0='urn:x' ns0:a='1' b='2'/>"},
		{"inherited prefix below", component, "<y xmlns='u'><x:z/><w/></y>", NSClient, "<y xmlns='u'><z xmlns='urn:x'/><w/></y>"},
		{"no namespace", nil, "<a><b/></a>", NSClient, "<a xmlns=''><b/></a>"},
		{"no namespace by declaration", client, "<a xmlns=''><b/></a>", NSClient, "<a xmlns=''><b/></a>"},
		{"component content", component, "<body>a</body>", NSClient, "<body>a</body>"},
		{"component content explicit", component, "<body xmlns='jabber:component:accept'>a</body>", NSClient, "<body>a</body>"},
		{"component content explicit below", component, "<y xmlns='u'><body xmlns='jabber:component:accept'>a</body></y>", NSClient, "<y xmlns='u'><body xmlns='jabber:client'>a</body></y>"},
		{"component content by a prefix", component, "<y xmlns='u'><c:body>a</c:body></y>", NSClient, "<y xmlns='u'><body xmlns='jabber:client'>a</body></y>"},
		{"component content by its own prefix", component, "<y xmlns='u' xmlns:d='jabber:component:accept'><d:body d:e='f'/></y>", NSClient, "<y xmlns='u'><body xmlns='jabber:client' xmlns:ns0='jabber:client' ns0:e='f'/></y>"},
		{"component content by a reference", component, "<body xmlns='jabber:component:a&#99;cept'/>", NSClient, "<body/>"},
		{"client namespace on a component stream", component, "<y xmlns='u'><body xmlns='jabber:client'/></y>", NSClient, "<y xmlns='u'><body xmlns='jabber:client'/></y>"},
		{"content of another stream", client, "<y xmlns='jabber:component:accept'/>", NSClient, "<y xmlns='jabber:component:accept'/>"},
		{"text and language", client, "<body xml:lang='en'>&lt;a&gt; &amp; 'b'\r\n<![CDATA[<c>]]></body>", NSClient, "<body xml:lang='en'>&lt;a&gt; &amp; 'b'\n&lt;c&gt;</body>"},
		{"values", client, "<body a='&#10;&apos;\"\n'/>", NSClient, "<body a='&#xA;&apos;\" '/>"},
		{"two namespaces of attributes", client, "<body xmlns:p='u' xmlns:q='v' p:a='1' q:a='2' p:b='3'/>", NSClient, "<body xmlns:ns0='u' ns0:a='1' xmlns:ns1='v' ns1:a='2' ns0:b='3'/>"},
		{"namespace of xml", client, "<xml:a><b/></xml:a>", "u", "<xml:a><b xmlns='jabber:client'/></xml:a>"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := parseIn(t, c.ctx, c.in)
			require.Equal(t, c.want, string(AppendRaw(nil, r, c.ns)))
			b, err := r.AppendXML(nil, c.ns)
			require.NoError(t, err)
			require.Equal(t, c.want, string(b))
			require.Equal(t, c.in, r.Source())
			require.Equal(t, c.ctx, r.Context())

			// where it was written it means what it meant here
			outer, err := Parse("<x xmlns='" + c.ns + "'>" + c.want + "</x>")
			require.NoError(t, err)
			in := outer.Children()
			require.True(t, in.Next())
			require.Equal(t, dumpOf(r), dumpOf(in.Raw()))
		})
	}
	_, err := Raw{}.AppendXML(nil, "")
	require.Error(t, err)
	require.Empty(t, AppendRaw(nil, Raw{}, ""))
}

// TestManyForeignAttributes has more attributes in namespaces than one digit can number.
func TestManyForeignAttributes(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("<a")
	x := &Extra{}
	for i := range 250 {
		fmt.Fprintf(&b, " xmlns:p%d='u%d' p%d:a='%d'", i, i, i, i)
		x.Attrs = append(x.Attrs, Attr{Name{fmt.Sprint("u", i), "a"}, fmt.Sprint(i)})
	}
	r, err := Parse(b.String() + "/>")
	require.NoError(t, err)
	checkRoundTrip(t, r)
	out, err := x.AppendAttrs([]byte("<a"), 0)
	require.NoError(t, err)
	again, err := Parse(string(out) + "/>")
	require.NoError(t, err)
	require.True(t, Equal(r, again))
}

// TestCursors walks over an element in all ways.
func TestCursors(t *testing.T) {
	t.Parallel()
	r, err := Parse("<a xmlns='u' xmlns:p='v' id='1' xml:lang='en' p:id='2' e='' g = '&lt;'>x<b/> <p:b>y</p:b>z<b><c>no</c>w</b><d xmlns='v'/></a>")
	require.NoError(t, err)
	require.Equal(t, Name{"u", "a"}, r.WireName())
	require.True(t, r.Is("u", "a"))
	require.False(t, r.Is("v", "a"))
	require.Equal(t, "en", r.Lang())
	require.False(t, r.IsEmpty())
	require.Equal(t, "x z", r.Text())
	for name, want := range map[string]string{"id": "1", "xml:lang": "en", "e": "", "g": "<"} {
		got, ok := r.Attr(name)
		require.True(t, ok, name)
		require.Equal(t, want, got)
	}
	_, ok := r.Attr("nope")
	require.False(t, ok)
	require.Equal(t, "y", r.Child("v", "b").Text())
	require.True(t, r.Child("w", "b").IsZero())
	require.True(t, r.Child("u", "b").IsEmpty())

	var seen []string
	c := r.Children()
	for c.Next() {
		seen = append(seen, fmt.Sprintf("%s %q same=%v in=%v left=%d count=%d stray=%v", c.Local(), c.Text(), c.Same(), c.In("v"), c.Remaining(), c.Count(), c.Stray()))
	}
	require.Equal(t, []string{
		`b "" same=true in=false left=4 count=3 stray=true`,
		`b "y" same=false in=true left=3 count=2 stray=true`,
		`b "w" same=true in=false left=2 count=1 stray=true`,
		`d "" same=false in=true left=1 count=1 stray=true`,
	}, seen)

	calm, err := Parse("<a>\n\t<b/>&#x20;<c/>\r</a>")
	require.NoError(t, err)
	c = calm.Children()
	for c.Next() {
	}
	require.False(t, c.Stray())

	zero := Raw{}
	require.Empty(t, zero.Text()+zero.Source()+zero.String())
	require.True(t, zero.Name().IsZero())
	require.Equal(t, 7, SlotRaw(7).Slot())
	require.True(t, SlotRaw(7).IsZero())
}

// TestEqual shows what matters.
func TestEqual(t *testing.T) {
	t.Parallel()
	cases := []struct {
		a, b string
		want bool
	}{
		{"<a b='1' c='2'/>", "<a c='2' b='1'></a>", true},
		{"<p:a xmlns:p='u'/>", "<a xmlns='u'/>", true},
		{"<a xmlns='u'/>", "<a/>", false},
		{"<a><b/><c/></a>", "<a>\n <c/> <b/>\n</a>", true},
		{"<a><b>1</b><b>2</b></a>", "<a><b>2</b><b>1</b></a>", false},
		{"<a>x</a>", "<a><![CDATA[x]]></a>", true},
		{"<a> x</a>", "<a>x</a>", false},
		{"<a b='x'/>", "<a b='x '/>", false},
		// text that looks like structure
		{"<a>&lt;b>&lt;/></a>", "<a><b/></a>", false},
		{"<a>{u}b</a>", "<a><b xmlns='u'/></a>", false},
		{"<a>x<b/></a>", "<a>xb<c/></a>", false},
		{"<a b='c'>d</a>", "<a b='c>d'/>", false},
	}
	for _, c := range cases {
		a, err := Parse(c.a)
		require.NoError(t, err)
		b, err := Parse(c.b)
		require.NoError(t, err)
		require.Equal(t, c.want, Equal(a, b), "%s %s", c.a, c.b)
		require.Equal(t, c.want, Equal(b, a), "%s %s", c.b, c.a)
	}
	require.True(t, Equal(Raw{}, Raw{}))
	a, err := Parse("<a/>")
	require.NoError(t, err)
	require.False(t, Equal(Raw{}, a))
}

// TestExtra decodes and encodes as generated code does: nothing is lost, and what
// was changed in between is written as it is now.
func TestExtra(t *testing.T) {
	t.Parallel()
	type value struct {
		node string
		on   bool
		n    uint64
		text string
		x    *Extra
	}
	const slotNode, slotOn, slotN, slotText = 0, 1, 2, 3
	decode := func(t *testing.T, r Raw) (v value) {
		for a := r.Attrs(); a.Next(); {
			var reason string
			switch a.Name() {
			case "node":
				v.node = a.Optional(&v.x, slotNode)
			case "on":
				v.on, reason = DecodeBool(a.Value(), true, &v.x, slotOn)
			case "n":
				v.n, reason = DecodeUint(a.Value(), 16, &v.x, slotN)
			default:
				a.KeepAttr(&v.x)
			}
			require.Empty(t, reason)
		}
		c := r.Children()
		seen := false
		for c.Next() {
			if c.Local() == "text" && c.Same() && !seen {
				seen = true
				v.text = c.OptionalLeaf(&v.x, slotText)
				continue
			}
			c.Keep(&v.x)
		}
		if c.Stray() {
			r.KeepText(&v.x)
		}
		return v
	}
	encode := func(t *testing.T, v value) string {
		b := []byte("<v xmlns='u'")
		var err error
		if v.node != "" {
			b, err = AppendAttr(b, " node='", v.node)
			require.NoError(t, err)
		} else {
			b = v.x.RestoreAttr(b, slotNode, " node='")
		}
		if v.on {
			b = append(b, " on='"...)
			mark := len(b)
			b = append(v.x.Respell(append(b, "true"...), mark, slotOn), '\'')
		} else {
			b = v.x.RestoreAttr(b, slotOn, " on='")
		}
		b = append(b, " n='"...)
		mark := len(b)
		b = append(v.x.Respell(fmt.Append(b, v.n), mark, slotN), '\'')
		b, err = v.x.AppendAttrs(b, 0)
		require.NoError(t, err)
		b = append(b, '>')
		inner := len(b)
		if v.text != "" {
			b, err = AppendLeaf(b, "<text>", v.text, "</text>")
			require.NoError(t, err)
		}
		b = v.x.RespellChild(b, inner, slotText, "<text>", "u")
		b, err = v.x.AppendChildren(b, "u")
		require.NoError(t, err)
		return string(CloseEmpty(b, inner, "</v>"))
	}
	same := []string{
		"<v xmlns='u' n='7'/>",
		"<v xmlns='u' node='a' on='true' n='7'><text>b</text></v>",
		"<v xmlns='u' node='' on='1' n='007'><text/></v>",
		"<v xmlns='u' on='false' n='+7'/>",
		"<v xmlns='u' on=' 0 ' n=' 7'/>",
		"<v xmlns='u' n='7' other='1' xml:lang='en'/>",
		"<v xmlns='u' xmlns:p='w' p:n='8' n='7'/>",
		"<v xmlns='u' xmlns:p='w' p:xmlns='8' n='7'/>",
		"<v xmlns='u' n='7'><text a='b'>c</text></v>",
		"<v xmlns='u' n='7'><text>c<d/></text></v>",
		"<v xmlns='u' n='7'><text>c</text><text>again</text></v>",
		"<v xmlns='u' n='7'><text xmlns='w'>foreign</text><e><f/></e></v>",
		"<v xmlns='u' n='7'>stray<e/></v>",
	}
	for _, doc := range same {
		r, err := Parse(doc)
		require.NoError(t, err)
		v := decode(t, r)
		out := encode(t, v)
		again, err := Parse(out)
		require.NoError(t, err, "%s became %s", doc, out)
		require.True(t, Equal(r, again), "%s became %s", doc, out)
	}
	require.True(t, (*Extra)(nil).IsEmpty())
	require.True(t, new(Extra).IsEmpty())

	changed := func(doc string, change func(v *value)) string {
		r, err := Parse(doc)
		require.NoError(t, err)
		v := decode(t, r)
		require.False(t, v.x.IsEmpty())
		change(&v)
		return encode(t, v)
	}
	require.Equal(t, "<v xmlns='u' n='8'/>", changed("<v xmlns='u' n='007'/>", func(v *value) { v.n = 8 }))
	require.Equal(t, "<v xmlns='u' node='x' n='7'/>", changed("<v xmlns='u' node='' n='7'/>", func(v *value) { v.node = "x" }))
	require.Equal(t, "<v xmlns='u' n='7'/>", changed("<v xmlns='u' on='1' n='7'/>", func(v *value) { v.on = false }))
	require.Equal(t, "<v xmlns='u' n='7'><text>d</text></v>", changed("<v xmlns='u' n='7'><text a='b'>c</text></v>", func(v *value) { v.text = "d" }))
	require.Equal(t, "<v xmlns='u' n='7'/>", changed("<v xmlns='u' n='7'><text a='b'>c</text></v>", func(v *value) { v.text = "" }))
	// an attribute that has the name of a field which is set now
	require.Equal(t, "<v xmlns='u' n='7'/>", changed("<v xmlns='u' n='7' x='1'/>", func(v *value) { v.x.Attrs[0].Name.Local = "n" }))
}

// TestExtraRefuses shows what cannot be written.
func TestExtraRefuses(t *testing.T) {
	t.Parallel()
	for _, a := range []Attr{
		{Name: Name{"", "a b"}}, {Name: Name{"", ""}}, {Name: Name{"", "xmlns"}}, {Name: Name{"", "p:a"}}, {Name: Name{"", "1"}},
		{Name: Name{NSXMLNS, "a"}}, {Name: Name{"u v", "a"}}, {Name: Name{"u\x00", "a"}}, {Name: Name{"u", "a"}, Value: "\x00"},
	} {
		var e *EncodeError
		_, err := (&Extra{Attrs: []Attr{a}}).AppendAttrs([]byte("<a"), 0)
		require.ErrorAs(t, err, &e, "%q", a)
		require.NotEmpty(t, e.Error())
	}
	_, err := (&Extra{Text: "\x00"}).AppendChildren(nil, "")
	require.Error(t, err)
	for _, n := range []Name{{"", ""}, {"", "a:b"}, {"", "<"}, {NSXML, "a"}, {NSXMLNS, "a"}, {"u v", "a"}, {"\xff", "a"}} {
		_, err := AppendOpen(nil, n, "urn:other")
		require.Error(t, err, "%q", n)
	}
}

// TestScalars reads numbers as XML Schema writes them.
func TestScalars(t *testing.T) {
	t.Parallel()
	type result struct {
		value  any
		reason bool
		kept   bool
	}
	cases := []struct {
		kind, in string
		want     result
	}{
		{"bool", "true", result{true, false, false}}, {"bool", "1", result{true, false, true}}, {"bool", " true ", result{true, false, true}},
		{"bool", "false", result{false, false, false}}, {"bool", "0", result{false, false, true}},
		{"bool", "TRUE", result{false, true, false}}, {"bool", "", result{false, true, false}}, {"bool", "2", result{false, true, false}},
		{"int", "5", result{int64(5), false, false}}, {"int", "-5", result{int64(-5), false, false}}, {"int", "+5", result{int64(5), false, true}},
		{"int", "-0", result{int64(0), false, true}}, {"int", "127", result{int64(127), false, false}}, {"int", "-128", result{int64(-128), false, false}},
		{"int", "128", result{int64(0), true, false}}, {"int", "1_0", result{int64(0), true, false}}, {"int", "0x1", result{int64(0), true, false}},
		{"int", "", result{int64(0), true, false}}, {"int", "5 ", result{int64(5), false, true}}, {"int", "1e1", result{int64(0), true, false}},
		{"uint", "0", result{uint64(0), false, false}}, {"uint", "255", result{uint64(255), false, false}}, {"uint", "256", result{uint64(0), true, false}},
		{"uint", "-0", result{uint64(0), false, true}}, {"uint", "-1", result{uint64(0), true, false}}, {"uint", "+1", result{uint64(1), false, true}},
		{"uint", "--0", result{uint64(0), true, false}}, {"uint", "-", result{uint64(0), true, false}}, {"uint", "++1", result{uint64(0), true, false}},
		{"uint", "\n7\t", result{uint64(7), false, true}}, {"uint", "7 7", result{uint64(0), true, false}}, {"uint", "01", result{uint64(1), false, true}},
		{"float", "1.5", result{1.5, false, false}}, {"float", "1.50", result{1.5, false, true}}, {"float", "1e3", result{1000.0, false, true}},
		{"float", "0x1p4", result{0.0, true, false}}, {"float", "inf", result{0.0, true, false}}, {"float", "nan", result{0.0, true, false}},
		{"float", "1_0", result{0.0, true, false}}, {"float", "", result{0.0, true, false}},
	}
	for _, c := range cases {
		var x *Extra
		var value any
		var reason string
		switch c.kind {
		case "bool":
			value, reason = DecodeBool(c.in, false, &x, 0)
		case "int":
			value, reason = DecodeInt(c.in, 8, &x, 0)
		case "uint":
			value, reason = DecodeUint(c.in, 8, &x, 0)
		case "float":
			value, reason = DecodeFloat(c.in, &x, 0)
		}
		require.Equal(t, c.want, result{value, reason != "", x != nil}, "%s %q: %s", c.kind, c.in, reason)
	}
	for in, want := range map[string]string{"INF": "INF", "-INF": "-INF", "NaN": "NaN", "1E-7": "1E-07", "1e21": "1E+21", "123456789": "123456789"} {
		n, reason := DecodeFloat(in, new(*Extra), 0)
		require.Empty(t, reason)
		require.Equal(t, want, string(AppendFloat(nil, n)))
	}
}

// TestErrors shows that errors say what and where.
func TestErrors(t *testing.T) {
	t.Parallel()
	r, err := Parse("<a xmlns='u' id='" + strings.Repeat("x", 100) + "' xmlns:p='v' p:n='1'><b>c</b>text</a>")
	require.NoError(t, err)
	a := r.Attrs()
	require.True(t, a.Next())
	c := r.Children()
	require.True(t, c.Next())
	require.EqualError(t, r.MissingAttr("to"), `attribute "to" of <a xmlns='u'/> is missing`)
	require.EqualError(t, r.MissingChild("to"), `child <to/> of <a xmlns='u'/> is missing`)
	require.EqualError(t, a.Invalid(r, "is no number"), `attribute "id" of <a xmlns='u'/> is no number: "`+strings.Repeat("x", 64)+`"`)
	require.EqualError(t, c.Invalid(r, "is odd"), `child <b/> of <a xmlns='u'/> is odd: "c"`)
	require.EqualError(t, r.Invalid("is odd"), `<a xmlns='u'/> is odd: "text"`)
	require.EqualError(t, r.Unexpected(Name{"w", "z"}), `<a xmlns='u'/> is not {w}z`)
	require.True(t, a.Next())
	require.ErrorContains(t, a.Invalid(r, "is odd"), "{v}n")
	_, err = Parse("<a>&x;</a>")
	require.EqualError(t, err, "xml: restricted-xml: a reference to an entity that is not predefined at byte 3")
}

// TestEncodingXML takes elements through encoding/xml.
func TestEncodingXML(t *testing.T) {
	t.Parallel()
	docs := []string{
		"<a/>", "<a xmlns='u'/>", "<a xmlns='u'><b xmlns=''/><c/></a>", "<a xmlns='u' b='1' xml:lang='en'>t&lt;&#13;<b/>u</a>",
		"<p:a xmlns:p='u' xmlns:q='v' q:b='1'><q:c p:d='2'/></p:a>", "<a><b xmlns='u'><c xmlns=''/></b></a>", "<a xmlns='u' b='&#10;&apos;'/>",
		"<a xmlns='u'><xml:b><c/></xml:b></a>",
	}
	for _, doc := range docs {
		r, err := Parse(doc)
		require.NoError(t, err)
		type holder struct {
			XMLName xml.Name `xml:"urn:outer outer"`
			Any     Raw      `xml:",any"`
		}
		b, err := xml.Marshal(holder{Any: r})
		require.NoError(t, err, doc)
		outer, err := Parse(string(b))
		require.NoError(t, err, "%s became %s", doc, b)
		c := outer.Children()
		require.True(t, c.Next(), "%s", b)
		require.True(t, Equal(r, c.Raw()), "%s became %s", doc, b)

		if strings.Contains(doc, "xml:b") {
			continue // its names come as if it was declared like any other
		}
		var back holder
		require.NoError(t, xml.Unmarshal(b, &back), "%s", b)
		require.True(t, Equal(r, back.Any), "%s became %s", doc, back.Any)
	}
}

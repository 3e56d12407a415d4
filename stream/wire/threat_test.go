package wire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestThreatRows shows for each threat to the XML layer that what belongs to it ends
// the stream with the right condition, for good. The samples are those whose names
// begin so.
func TestThreatRows(t *testing.T) {
	t.Parallel()
	rows := []struct {
		row   string
		file  string
		least int
		names []string
	}{
		{"VX1", "elements.txt", 10, []string{"smuggle-", "namespace-space", "namespace-newline", "end-differs", "utf8-hides-tag", "utf8-cut"}},
		{"VX3", "elements.txt", 10, []string{"attribute-twice", "declaration-of"}},
		{"VX4", "elements.txt", 30, []string{"prefix-", "xml-", "xmlns-", "declaration-empty-prefix", "declaration-two-colons", "declaration-digit"}},
		{"VX5", "elements.txt", 10, []string{"doctype", "billion-", "entity", "section-"}},
		{"VX6", "elements.txt", 30, []string{"comment", "instruction", "declaration-", "utf16", "utf32", "encoding-", "byte-order-mark"}},
		{"VX7", "elements.txt", 60, []string{"utf8-", "fff", "nul-", "control-", "reference-", "latin1-"}},
		{"VX8", "elements.txt", 1, []string{"depth-"}},
		{"VX9", "elements.txt", 4, []string{"attributes-65", "name-1025", "elements-10001", "bytes-262145"}},
		{"VX9", "streams.txt", 7, []string{"stanza-endless", "attribute-endless", "name-endless", "cdata-endless", "tag-endless", "end-tag-endless", "references-endless"}},
		{"VX14", "streams.txt", 25, []string{"text", "footer-", "stanza-behind", "stanza-prefix-", "space-flood", "header-behind", "header-prefix", "declaration-"}},
	}
	for _, row := range rows {
		t.Run(row.row, func(t *testing.T) {
			t.Parallel()
			n := 0
			for _, s := range readSamples(t, row.file) {
				begins := false
				for _, name := range row.names {
					begins = begins || strings.HasPrefix(s.name, name)
				}
				if !begins || s.offset < 0 {
					continue
				}
				n++
				r := newRunner(row.file == "elements.txt", Limits{})
				r.feed(s.input)
				require.Equal(t, s.verdict, r.verdict, s.name)
				require.Equal(t, s.offset, r.offset, s.name)
				if strings.HasPrefix(s.name, "second-") {
					continue
				}
				// never resynchronised
				_, err := r.f.Next()
				r.f.FeedString("<message/></stream:stream>")
				k, again := r.f.Next()
				require.Equal(t, More, k)
				require.Same(t, err, again, s.name)
				d := r.f.Take()
				require.True(t, d.IsZero())
			}
			require.GreaterOrEqual(t, n, row.least)
		})
	}
}

// TestThreatVX2RoundTrip shows that what we accept means the same after it was
// written and read again, in any namespace context.
func TestThreatVX2RoundTrip(t *testing.T) {
	t.Parallel()
	docs := []string{
		// attributes, directives and elements of CVE-2020-29509, -29510 and -29511
		"<a xmlns:p='u' p:b='1' xmlns:q='v' q:b='2' b='3'/>",
		"<p:a xmlns:p='u' p:xmlns='v'/>",
		"<a xmlns:p='u' p:p='v' p='w'><p:xmlns/></a>",
		"<a xmlns='u' xmlns:p='u'><p:a><a xmlns=''/></p:a></a>",
		"<a xml:lang='en'><xml:b><c/></xml:b></a>",
		"<xml:a xmlns='u'><b/></xml:a>",
		"<a xmlns='u'><xml:b><c/><d xmlns=''/></xml:b></a>",
		"<a>&#13;&#10;&#9;<b c='&#13;&#10;&#9; '/></a>",
		"<a><![CDATA[]]]]><![CDATA[>&amp;<b/>]]></a>",
		"<a b='&lt;&quot;&apos;&amp;&gt;'>]]&gt;</a>",
		"<a xmlns='u&amp;v&apos;w'><p:b xmlns:p='&lt;'/></a>",
		"<a xmlns:n='http://n' xmlns:ns0='http://ns0' xmlns:ns1='x'><ns1:b ns0:c='' ns1:d='' n:e='' ns0:f=''/></a>",
	}
	for _, s := range readSamples(t, "elements.txt") {
		if s.verdict == "ok" && len(s.input) < 2000 {
			docs = append(docs, s.input)
		}
	}
	docs = append(docs, mutations(docs, 60_000, 3)...)
	accepted := 0
	for _, doc := range docs {
		if r, err := Parse(doc); err == nil {
			accepted++
			checkRoundTrip(t, r)
		}
	}
	require.Greater(t, accepted, 4000)
}

// dumpOf returns all that is in an element.
func dumpOf(r Raw) string {
	var b strings.Builder
	dumpRaw(&b, r)
	return b.String()
}

// checkRoundTrip writes an element in several ways and reads it again.
func checkRoundTrip(t testing.TB, r Raw) {
	t.Helper()
	want := dumpOf(r)
	text := r.String()
	for _, written := range []string{text, string(r.rewrite(nil, ""))} {
		again, err := Parse(written)
		require.NoError(t, err, "%q became %q", r.Source(), written)
		require.Equal(t, want, dumpOf(again), "%q became %q", r.Source(), written)
		require.True(t, Equal(r, again))
		require.Equal(t, written, again.String(), "no fixpoint")
	}
	outer, err := Parse(string(AppendRaw([]byte("<x xmlns='urn:outer'>"), r, "urn:outer")) + "</x>")
	require.NoError(t, err, "%q", r.Source())
	inner := outer.Children()
	require.True(t, inner.Next())
	require.Equal(t, want, dumpOf(inner.Raw()), "%q became %q", r.Source(), outer.Source())
	again, err := Parse(inner.Raw().String())
	require.NoError(t, err)
	require.Equal(t, want, dumpOf(again), "taken out again")
}

// TestThreatVX8Depth shows that a million levels end in an error whoever counts.
func TestThreatVX8Depth(t *testing.T) {
	t.Parallel()
	_, err := Parse(strings.Repeat("<a>", 1_000_000))
	require.Equal(t, PolicyViolation, conditionOf(err))

	// as deep as Parse goes, writing and comparing work
	const deepest = 1023 // one is around it
	r, err := Parse(strings.Repeat("<a xmlns='u'>", deepest) + strings.Repeat("</a>", deepest))
	require.NoError(t, err)
	checkRoundTrip(t, r)
}

// TestThreatVX12NextElement shows that whatever is wrong with the values in one
// element, or whatever of it is looked at, the next one is read right.
func TestThreatVX12NextElement(t *testing.T) {
	t.Parallel()
	var docs []string
	for _, s := range readSamples(t, "elements.txt") {
		if s.verdict == "ok" && s.input[0] == '<' && s.input[1] != '?' && len(s.input) < 3000 {
			docs = append(docs, s.input)
		}
	}
	require.Greater(t, len(docs), 50)
	f := streaming(t, Limits{})
	for i, doc := range docs {
		// a stray decode between two elements, left half way
		f.FeedString("<iq><x n='a'><y/></x></iq>" + doc + "\n")
		k, err := f.Next()
		require.NoError(t, err)
		require.Equal(t, Element, k)
		d := f.Take()
		c := d.Root().Children()
		require.True(t, c.Next())
		a := c.Raw().Attrs()
		require.True(t, a.Next())
		_, reason := DecodeInt(a.Value(), 32, new(*Extra), 0)
		require.NotEmpty(t, reason)
		if i%2 == 0 {
			require.Error(t, c.Invalid(d.Root(), reason))
		}

		k, err = f.Next()
		require.NoError(t, err, doc)
		require.Equal(t, Element, k)
		got := f.Take()
		want, err := ParseIn(doc, f.Context())
		require.NoError(t, err)
		require.Equal(t, dumpOf(want), dumpOf(got.Root()))
	}
}

// TestThreatVX13Injection writes hostile text everywhere and reads it again.
func TestThreatVX13Injection(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"", " ", "'", "\"", "<", ">", "&", "]]>", "</a>", "'/><message from='evil'/>", "\"><b/>", "<![CDATA[", "<!--", "-->", "<?x?>", "&amp;", "&#0;",
		"\r", "\n", "\t", "\r\n", " \r\n\t ", "12345678'", "1234567<", "123456789012345&", "é'é", "日本<", "😀&", "a\u00a0b", "\ufeff", "\u2028",
		strings.Repeat("x", 100) + "<", strings.Repeat("é", 100) + "'", strings.Repeat("日", 33) + "]]>",
	}
	for n := range 40 { // a stop at every place of a word
		hostile = append(hostile, strings.Repeat("x", n)+"<"+strings.Repeat("y", n%7), strings.Repeat("x", n)+"\r", strings.Repeat("x", n)+"é")
	}
	for _, s := range hostile {
		checkAppend(t, s)
	}
	bad := []string{"\x00", "\x01", "\x0b", "\x1f", "\x80", "\xc0\xaf", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xff", "\ufffe", "\uffff"}
	for _, s := range bad {
		for n := range 20 {
			for _, s := range []string{s, strings.Repeat("x", n) + s, strings.Repeat("x", n) + s + "yyyyyyyyy", strings.Repeat("é", n) + s + "é"} {
				var e *EncodeError
				_, err := AppendText(nil, s)
				require.ErrorAs(t, err, &e, "%q", s)
				_, err = AppendValue(nil, s)
				require.ErrorAs(t, err, &e, "%q", s)
				require.False(t, ValidText(s), "%q", s)
				checkAppend(t, CleanText(s))
			}
		}
	}
}

// checkAppend writes s as text, as a value, as a namespace and as names: it comes
// back as it was, or it is an EncodeError.
func checkAppend(t testing.TB, s string) {
	t.Helper()
	var e *EncodeError
	text, err := AppendLeaf(nil, "<a>", s, "</a>")
	value, err2 := AppendAttr([]byte("<a"), " b='", s)
	if !ValidText(s) {
		require.ErrorAs(t, err, &e)
		require.ErrorAs(t, err2, &e)
		s = "" // is still tried as a name
	} else {
		require.NoError(t, err)
		require.NoError(t, err2)
		r, err := Parse(string(text))
		require.NoError(t, err, "%q", text)
		require.Equal(t, s, r.Text())
		require.False(t, r.HasChildren())

		r, err = Parse(string(value) + "/>")
		require.NoError(t, err, "%q", value)
		got, ok := r.Attr("b")
		require.True(t, ok)
		require.Equal(t, s, got)
	}
	if len(s) > 1000 {
		s = s[:0] // reading has a limit for names
	}
	for _, name := range []Name{{s, "a"}, {"", s}, {s, s}} {
		b, err := AppendOpen(nil, name, "u")
		if err == nil {
			r, err := Parse(string(b) + "/>")
			if name.Space == "u" {
				name.Space = ""
			}
			require.NoError(t, err, "%q", b)
			require.Equal(t, name, r.Name())
		} else {
			require.ErrorAs(t, err, &e)
		}
		x := &Extra{Attrs: []Attr{{Name: name, Value: "v"}, {Name: Name{"urn:other", "other"}, Value: s}, {Name: name, Value: "again"}}, Text: s}
		b, err = x.AppendAttrs([]byte("<a"), 0)
		if err != nil {
			require.ErrorAs(t, err, &e)
			continue
		}
		b, err = x.AppendChildren(append(b, '>'), "")
		require.NoError(t, err)
		r, err := Parse(string(b) + "</a>")
		require.NoError(t, err, "%q", b)
		require.Equal(t, s, r.Text())
		var got []Attr
		for a := r.Attrs(); a.Next(); {
			got = append(got, Attr{Name: a.Expanded(), Value: a.Value()})
		}
		require.ElementsMatch(t, x.Attrs[:2], got)
	}
}

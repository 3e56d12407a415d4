package frames

import (
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
)

const begin = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.org' version='1.0' xml:lang='en'>"

// What a stream writes falls into pieces that stand alone, however it is split over writes.
func TestCut(t *testing.T) {
	t.Parallel()
	var got []string
	var ends []int
	take := func(p Piece) error {
		ends = append(ends, p.End)
		switch p.Kind {
		case wire.Header:
			h := ReadHeader(p.Root)
			got = append(got, "header "+h.To+" "+h.Lang)
		case wire.Footer:
			got = append(got, "footer")
		default:
			got = append(got, string(p.Text))
		}
		return nil
	}
	took := func() []string {
		all := got
		got, ends = nil, nil
		return all
	}
	c := &Cutter{}
	require.NoError(t, c.Cut([]byte(begin), take))
	require.Equal(t, []string{"header example.org en"}, took())
	require.NoError(t, c.Cut([]byte("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>x</auth>"), take))
	require.NoError(t, c.Cut([]byte(begin), take), "again, after authentication")
	require.Equal(t, []string{"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>x</auth>", "header example.org en"}, took())
	require.NoError(t, c.Cut([]byte("<message><body>a</body></message> <iq id='1'><ping xmlns='urn:xmpp:ping'/></iq><a"), take))
	require.Equal(t, []int{33, 79}, ends)
	require.Equal(t, []string{"<message xmlns='jabber:client'><body>a</body></message>", "<iq xmlns='jabber:client' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"}, took())
	require.NoError(t, c.Cut([]byte(" xmlns='urn:x'/>"), take))
	require.Equal(t, []int{16}, ends)
	require.Equal(t, []string{"<a xmlns='urn:x'/>"}, took())
	require.NoError(t, c.Cut([]byte("<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"), take))
	all := took()
	require.Len(t, all, 2)
	r, err := wire.Parse(all[0])
	require.NoError(t, err, "%s", all[0])
	require.True(t, r.Is(wire.NSStream, "error"))
	require.Equal(t, "footer", all[1])
	require.Error(t, c.Cut([]byte("<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'></a>"), take))
}

// VX1: a message is one element and nothing else, or the stream ends.
func TestReadOne(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"<message xmlns='jabber:client'><body>a</body></message>":                        "<message xmlns='jabber:client'><body>a</body></message>",
		"<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>\n":           "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>",
		"<error xmlns='http://etherx.jabber.org/streams'><reset xmlns='urn:x'/></error>": "<error xmlns='http://etherx.jabber.org/streams'><reset xmlns='urn:x'/></error>",
		"<message xmlns='jabber:client' xmlns:p='urn:p' p:a='1'/>":                       "<message xmlns='jabber:client' xmlns:p='urn:p' p:a='1'/>",
		"<m:message xmlns:m='jabber:client'/>":                                           "<m:message xmlns:m='jabber:client'/>",
	} {
		for _, one := range []bool{false, true} {
			r, err := read(text, one, wire.Limits{})
			require.NoError(t, err, text)
			b, err := AppendElement(nil, r)
			require.NoError(t, err)
			f := wire.NewFramer(wire.Limits{})
			f.FeedString(begin + string(b) + Footer)
			for _, want := range []wire.Kind{wire.Header, wire.Element, wire.Footer} {
				k, err := f.Next()
				require.NoError(t, err)
				require.Equal(t, want, k)
				if k == wire.Element {
					d := f.Take()
					require.True(t, wire.Equal(r, d.Root()), "%s", b)
				} else if k == wire.Header {
					f.Take()
				}
			}
			want, err := wire.Parse(want)
			require.NoError(t, err)
			require.True(t, wire.Equal(want, r))
		}
	}
	bad := &stream.Error{}
	for _, text := range []string{
		"", " ", " <a xmlns='x'/>", "a", "<a xmlns='x'/><b xmlns='x'/>", "<a xmlns='x'>", "<a xmlns='x'", "<a xmlns='x'/>b", "<a xmlns='x'/><", "\xef\xbb\xbf<a xmlns='x'/>",
	} {
		for _, one := range []bool{false, true} {
			_, err := read(text, one, wire.Limits{})
			require.Error(t, err, "%q", text)
			var syntax *wire.SyntaxError
			if !strings.HasSuffix(text, "/>b") {
				require.ErrorAs(t, err, &bad, "%q", text)
			} else {
				require.ErrorAs(t, err, &syntax)
			}
		}
	}
	for _, text := range []string{"</stream:stream>", "<stream:features/>", "<!-- x --><a xmlns='x'/>", "<!DOCTYPE a><a/>", "<a xmlns='x'>&e;</a>", "<a xmlns='x'>" + strings.Repeat("x", 300) + "</a>"} {
		_, err := read(text, false, wire.Limits{Bytes: 256})
		var syntax *wire.SyntaxError
		require.ErrorAs(t, err, &syntax, "%q", text)
	}
	r, err := read("<message/>", false, wire.Limits{})
	require.NoError(t, err)
	_, err = AppendElement(nil, r)
	require.ErrorIs(t, err, stream.InvalidNamespace, "in a stream it would be a stanza")
	_, err = AppendHeader(nil, Header{ID: "\x00"})
	require.Error(t, err)
}

func read(text string, oneByOne bool, l wire.Limits) (wire.Raw, error) {
	f := wire.NewBareFramer(l, nil)
	if oneByOne {
		return ReadOne(f, iotest.OneByteReader(strings.NewReader(text)))
	}
	return ReadOne(f, strings.NewReader(text))
}

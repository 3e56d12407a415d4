package wire

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// streaming returns a Framer behind the header of a client's stream.
func streaming(t testing.TB, l Limits) *Framer {
	t.Helper()
	f := NewFramer(l)
	f.FeedString(streamStart)
	k, err := f.Next()
	require.NoError(t, err)
	require.Equal(t, Header, k)
	return f
}

// conditionOf returns the stream error condition behind err.
func conditionOf(err error) Condition {
	if e, ok := err.(*SyntaxError); ok {
		return e.Condition
	}
	return ""
}

// TestLimitsAreExact shows for each limit that what meets it passes and that one
// more does not, and where the error is.
func TestLimitsAreExact(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		limits Limits
		good   string
		bad    string
		offset int
	}{
		{"bytes", Limits{Bytes: 20}, "<a>" + strings.Repeat("x", 13) + "</a>", "<a>" + strings.Repeat("x", 14) + "</a>", 20},
		{"bytes of a tag", Limits{Bytes: 20}, "<a b='" + strings.Repeat("x", 11) + "'/>", "<a b='" + strings.Repeat("x", 12) + "'/>", 20},
		{"depth", Limits{Depth: 3}, "<a><b><c/></b></a>", "<a><b><c><d/></c></b></a>", 11},
		{"attributes", Limits{Attrs: 2}, "<a b='' c=''/>", "<a b='' c='' d=''/>", 13},
		{"declarations", Limits{Attrs: 2}, "<a xmlns='u' xmlns:p='v'/>", "<a xmlns='u' xmlns:p='v' b=''/>", 25},
		{"name", Limits{Name: 5}, "<abcde/>", "<abcdef/>", 6},
		{"name with a prefix", Limits{Name: 7}, "<p:abcde xmlns:p='u'/>", "<p:abcdef/>", 8},
		{"name of an attribute", Limits{Name: 5}, "<a abcde=''/>", "<a abcdef=''/>", 8},
		{"elements", Limits{Elements: 3}, "<a><b/><c/></a>", "<a><b/><c/><d/></a>", 13},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := NewBareFramer(c.limits, nil)
			for range 3 { // limits are counted for each element anew
				f.FeedString(c.good)
				k, err := f.Next()
				require.NoError(t, err)
				require.Equal(t, Element, k)
			}
			for step := 1; step <= len(c.bad); step++ {
				f = NewBareFramer(c.limits, nil)
				var err error
				for i := 0; i < len(c.bad) && err == nil; i += step {
					f.FeedString(c.bad[i:min(len(c.bad), i+step)])
					_, err = f.Next()
				}
				require.Equal(t, PolicyViolation, conditionOf(err), "%v", err)
				require.EqualValues(t, c.offset, err.(*SyntaxError).Offset, "in pieces of %d", step)
			}
		})
	}
}

// TestSetLimits shows that limits can be raised in a stream, as they are after
// authentication.
func TestSetLimits(t *testing.T) {
	t.Parallel()
	f := streaming(t, Limits{Bytes: 200})
	big := "<message><body>" + strings.Repeat("x", 300) + "</body></message>"
	f.SetLimits(Limits{Bytes: 400})
	f.FeedString(big)
	k, err := f.Next()
	require.NoError(t, err)
	require.Equal(t, Element, k)
	f.SetLimits(Limits{Bytes: 200})
	f.FeedString(big)
	_, err = f.Next()
	require.Equal(t, PolicyViolation, conditionOf(err))
}

// TestSetLimitsInside changes limits at every byte of an element.
func TestSetLimitsInside(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("<a")
	for i := range 500 {
		fmt.Fprintf(&b, " a%d='%d'", i, i)
	}
	b.WriteString("><b><c>text</c></b></a>")
	text := b.String()
	want, err := Parse(text)
	require.NoError(t, err)
	for i := range text {
		f := NewBareFramer(Limits{Attrs: 500, Depth: 1, Bytes: len(text)}, nil)
		f.FeedString(text[:i])
		_, err := f.Next()
		if err != nil { // too deep already
			continue
		}
		f.SetLimits(Limits{Attrs: 1000})
		f.FeedString(text[i:])
		k, err := f.Next()
		require.NoError(t, err)
		require.Equal(t, Element, k)
		d := f.Take()
		require.Equal(t, dumpOf(want), dumpOf(d.Root()))

		f = NewBareFramer(Limits{Attrs: 500}, nil)
		f.FeedString(text[:i])
		_, err = f.Next()
		require.NoError(t, err)
		f.SetLimits(Limits{Attrs: 1, Bytes: 9})
		f.FeedString(text[i:])
		_, err = f.Next()
		require.Equal(t, PolicyViolation, conditionOf(err))
	}

	// from few attributes to many, within one tag
	f := NewBareFramer(Limits{Attrs: 1}, nil)
	f.FeedString("<a b='1'")
	_, err = f.Next()
	require.NoError(t, err)
	f.SetLimits(Limits{Attrs: 1000})
	f.FeedString(text[2:])
	k, err := f.Next()
	require.NoError(t, err)
	require.Equal(t, Element, k)
	d := f.Take()
	n := 0
	for a := d.Root().Attrs(); a.Next(); n++ {
	}
	require.Equal(t, 501, n)
}

// TestLimitOfDeclarations shows that prefixes in scope, which are looked up one
// after the other, are bounded.
func TestLimitOfDeclarations(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 20 {
		b.WriteString("<a")
		for j := range 20 {
			fmt.Fprintf(&b, " xmlns:p%d='u'", 20*i+j)
		}
		b.WriteString(">")
	}
	f := NewBareFramer(Limits{}, nil)
	f.FeedString(b.String())
	_, err := f.Next()
	require.Equal(t, PolicyViolation, conditionOf(err))

	// one after the other they may be as many as there is place for
	_, err = Parse("<a>" + strings.Repeat("<b xmlns='u' xmlns:p='v' p:c=''/>", 3000) + "</a>")
	require.NoError(t, err)
}

// floods are endless inputs behind the stream header: how they begin, what is
// repeated, and how often.
var floods = []struct {
	name  string
	start string
	part  string
	times int
}{
	{"200 MB of body", "<message><body>", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 200 << 20 / 32},
	{"200 MB of name", "<", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 200 << 20 / 32},
	{"200 MB of attribute name", "<message ", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 200 << 20 / 32},
	{"200 MB of attribute value", "<message id='", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 200 << 20 / 32},
	{"200 MB of CDATA", "<message><![CDATA[", "]]xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 200 << 20 / 32},
	{"200 MB of white space", "", "                                ", 200 << 20 / 32},
	{"200 MB of space in a tag", "<message", "                                ", 200 << 20 / 32},
	{"200 MB of reference", "<message>&", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 200 << 20 / 32},
	{"3 million attributes", "<message", " a=''", 3_000_000},
	{"3 million declarations", "<message", " xmlns:a=''", 3_000_000},
	{"a million levels", "", "<a>", 1_000_000},
	{"a million levels of namespaces", "", "<a xmlns='u'>", 1_000_000},
	{"a million children", "<a>", "<b/>", 1_000_000},
	{"a million CDATA sections", "<a>", "<![CDATA[x]]>", 1_000_000},
	{"a million references", "<a>", "&amp;", 1_000_000},
}

// TestThreatVX9Memory streams inputs without end in pieces of 1 to 64 kB: each ends
// in a policy-violation while the heap stays under four times the limit of a stanza.
func TestThreatVX9Memory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	for _, flood := range floods {
		for _, size := range []int{1 << 10, 10_000, 64 << 10} {
			f := streaming(t, Limits{})
			piece := bytes.Repeat([]byte(flood.part), size/len(flood.part)+1)
			runtime.GC()
			runtime.GC() // the second empties pools
			before, peak := heap(), uint64(0)
			f.FeedString(flood.start)
			var err error
			for left := flood.times * len(flood.part); left > 0 && err == nil; {
				// whole parts, so that the pieces join
				n := min(left, size/len(flood.part)*len(flood.part))
				left -= n
				f.Feed(piece[:n])
				_, err = f.Next()
				peak = max(peak, heap())
			}
			require.Equal(t, flood.name == "3 million declarations", conditionOf(err) == NotWellFormed, "%s: %v", flood.name, err)
			if flood.name != "3 million declarations" { // the first binds a prefix to nothing
				require.Equal(t, PolicyViolation, conditionOf(err), flood.name)
			}
			require.Less(t, int64(peak)-int64(before), int64(4*DefaultBytes), "%s in pieces of %d", flood.name, size)
			require.Nil(t, f.buf, "a stream that failed keeps no buffer")
			for range 100 { // nor does it take more
				f.Feed(piece)
				_, again := f.Next()
				require.Same(t, err, again)
			}
		}
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestIdleFramerOwnsNothing shows that the buffer goes back when nothing is pending.
func TestIdleFramerOwnsNothing(t *testing.T) {
	t.Parallel()
	f := streaming(t, Limits{})
	idle := func() {
		t.Helper()
		k, err := f.Next()
		require.NoError(t, err)
		require.Equal(t, More, k)
		require.Nil(t, f.buf)
		require.Nil(t, f.scratch)
		require.False(t, f.Pending())
		require.Empty(t, f.Buffered())
	}
	idle()
	f.FeedString("<message/>")
	k, err := f.Next()
	require.NoError(t, err)
	require.Equal(t, Element, k)
	idle()
	f.FeedString(" \n ")
	idle()
	f.Commit(copy(f.Space(), "<presence"))
	k, err = f.Next()
	require.NoError(t, err)
	require.Equal(t, More, k)
	require.True(t, f.Pending())
	f.FeedString("/>")
	k, err = f.Next()
	require.NoError(t, err)
	require.Equal(t, Element, k)
	idle()
}

// TestBuffered shows what was sent behind a piece, where nothing should be.
func TestBuffered(t *testing.T) {
	t.Parallel()
	f := streaming(t, Limits{})
	f.FeedString("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><message/>")
	k, err := f.Next()
	require.NoError(t, err)
	require.Equal(t, Element, k)
	require.Equal(t, Name{"urn:ietf:params:xml:ns:xmpp-tls", "proceed"}, f.Peek())
	require.True(t, f.Pending())
	require.Equal(t, "<message/>", string(f.Buffered()))
	require.EqualValues(t, len(streamStart)+50, f.Consumed())
	d := f.Take()
	require.Equal(t, "proceed", d.Root().Local())
	require.Equal(t, "<message/>", string(f.Buffered()), "taking changes nothing")

	f.Restart()
	require.False(t, f.Pending())
	require.Nil(t, f.Context())
	f.FeedString(streamStart)
	k, err = f.Next()
	require.NoError(t, err)
	require.Equal(t, Header, k)
}

// TestReader shows how the ends of input are told apart.
func TestReader(t *testing.T) {
	t.Parallel()
	read := func(r *Reader) (kinds []Kind, err error) {
		for {
			k, err := r.Next()
			if err != nil {
				_, again := r.Next()
				require.Equal(t, err, again)
				return kinds, err
			}
			kinds = append(kinds, k)
		}
	}
	stanzas := streamStart + "<message/> <iq></iq>"
	for _, slow := range []bool{false, true} {
		open := func(s string) io.Reader {
			if slow {
				return &oneByte{r: strings.NewReader(s)}
			}
			return strings.NewReader(s)
		}
		kinds, err := read(NewReader(open(stanzas+"</stream:stream>\n"), Limits{}))
		require.Equal(t, io.EOF, err)
		require.Equal(t, []Kind{Header, Element, Element, Footer}, kinds)

		kinds, err = read(NewReader(open(stanzas), Limits{}))
		require.Equal(t, io.EOF, err)
		require.Equal(t, []Kind{Header, Element, Element}, kinds)

		kinds, err = read(NewReader(open(stanzas+"<message><body"), Limits{}))
		require.ErrorIs(t, err, ErrTruncated)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, []Kind{Header, Element, Element}, kinds)

		kinds, err = read(NewReader(open(stanzas+"<message>&x;"), Limits{}))
		require.Equal(t, RestrictedXML, conditionOf(err))
		require.Len(t, kinds, 3)

		kinds, err = read(NewBareReader(open("<a/>\n<b>x</b>\n\n<c/><d>\n</d>\n"), Limits{}, nil))
		require.Equal(t, io.EOF, err)
		require.Equal(t, []Kind{Element, Element, Element, Element}, kinds)
	}
	_, err := NewReader(iotestErr{}, Limits{}).Next()
	require.ErrorIs(t, err, io.ErrClosedPipe)
	_, err = NewReader(nothing{}, Limits{}).Next()
	require.ErrorIs(t, err, io.ErrNoProgress)
}

// oneByte reads single bytes, and nothing every second time.
type oneByte struct {
	r    io.Reader
	skip bool
}

func (o *oneByte) Read(b []byte) (int, error) {
	if o.skip = !o.skip; o.skip {
		return 0, nil
	}
	return o.r.Read(b[:1])
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

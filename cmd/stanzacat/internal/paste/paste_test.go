package paste

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// read returns what a reader finds, one line for each piece.
func read(t *testing.T, src io.Reader, limit int) []string {
	t.Helper()
	r := NewReader(src, limit)
	var list []string
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		s := fmt.Sprintf("%d: ", p.Line)
		if p.Direction != Unknown || p.Time != "" {
			s += fmt.Sprintf("[%s|%s] ", p.Direction, p.Time)
		}
		if p.Kind != Element {
			s += map[Kind]string{Header: "header ", Footer: "footer "}[p.Kind]
		}
		if p.Err != nil {
			list = append(list, s+"! "+p.Err.Error())
			continue
		}
		list = append(list, s+p.Text)
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"text", "hello\n1 < 2 <3 <- << <0.1.2> <>\n", nil},
		{"one after the other", "<a/><b>x</b>\n <c x='>'/>", []string{"1: <a/>", "1: <b>x</b>", "2: <c x='>'/>"}},
		{"same names inside", "<a><a/><a></a></a><b/>", []string{"1: <a><a/><a></a></a>", "1: <b/>"}},
		{"over several lines", "<message>\n  <body>a</body>\n</message>\n\n<presence/>", []string{"1: <message>\n  <body>a</body>\n</message>", "5: <presence/>"}},
		{"declaration and comments", "<?xml version='1.0'?>\n<!-- <x/> --><a><!-- no -->1<?pi x?>2</a>", []string{"2: <a>12</a>"}},
		{"CDATA", "<a><![CDATA[</a><b>]]></a><c/>", []string{"1: <a><![CDATA[</a><b>]]></a>", "1: <c/>"}},
		{
			"a stream", "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a'>\n<stream:features/></stream:stream>",
			[]string{"1: header <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a'>", "2: <stream:features/>", "2: footer </stream:stream>"},
		},
		{"a header that ends at once", "<stream:stream to='a'/><a/>", []string{"1: header <stream:stream to='a'/>", "1: <a/>"}},
		{"byte-order mark and colours", "\xEF\xBB\xBF\x1b[31m<a>\x1b[0;1m1</a>\x1b[0m", []string{"1: <a>1</a>"}},

		{"not closed, at the end", "<message><body>a", []string{"1: ! the input ends inside the element"}},
		{"not closed, another line", "<message><body>a\n<presence/>\n", []string{"1: ! the input ends inside the element", "2: <presence/>"}},
		{"closed by its parent", "<a><b></a><c/>", []string{"1: <a><b></a>", "1: <c/>"}},
		{"end tags of nothing", "</a></b>\n<c/>", []string{"1: ! an end tag without its start tag", "2: <c/>"}},
		{"a quote that is not closed", "<message to='a><body>x</body></message>\n<presence type='unavailable'/>\n", []string{"1: <message to='a><body>x</body></message>", "2: <presence type='unavailable'/>"}},
		{"nested lines are no others", "<message>\n  <forwarded>\n    <message>\n</x>", []string{"1: ! the input ends inside the element"}},

		{
			"slixmpp", "DEBUG    SEND: <iq type=\"get\" id=\"1\"/>\nDEBUG    RECV: <iq type=\"result\" id=\"1\"/>\n12:00:01 INFO   nothing\n2024-05-01 10:11:12,345 DEBUG slixmpp.xmlstream RECV: <presence/>\n",
			[]string{`1: [out|] <iq type="get" id="1"/>`, `2: [in|] <iq type="result" id="1"/>`, "4: [in|2024-05-01 10:11:12,345] <presence/>"},
		},
		{"arrows", ">>> <a/>\n<<< <b/>\n--> <c/>\n<-- <d/>\n", []string{"1: [out|] <a/>", "2: [in|] <b/>", "3: [out|] <c/>", "4: [in|] <d/>"}},
		{"specifications", "C: <a/>\nS: <b/>\n", []string{"1: [out|] <a/>", "2: [in|] <b/>"}},
		{
			"Gajim", "<!-- Out 10:11:12 AM -->\n<iq>\n</iq>\n<!-- In 10:11:13 AM -->\n<a/><b/>\n",
			[]string{"2: [out|10:11:12 AM] <iq>\n</iq>", "5: [in|10:11:13 AM] <a/>", "5: [in|10:11:13 AM] <b/>"},
		},
		{
			"on a line before", "SENT:\n<a/>\n\nRECV:\n<b/>\nsomething else\n<c/>\nIN\n<d/>\nout:\n<e/>\n",
			[]string{"2: [out|] <a/>", "5: [in|] <b/>", "7: <c/>", "9: [in|] <d/>", "11: [out|] <e/>"},
		},
		{
			"Prosody", "May 01 10:11:12 c2s5571\tdebug\tReceived[c2s]: <iq id='1' type='get'>\nMay 01 10:11:12 c2s5571\tdebug\tSending[c2s]: <iq id='1' type='result'>\nMay 01 10:11:13 c2s5571\tinfo\tClient disconnected: connection closed\n",
			[]string{"1: [in|May 01 10:11:12] ! the log has only the start tag of the element", "2: [out|May 01 10:11:12] ! the input ends inside the element"},
		},
		{
			"ejabberd", `2024-05-01 10:11:12.345678+02:00 [debug] <0.518.0>@ejabberd_c2s:1 (tls|<0.518.0>) Received XML on stream = <<"<message to='a' id=\"1\"><body>a\nb</body></message>">>` + "\n" +
				`2024-05-01 10:11:12.345 [debug] <0.518.0> Send XML on stream = <<"<presence to='"` + "\n" + `   "a'/>"/utf8>>` + "\n<end/>",
			[]string{`1: [in|2024-05-01 10:11:12.345678+02:00] <message to='a' id="1"><body>a` + "\nb</body></message>", "2: [out|2024-05-01 10:11:12.345] <presence to='a'/>", "4: <end/>"},
		},
		{"libpurple", "(10:11:12) jabber: Sending (ssl) (a@b/c): <iq type='get'/>\n(10:11:13) jabber: Recv (ssl)(23): <iq type='result'/>", []string{"1: [out|10:11:12] <iq type='get'/>", "2: [in|10:11:13] <iq type='result'/>"}},
		{"HTML", "RECV: &lt;message to=&quot;a&quot;&gt;&lt;body&gt;1 &amp;lt; 2&lt;/body&gt;&lt;/message&gt; &lt;a/&gt;\n<b/>", []string{`1: [in|] <message to="a"><body>1 &lt; 2</body></message>`, "1: [in|] <a/>", "2: <b/>"}},
		{"names in angle brackets", "10:00:01 connected to <example> as <user>\n10:00:02 RECV: <presence/>\n<who>", []string{"2: [in|10:00:02] <presence/>", "3: ! the input ends inside the element"}},
		{
			"an entry begins inside", "10:00:01 RECV: <message><body>a\n10:00:02 RECV: <presence/>\n",
			[]string{"1: [in|10:00:01] ! the element does not end before the next entry of the log", "2: [in|10:00:02] <presence/>"},
		},
		{
			"carbons are no entries", "<message>\n <sent xmlns='urn:xmpp:carbons:2'><forwarded><message/></forwarded></sent>\n <p>I sent <b>it</b></p></message>",
			[]string{"1: <message>\n <sent xmlns='urn:xmpp:carbons:2'><forwarded><message/></forwarded></sent>\n <p>I sent <b>it</b></p></message>"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, read(t, strings.NewReader(tt.in), 1<<20))
			require.Equal(t, tt.want, read(t, iotest.OneByteReader(strings.NewReader(tt.in)), 1<<20), "byte by byte")
		})
	}
}

// TestReject goes back to where another element seems to begin.
func TestReject(t *testing.T) {
	t.Parallel()
	r := NewReader(strings.NewReader("<message><body>a\n<message/>\n<iq/></message>\n<presence/>"), 1000)
	p, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, "<message><body>a\n<message/>\n<iq/></message>", p.Text)
	r.Reject()
	for _, want := range []string{"2: <message/>", "3: <iq/>", "4: <presence/>"} {
		p, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, want, fmt.Sprintf("%d: %s", p.Line, p.Text))
	}
	_, err = r.Next()
	require.ErrorIs(t, err, io.EOF)
}

// TestLimit passes over what is too long without keeping it, and goes on behind it.
func TestLimit(t *testing.T) {
	t.Parallel()
	long := io.MultiReader(strings.NewReader("<a>"), io.LimitReader(&repeat{"<b>0123456789</b>\n"}, 50<<20), strings.NewReader("</a><c/>\n<d/>"))
	r := NewReader(long, 10000)
	var got []string
	for {
		p, err := r.Next()
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			break
		}
		require.Less(t, cap(r.buf), 1<<20)
		got = append(got, fmt.Sprint(p.Text, p.Err))
	}
	require.Equal(t, []string{"an element longer than 10000 bytes", "<c/><nil>", "<d/><nil>"}, got)

	require.Equal(t, []string{"1: ! an element longer than 100 bytes", "2: <iq/>"}, read(t, strings.NewReader("<message>"+strings.Repeat("x", 50)+"\n<iq/>"+strings.Repeat("y", 100)), 100))
	deep := strings.Repeat("<a>", maxDepth+1)
	require.Equal(t, []string{fmt.Sprintf("1: ! more than %d elements inside each other", maxDepth)}, read(t, strings.NewReader(deep), 1<<20))
	// text that is no element is not kept, however long it is
	require.Equal(t, []string{"1: <a/>"}, read(t, io.MultiReader(io.LimitReader(&repeat{"0123 "}, 20<<20), strings.NewReader("<a/>")), 1000))
}

// repeat is a text over and over.
type repeat struct{ s string }

func (r *repeat) Read(b []byte) (int, error) {
	n := 0
	for n+len(r.s) <= len(b) {
		n += copy(b[n:], r.s)
	}
	if n == 0 {
		n = copy(b, bytes.Repeat([]byte(" "), len(b)))
	}
	return n, nil
}

// TestSourceFails passes on what the source returns.
func TestSourceFails(t *testing.T) {
	t.Parallel()
	r := NewReader(io.MultiReader(strings.NewReader("<a/>"), iotest.ErrReader(io.ErrClosedPipe)), 1000)
	p, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, "<a/>", p.Text)
	_, err = r.Next()
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

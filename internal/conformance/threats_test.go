package conformance

import (
	"encoding/xml"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/all"
	"stanza.invalid/gen/forward"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// damage changes a text in a few places.
func damage(rnd *rand.Rand, s string) string {
	parts := []string{"'", "<", ">", "/>", "</x>", "<x>", "&", "&lt;", " ", "=", "x", "0", "-1", "é", "\x00", "\xff", "<![CDATA[", "]]>", " a='b'", " xmlns=''", "xmlns='urn:x'", "jid", "@"}
	for range 1 + rnd.IntN(3) {
		i := rnd.IntN(len(s) + 1)
		j := min(len(s), i+rnd.IntN(6))
		switch rnd.IntN(12) {
		case 0:
			s = s[:i] + parts[rnd.IntN(len(parts))] + s[i:]
		case 1:
			s = s[:i] + parts[rnd.IntN(len(parts))] + s[j:]
		case 2:
			s = s[:i] + s[j:]
		default: // a value that is another
			if k := strings.IndexByte(s[i:], '\''); k >= 0 {
				l := strings.IndexByte(s[i+k+1:], '\'')
				s = s[:i+k+1] + parts[rnd.IntN(len(parts))] + s[i+k+1+max(l, 0):]
			}
		}
	}
	return s
}

// decodeAll shows all elements in one.
func decodeAll(r wire.Raw, try func(r wire.Raw)) {
	for c := r.Children(); c.Next(); {
		try(c.Raw())
		decodeAll(c.Raw(), try)
	}
}

// VX12: whatever is wrong in a stanza, and with the values that generated types want in it,
// the next one is read right, or the stream is at its end.
func TestVX12AfterAnyError(t *testing.T) {
	t.Parallel()
	const next = "<message id='next'><body>as it was sent</body></message>"
	table := map[wire.Name][]all.Entry{}
	for _, e := range all.Types() {
		for _, n := range e.Names {
			table[n] = append(table[n], e)
		}
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	ended, refused, read := 0, 0, 0
	for _, x := range all.Examples() {
		for range 12 {
			f := wire.NewFramer(wire.Limits{})
			f.FeedString("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
			k, err := f.Next()
			require.NoError(t, err)
			require.Equal(t, wire.Header, k)
			f.Take()
			sent := "<iq type='set' id='1'>" + damage(rnd, x.XML) + "</iq>"
			f.FeedString(sent + next)
			var last wire.Raw
			n := 0
			for {
				k, err = f.Next()
				if k != wire.Element {
					break
				}
				n++
				d := f.Take()
				last = d.Root()
				decodeAll(last, func(r wire.Raw) {
					for _, e := range table[r.Name()] {
						if e.New().DecodeXML(r) != nil {
							refused++
						} else {
							read++
						}
					}
				})
			}
			switch {
			case err != nil:
				ended++
				f.FeedString(next)
				k, again := f.Next()
				require.Equal(t, wire.More, k)
				require.Equal(t, err, again)
			case n > 0 && k == wire.More && !f.Pending():
				// the damage may have closed the first one early, but nobody opened another
				want, err := wire.ParseIn(next, f.Context())
				require.NoError(t, err)
				require.True(t, wire.Equal(want, last), "%s\nends in %s", sent, last)
			}
		}
	}
	t.Logf("%d streams ended, %d elements were refused and %d read", ended, refused, read)
	require.Greater(t, ended, 500)
	require.Greater(t, refused, 300)
	require.Greater(t, read, 300)
}

// VX8: types that hold themselves are read, and written, as deep as the framer goes and no
// deeper, by either codec.
func TestVX8GeneratedDepth(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, e := range all.Types() {
		if len(e.Names) != 1 {
			continue
		}
		name := e.Names[0]
		open := "<" + name.Local + " xmlns='" + name.Space + "'>"
		forwarded := "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'>"
		closing := "</" + name.Local + ">"
		for _, unit := range [][2]string{{open, closing}, {open + forwarded, "</message></forwarded>" + closing}} {
			const levels = 300
			deep := strings.Repeat(unit[0], levels) + strings.Repeat(unit[1], levels)
			r, err := wire.Parse(deep)
			require.NoError(t, err)
			v := e.New()
			if v.DecodeXML(r) == nil {
				tried++
				b, err := v.AppendXML(nil, "")
				require.NoError(t, err)
				again, err := wire.Parse(string(b))
				require.NoError(t, err)
				v = e.New()
				require.NoError(t, v.DecodeXML(again))
				c, err := v.AppendXML(nil, "")
				require.NoError(t, err)
				require.Equal(t, string(b), string(c))
				require.GreaterOrEqual(t, strings.Count(string(b), "<"+name.Local), levels, "nothing is lost")
			}
		}
	}
	require.Greater(t, tried, 50)

	million := strings.Repeat("<forwarded xmlns='urn:xmpp:forward:0'>", 1_000_000)
	_, err := wire.Parse(million)
	require.Error(t, err)
	_, err = stanza.Parse("<message xmlns='jabber:client'>" + million)
	require.Error(t, err)
	var live, peak runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&live)
	require.Error(t, xml.Unmarshal([]byte(million), new(forward.Forwarded)))
	runtime.GC()
	runtime.ReadMemStats(&peak)
	require.Less(t, int64(peak.HeapAlloc)-int64(live.HeapAlloc), int64(16<<20))
}

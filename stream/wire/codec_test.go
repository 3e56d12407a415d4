package wire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// leafy is what generated code makes of an element, by hand.
type leafy struct {
	id, nick, reason string
	size             *uint32
	flag             bool
	groups           []string
	x                *Extra
}

func (v *leafy) decode(r Raw) error {
	var d Decoder
	d.Open(r, "urn:x", "a")
	for name := d.Attr(); name != ""; name = d.Attr() {
		switch name {
		case "id":
			d.String(&v.id)
		case "nick":
			d.Optional(&v.nick)
		case "size":
			ReadUint(&d, &v.size, 2)
		default:
			d.KeepAttr()
		}
	}
	for name := d.Own(); name != ""; name = d.Own() {
		switch name {
		case "reason":
			d.OptionalLeaf(&v.reason, 3)
		case "flag":
			d.Flag(&v.flag, 4)
		case "group":
			d.Strings(&v.groups, 5)
		default:
			d.Keep()
		}
	}
	if v.id == "" {
		d.MissingAttr("id")
	}
	return d.End(&v.x)
}

func (v *leafy) append(ns string) (string, error) {
	e := &Encoder{Space: ns}
	tag := e.Start("urn:x", "<a xmlns='urn:x'", 2)
	e.Attr(" id='", v.id)
	if v.nick != "" {
		e.Attr(" nick='", v.nick)
	}
	if v.size != nil {
		e.UintAttr(v.x, 2, " size='", uint64(*v.size))
	}
	inner := e.Inside(v.x, tag)
	e.OptionalLeaf(v.x, 3, "<reason></reason>", len("<reason>"), v.reason)
	if v.flag {
		e.Flag(v.x, 4, "<flag>")
	}
	for i := range v.groups {
		e.Leaf(v.x, SlotAt(5, i), "<group></group>", len("<group>"), v.groups[i])
	}
	e.Close(v.x, inner, "</a>")
	return string(e.Buf), e.Err
}

// TestCodec reads and writes elements with whatever nobody has asked for.
func TestCodec(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, out string }{
		{"<a xmlns='urn:x' id='1'/>", ""},
		{"<a xmlns='urn:x' id='1' nick='' more='2'> </a>", "<a xmlns='urn:x' id='1' more='2' nick=''/>"},
		{"<a xmlns='urn:x' id='&lt;' size='007'>stray</a>", ""},
		{"<a xmlns='urn:x' id='1' size='18'><reason/><reason>2</reason></a>", ""},
		{"<a xmlns='urn:x' id='1'><reason>1</reason><reason>2</reason></a>", ""},
		{"<a xmlns='urn:x' id='1'><reason b='c'>1</reason><flag/><flag>2</flag></a>", ""},
		{"<a xmlns='urn:x' id='1'><flag b='c'/><group>1</group><group></group></a>", ""},
		{"<a xmlns='urn:x' id='1'><group>1</group><b/><reason xmlns='urn:y'/></a>", ""},
		{"<x:a xmlns:x='urn:x' id='1'><x:group>1</x:group><group xmlns='urn:x'>2</group></x:a>",
			"<a xmlns='urn:x' id='1'><group>1</group><group>2</group></a>"},
		{"<a xmlns='urn:x' id='1' x:id='2' xmlns:x='urn:y'/>", "<a xmlns='urn:x' id='1' xmlns:ns0='urn:y' ns0:id='2'/>"},
	} {
		r, err := Parse(c.in)
		require.NoError(t, err, c.in)
		var v leafy
		require.NoError(t, v.decode(r), c.in)
		out, err := v.append("")
		require.NoError(t, err)
		if c.out == "" {
			c.out = c.in
		}
		require.Equal(t, c.out, out)
		inside, err := v.append("urn:x")
		require.NoError(t, err)
		require.Equal(t, strings.Replace(out, " xmlns='urn:x'", "", 1), inside)
	}
}

// TestCodecErrors has the first error of several.
func TestCodecErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, err string }{
		{"<b xmlns='urn:x' size='a'/>", "<b xmlns='urn:x'/> is not {urn:x}a"},
		{"<a xmlns='urn:x' size='a'/>", `attribute "size" of <a xmlns='urn:x'/> is no number from 0 to 4294967295: "a"`},
		{"<a xmlns='urn:x' size='1'/>", `attribute "id" of <a xmlns='urn:x'/> is missing`},
	} {
		r, err := Parse(c.in)
		require.NoError(t, err)
		var v leafy
		require.EqualError(t, v.decode(r), c.err)
	}
	v := leafy{id: "\x00", reason: "\x01"}
	_, err := v.append("")
	require.EqualError(t, err, `xml: text that XML cannot carry: "\x00"`)
	e := &Encoder{}
	e.Fail("first")
	e.Fail("second")
	require.EqualError(t, e.Err, "xml: first")
}

// TestCodecLengths writes tags and values of all lengths, with and without room for them.
func TestCodecLengths(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("abcdefghij", 4)
	for n := range len(long) {
		s := long[:n]
		tag := "<" + s + "x"
		for _, room := range []int{0, n, 200} {
			e := &Encoder{Buf: make([]byte, 0, room)}
			at := e.Open(tag)
			e.Attr(" "+s+"a='", s)
			e.UintAttr(nil, 0, " "+s+"b='", uint64(n)*0xFFFFFFFFFFFF)
			e.Content(nil, at, s, "</"+tag[1:]+">")
			e.Leaf(nil, 0, tag+"></"+tag[1:]+">", len(tag)+1, s)
			require.NoError(t, e.Err)
			r, err := Parse("<all>" + string(e.Buf) + "</all>")
			require.NoError(t, err, string(e.Buf))
			c := r.Children()
			for range 2 {
				require.True(t, c.Next())
				require.Equal(t, s+"x", c.Local())
				require.Equal(t, s, c.Text())
			}
		}
	}
}

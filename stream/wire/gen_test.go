package wire

import (
	"encoding/xml"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecodeDecimal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		want  float64
		plain bool // it is written as it was
	}{
		{"0", 0, true}, {"1.5", 1.5, true}, {"-1.25", -1.25, true}, {"0.0000001", 1e-7, true}, {"100000000000000000000000", 1e23, true},
		{"1.50", 1.5, false}, {" 2 ", 2, false}, {"+3", 3, false}, {"1e3", 1000, false}, {".5", 0.5, false},
	} {
		var x *Extra
		n, reason := DecodeDecimal(c.text, &x, 3)
		require.Empty(t, reason, c.text)
		require.Equal(t, c.want, n, c.text)
		require.Equal(t, c.plain, x.IsEmpty(), c.text)
		b, err := AppendDecimal([]byte("="), n)
		require.NoError(t, err)
		require.Equal(t, "="+c.text, string(x.Respell(b, 1, 3)))
	}
	for _, bad := range []string{"", " ", "INF", "-INF", "NaN", "1,5", "0x10", "1_000", "1e999"} {
		var x *Extra
		_, reason := DecodeDecimal(bad, &x, 0)
		require.Equal(t, "is no decimal number", reason, bad)
		require.Nil(t, x)
	}
	for _, bad := range []float64{math.Inf(1), math.NaN()} {
		b, err := AppendDecimal(nil, bad)
		require.ErrorAs(t, err, new(*EncodeError))
		require.Empty(t, b)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		child string
		name  Name
		want  string
	}{
		{"<gone/>", Name{"u", "gone"}, "<gone/>"},
		{"<gone></gone>", Name{"u", "gone"}, "<gone/>"},
		{"<gone>to x</gone>", Name{"u", "gone"}, "<gone xmlns='u'>to x</gone>"},
		{"<gone a='1'/>", Name{"u", "gone"}, "<gone xmlns='u' a='1'/>"},
		{"<gone><in/></gone>", Name{"u", "gone"}, "<gone xmlns='u'><in/></gone>"},
		{"<gone>to x</gone>", Name{"u", "lost"}, "<lost/>"}, // the value was changed
		{"<gone>to x</gone>", Name{"v", "gone"}, "<gone xmlns='v'/>"},
	} {
		r, err := Parse("<p xmlns='u'>" + c.child + "</p>")
		require.NoError(t, err)
		cursor := r.Children()
		require.True(t, cursor.Next())
		var x *Extra
		cursor.KeepBare(&x, 2)
		leaves := slices.Collect(x.Leaves())
		require.Equal(t, !r.Child("u", "gone").IsEmpty() || strings.Contains(c.child, "="), len(leaves) == 1, c.child)
		for _, leaf := range leaves {
			require.Equal(t, cursor.Raw(), leaf)
		}
		b, err := AppendName([]byte("="), c.name, "u")
		require.NoError(t, err)
		got := string(x.RespellName(b, 1, 2, c.name, "u"))
		same := got == "="+c.want
		if !same { // the namespace may be left to be inherited
			a, err := Parse("<p xmlns='u'>" + got[1:] + "</p>")
			require.NoError(t, err)
			b, err := Parse("<p xmlns='u'>" + c.want + "</p>")
			require.NoError(t, err)
			same = Equal(a, b)
		}
		require.True(t, same, "%s: %s", c.child, got)
	}
	_, err := AppendName(nil, Name{"u", "no name"}, "u")
	require.ErrorAs(t, err, new(*EncodeError))
}

func TestStandIns(t *testing.T) {
	t.Parallel()
	inf, half := StdFloat(math.Inf(-1)), StdDecimal(1e22)
	b, err := xml.Marshal(struct {
		XMLName struct{}    `xml:"u x"`
		A       *StdFloat   `xml:"a,attr,omitempty"`
		B       *StdFloat   `xml:"b,attr,omitempty"`
		C       *StdDecimal `xml:"u c"`
		D       *StdDecimal `xml:",chardata"`
		E       StdName     `xml:",any"`
		F       StdName     `xml:",any"`
	}{A: &inf, C: &half, E: StdName{"v", "gone"}})
	require.NoError(t, err)
	require.Equal(t, `<x xmlns="u" a="-INF"><c xmlns="u">10000000000000000000000</c><gone xmlns="v"></gone></x>`, string(b))

	nan := StdDecimal(math.NaN())
	_, err = xml.Marshal(struct {
		XMLName struct{}    `xml:"x"`
		A       *StdDecimal `xml:"a"`
	}{A: &nan})
	require.ErrorContains(t, err, "no decimal number")
	_, err = xml.Marshal(StdName{"u", "no name"})
	require.ErrorContains(t, err, "XML does not allow")

	type texts struct {
		I StdOptional[int8]    `xml:"i,attr"`
		U StdOptional[uint16]  `xml:"u,attr"`
		F StdOptional[float64] `xml:"f,attr"`
		B StdOptional[bool]    `xml:"b,attr"`
	}
	var v texts
	require.NoError(t, xml.Unmarshal([]byte(`<x i="-1" u=" 2 " f="INF" b="true"/>`), &v))
	require.Equal(t, texts{
		StdOptional[int8]{Ptr[int8](-1)}, StdOptional[uint16]{Ptr[uint16](2)}, StdOptional[float64]{Ptr(math.Inf(1))}, StdOptional[bool]{Ptr(true)},
	}, v)
	v = texts{}
	require.NoError(t, xml.Unmarshal([]byte(`<x i="" u="" f="" b=""/>`), &v))
	require.Equal(t, texts{}, v)
	for _, bad := range []string{`<x i="200"/>`, `<x u="-1"/>`, `<x f="x"/>`, `<x b="no"/>`} {
		require.Error(t, xml.Unmarshal([]byte(bad), new(texts)), bad)
	}
}

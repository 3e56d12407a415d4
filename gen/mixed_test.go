package gen_test

import (
	"encoding/xml"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/internal/sample"
	"stanza.invalid/stream/wire"
)

// TestMixed wants text and elements in their order, through both codecs.
func TestMixed(t *testing.T) {
	t.Parallel()
	const text = "<letter xmlns='urn:example:sample'>a<strong>b<break/>c</strong> &lt; <unknown>d<e/></unknown>\n<break/><code>f</code>g</letter>"
	var letter sample.Letter
	r, err := wire.Parse(text)
	require.NoError(t, err)
	require.NoError(t, letter.DecodeXML(r))
	want := []sample.Inline{
		sample.InlineText("a"),
		&sample.Strong{Content: []sample.Inline{sample.InlineText("b"), &sample.InlineBreak{}, sample.InlineText("c")}},
		sample.InlineText(" < "),
		letter.Content[3],
		sample.InlineText("\n"), &sample.InlineBreak{}, &sample.Code{Value: "f"}, sample.InlineText("g"),
	}
	require.IsType(t, &sample.InlineOther{}, letter.Content[3])
	require.Equal(t, "<unknown xmlns='urn:example:sample'>d<e/></unknown>", letter.Content[3].(*sample.InlineOther).String())
	require.Equal(t, want, letter.Content)

	fast, err := letter.AppendXML(nil, "")
	require.NoError(t, err)
	require.Equal(t, text, string(fast))

	std, err := xml.Marshal(&letter)
	require.NoError(t, err)
	for _, source := range []string{string(std), text} {
		var again sample.Letter
		require.NoError(t, xml.Unmarshal([]byte(source), &again))
		fast, err = again.AppendXML(nil, "")
		require.NoError(t, err)
		require.Equal(t, text, string(fast), source)
	}

	letter.Content = append(letter.Content, nil)
	_, err = letter.AppendXML(nil, "")
	require.ErrorContains(t, err, "a nil Inline")
}

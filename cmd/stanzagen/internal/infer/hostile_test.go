package infer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
)

// TestHostile drafts schemas of what nobody sends: too many names, too many of the same, texts in pieces.
func TestHostile(t *testing.T) {
	t.Parallel()
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	for name, xml := range map[string]string{
		"attributes": "<a xmlns='u' " + many(20_000, func(i int) string { return fmt.Sprintf("a%d='1' ", i) }) + "/>",
		"children":   "<a xmlns='u'>" + many(40_000, func(i int) string { return fmt.Sprintf("<b%d/>", i) }) + "</a>",
		"payloads":   many(40_000, func(i int) string { return fmt.Sprintf("<c%d xmlns='u'/>", i) }),
		"the same":   many(80_000, func(int) string { return "<c xmlns='u'/>" }),
		"pieces":     "<a xmlns='u'>" + many(100_000, func(int) string { return "x<b/>" }) + "</a>",
		"one name":   "<a xmlns='u' " + many(1_500, func(i int) string { return strings.Repeat("_", i+1) + "a='1' " }) + "/>",
	} {
		elements, err := stanzaxml.Parse("in", xml)
		require.NoError(t, err, name)
		d := Infer(elements, Options{Known: func(model.Name) (string, string) { return "", "" }})
		require.NotEmpty(t, d.YAML, name)
	}
}

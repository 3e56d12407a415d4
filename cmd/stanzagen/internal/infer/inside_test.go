package infer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/infer"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
)

// TestInside drafts an element that stands alone, and with more attributes in one that has a schema already.
func TestInside(t *testing.T) {
	t.Parallel()
	elements, err := stanzaxml.Parse("in", `<iq type='get'><pot xmlns='urn:example:pot'><leaf xmlns='urn:example:tea' kind='green' old='true'/></pot></iq>
<leaf xmlns='urn:example:tea' kind='black'/>`)
	require.NoError(t, err)
	d := infer.Infer(elements, infer.Options{Spec: "Tea", Package: "tea", Known: func(n model.Name) (string, string) {
		if n.Local == "pot" {
			return "pot", "Pot"
		}
		return "", ""
	}})
	require.Contains(t, d.YAML, `"kind"`)
	require.Contains(t, d.YAML, `"old"`)
}

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// around has, for sections of the reference whose examples refer to what they do not show, what
// makes whole schemas of them.
var around = map[string]string{
	"Fields": `
types:
  - {type: Item, name: item, attrs: [{name: id}]}
`,
	"Names that are values": `
enums:
  - {type: State, values: [active, gone], doc: is what somebody does.}
  - {type: Condition, values: [too-late], doc: is a reason.}
  - {type: General, values: [relaxing], doc: is a kind of activity.}
  - {type: Specific, values: [gaming], doc: is an activity.}
`,
	"The same shape again": `
elements:
  - {name: x, ns: user, type: User, in: [message], children: [{name: item, type: Item}]}
  - {name: x, ns: admin, type: Admin, in: [message], children: [{name: item, type: AdminItem}]}
`,
	"IQ requests": `
types:
  - {type: Identity, name: identity, attrs: [{name: category}]}
`,
	"Data forms": `
enums:
  - {type: Audience, values: [moderators, anyone], doc: is who sees it.}
`,
	"Other packages": `
elements:
  - {name: sample, type: Sample, in: [message], children: [{type: form.Form}, {name: order, type: tea.Order}]}
`,
	"Exceptions from lint": `
elements:
  - {name: identity, type: Identity, in: [message], attrs: [{name: name}]}
`,
}

// TestLanguage compiles every example of the reference of the language.
func TestLanguage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../schema/README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?ms)^## ([^\n]*)$|^```yaml\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	section, n := "", 0
	for _, b := range blocks {
		if b[1] != "" {
			section = b[1]
			continue
		}
		n++
		rest := around[section]
		if section == "IQ requests" && !strings.Contains(b[2], "Identity") {
			rest = ""
		}
		schema := whole(b[2], rest)
		dir := t.TempDir()
		file := filepath.Join(dir, "schema", "reference.yaml")
		for name, data := range map[string]string{
			file:                               schema,
			filepath.Join(dir, "tea/tea.yaml"): "spec: Tea\npackage: tea\nnamespace: urn:example:tea\nelements:\n  - {name: order, type: Order, in: [iq]}\n",
		} {
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
			require.NoError(t, os.WriteFile(name, []byte(data), 0o644))
		}
		c := &source.Collector{}
		compiler().Compile(generate.Options{Files: []string{file}, Out: dir, ImportPath: "example.org/gen"}, c)
		assert.Empty(t, c.Diagnostics(), "section %s:\n%s", section, schema)
	}
	require.Greater(t, n, 10)
}

// whole makes a schema of an example that leaves out what goes without saying.
func whole(example, around string) string {
	if strings.HasPrefix(example, "spec:") {
		return example
	}
	switch {
	case strings.HasPrefix(example, "  - "):
		example = "elements:\n" + example
	case strings.HasPrefix(example, "attrs:"), strings.HasPrefix(example, "children:"):
		example = "elements:\n  - name: sample\n    type: Sample\n    in: [message]\n" + regexp.MustCompile("(?m)^").ReplaceAllString(strings.TrimSuffix(example, "\n"), "    ") + "\n"
	}
	head := "spec: XEP-0001\ntitle: Reference\npackage: reference\n"
	switch {
	case strings.Contains(example+around, "namespaces:"):
	case strings.Contains(example+around, "ns: user"):
		head += "namespaces: {\"\": urn:example:reference, user: urn:example:user, admin: urn:example:admin}\n"
	default:
		head += "namespace: urn:example:reference\n"
	}
	if !strings.Contains(example+around, "elements:") {
		around += "elements:\n  - {name: any, type: Any, in: [message]}\n"
	}
	return head + example + strings.TrimPrefix(around, "\n")
}

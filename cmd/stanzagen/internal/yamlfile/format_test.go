package yamlfile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/source"
)

func formatted(t *testing.T, in string) string {
	t.Helper()
	c := &source.Collector{}
	out := Format("tea.yaml", []byte(in), c)
	require.Empty(t, c.Diagnostics(), in)
	return string(out)
}

// TestFormatOwn formats the schemas of the project twice.
func TestFormatOwn(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../../schema/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		once := formatted(t, string(data))
		require.Equal(t, once, formatted(t, once), file)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 30) + "end"
	tests := []struct{ name, in, want string }{
		{"order", "package: tea\nspec: Tea\n", "spec: Tea\npackage: tea\n"},
		{"unknown keys last", "zzz: 1\npackage: tea\naaa: 2\nspec: Tea\n", "spec: Tea\npackage: tea\nzzz: 1\naaa: 2\n"},
		{"ref before doc", "enums:\n- {doc: is., ref: x, values: [a], type: T}\n", "enums:\n  - type: T\n    ref: x\n    doc: is.\n    values: [a]\n"},
		{"quotes", "spec: \"Tea\"\ntitle: 'a: b'\nversion: '1.0'\npackage: \"true\"\n", "spec: Tea\ntitle: \"a: b\"\nversion: \"1.0\"\npackage: \"true\"\n"},
		{"negative numbers", "types:\n- type: T\n  attrs: [{name: n, type: int8, min: -5, max: \"-1\"}]\n", "types:\n  - type: T\n    attrs:\n      - {name: n, type: int8, min: -5, max: \"-1\"}\n"},
		{"flow quotes", "features: ['a', \"b, c\", d]\n", "features: [a, \"b, c\", d]\n"},
		{"inner quotes", `title: 'say "x": y'` + "\n", `title: 'say "x": y'` + "\n"},
		{"escapes", `title: "a\u2028b"` + "\n", `title: "a\u2028b"` + "\n"},
		{"long text", "doc: " + long + "\n", "doc: >-\n  " + strings.TrimRight(strings.Repeat("word ", 23), " ") + "\n  " + strings.Repeat("word ", 7) + "end\n"},
		{"paragraphs", "doc: |-\n  a\n\n  b\ntitle: x\n", "title: x\ndoc: |-\n  a\n\n  b\n"},
		{"folded paragraphs", "doc: >-\n  a\n\n  b\n  c\n", "doc: >-\n  a\n\n  b c\n"},
		{"examples", "spec: x\nexamples: ['<a/>', \"<b>\\n</b>\"]\n", "spec: x\n\nexamples:\n  - <a/>\n  - |-\n    <b>\n    </b>\n"},
		{"short list", "spec: x\nexamples: ['<a/>']\n", "spec: x\nexamples: [<a/>]\n"},
		{"flow of values", "types:\n- type: T\n  attrs:\n  - name: a\n    doc: is a.\n", "types:\n  - type: T\n    attrs:\n      - {name: a, doc: is a.}\n"},
		{"empty", "features: []\nelements: [{type: T, iq: {}}]\n", "features: []\n\nelements:\n  - type: T\n    iq: {}\n"},
		{
			"comments above and beside", "# the file\n\n# spec\nspec: Tea # beside\n# above\npackage: tea\n# last\n",
			"# the file\n\n# spec\nspec: Tea # beside\n# above\npackage: tea\n# last\n",
		},
		{
			"comments move along", "# pkg\npackage: tea # p\n# spec\nspec: Tea # s\n",
			"# spec\nspec: Tea # s\n# pkg\npackage: tea # p\n",
		},
		{
			"comments within", "types:\n  # one\n  - type: T # t\n    attrs: # attributes\n      - name: a # the name\n        # the doc\n        doc: is a.\n      - {name: b} # beside b\n      # no more\n  # and then\n  - type: U\n",
			"types:\n  # one\n  - type: T # t\n    attrs: # attributes\n      - name: a # the name\n        # the doc\n        doc: is a.\n      - {name: b} # beside b\n      # no more\n  # and then\n  - type: U\n",
		},
		{
			"comment in a flow", "features: [ # why\n  a, # first\n  b]\n",
			"features: # why\n  - a # first\n  - b\n",
		},
		{"no comment", "title: a#b\ndoc: |-\n  # not one\nspec: \"x # y\"\n", "spec: \"x # y\"\ntitle: a#b\ndoc: \"# not one\"\n"},
		{
			"blank lines", "spec: x\n\n\n\ntitle: y\ntypes:\n\n  - type: T\n\n\n  - type: U\n    attrs: [{name: a},\n\n    {name: b}]\n",
			"spec: x\n\ntitle: y\n\ntypes:\n  - type: T\n\n  - type: U\n    attrs:\n      - {name: a}\n\n      - {name: b}\n",
		},
		{"carriage returns", "spec: x\r\npackage: y # c\r\n", "spec: x\npackage: y # c\n"},
		{"namespaces", "namespaces: {'': urn:a, b: {doc: is b., uri: urn:b}}\n", "namespaces:\n  \"\": urn:a\n  b: {uri: urn:b, doc: is b.}\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := formatted(t, tt.in)
			require.Equal(t, tt.want, got)
			require.Equal(t, got, formatted(t, got))
		})
	}
}

func TestFormatRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"spec: [":        "not YAML",
		"- a\n":          "file needs a mapping with keys, this is a list",
		"a: &x b\n":      "anchor &x is not allowed",
		"":               "schema is empty",
		"# nothing\n":    "schema is empty",
		"a: b\n---\nc\n": "second document",
	} {
		c := &source.Collector{}
		require.Nil(t, Format("tea.yaml", []byte(in), c), in)
		require.Len(t, c.Diagnostics(), 1, in)
		require.Contains(t, c.Diagnostics()[0].Msg, want, in)
	}
}

// TestFormatRandom formats schemas that were made up from the table of keys, with comments and in all styles of YAML.
func TestFormatRandom(t *testing.T) {
	t.Parallel()
	keys := Keys()
	for seed := range uint64(100) {
		m := &maker{r: rand.New(rand.NewPCG(seed, 1)), all: keys}
		m.mapping(LevelFile, 0, "")
		in := m.b.String()
		if strings.TrimSpace(in) == "" || m.keys == 0 {
			continue
		}
		once := formatted(t, in)
		require.Equal(t, once, formatted(t, once), "seed %d\n%s", seed, in)
		// what it says is the same, whatever it is
		before, after := &source.Collector{}, &source.Collector{}
		Read("tea.yaml", []byte(in), before)
		Read("tea.yaml", []byte(once), after)
		require.Len(t, after.Diagnostics(), len(before.Diagnostics()), "seed %d\n%s\n%s", seed, in, once)
	}
}

// maker makes up schemas.
type maker struct {
	r    *rand.Rand
	b    strings.Builder
	keys int
	all  []Key
}

func (m *maker) some(n int) bool { return m.r.IntN(n) == 0 }

// comments writes comment lines or blank ones.
func (m *maker) comments(indent int) {
	for m.some(8) {
		m.b.WriteString(strings.Repeat(" ", indent+m.r.IntN(2)*m.r.IntN(5)) + "# comment: {not [yaml\n")
	}
	for m.some(8) {
		m.b.WriteString("\n")
	}
}

func (m *maker) end() {
	if m.some(8) {
		m.b.WriteString(" # beside")
	}
	m.b.WriteString("\n")
}

// mapping writes the keys of a level; lead stands before the first one, behind a dash.
func (m *maker) mapping(l Level, indent int, lead string) {
	started := false
	for _, i := range m.r.Perm(len(m.all)) {
		k := m.all[i]
		if k.Level != l || !k.Required && m.some(2) || indent > 8 && k.Of != "" {
			continue
		}
		if !started && lead != "" {
			m.b.WriteString(lead)
		} else {
			m.comments(indent)
			m.b.WriteString(strings.Repeat(" ", indent))
		}
		started = true
		m.keys++
		m.b.WriteString(k.Name + ":")
		m.value(k, indent+1+m.r.IntN(3))
	}
	if !started && lead != "" {
		m.b.WriteString(lead + "{}\n")
	}
}

func (m *maker) value(k Key, indent int) {
	pad := strings.Repeat(" ", indent)
	switch k.Kind {
	case KindText, KindTextOrMap:
		m.scalar(indent)
	case KindTruth, KindTrueOrMap:
		m.b.WriteString(" true")
		m.end()
	case KindTexts:
		m.b.WriteString(" [ # list\n" + pad + "a, 'b, c',\n" + pad + "\"d\"]")
		m.end()
	case KindMap:
		m.end()
		m.mapping(k.Of, indent, pad)
	case KindMaps, KindTextsOrMaps:
		m.end()
		for range 1 + m.r.IntN(3) {
			m.comments(indent)
			m.mapping(k.Of, indent+2, pad+"- ")
		}
	case KindTextMap, KindTextOrMapMap:
		fmt.Fprintf(&m.b, " {a: b, \"c d\": 'e'}")
		m.end()
	default:
		m.b.WriteString(" true")
		m.end()
	}
}

// scalar writes one of the texts in one of the styles that can hold it.
func (m *maker) scalar(indent int) {
	texts := []string{
		"plain", "is a text, with commas: and more.", "true", "1.50", "it's", `say "x" \ y`, "- dash", "# hash", "a #b", "{flow", "é ü 日本 # x",
		strings.Repeat("long words ", 14) + "end", "2024-01-01", "~", "urn:a#b", "<a b='c'/>", "x:", "a  b", " lead",
	}
	text := texts[m.r.IntN(len(texts))]
	pad := "\n" + strings.Repeat(" ", indent+1)
	switch style := m.r.IntN(5); {
	case style == 0 && isPlain(text, false):
		m.b.WriteString(" " + text)
	case style == 1 && text != " lead":
		m.b.WriteString(" |-" + pad + text + pad + "  # more text" + pad + text + "\n")
		return
	case style == 2 && text != " lead":
		m.b.WriteString(" >" + pad + strings.ReplaceAll(text, "long words", "long"+pad+"words") + "\n\n" + pad + text + "\n")
		return
	case style == 3:
		m.b.WriteString(" '" + strings.ReplaceAll(strings.ReplaceAll(text, "'", "''"), "words long", "words"+pad+"long") + "'")
	default:
		m.b.WriteString(" \"" + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(text) + "\"")
	}
	m.end()
}

// TestFormatAgain formats what has another form once its comments have moved.
func TestFormatAgain(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"#0000000000000\n00000000: [{00000 #0\n}]", "# a\nspec: 'x' # b\nelements: [{name: a, # c\n type: B}]\n# d\n"} {
		formattedTwice(t, s)
	}
}

// formattedTwice holds the form of a form to be itself.
func formattedTwice(t *testing.T, s string) {
	c := &source.Collector{}
	once := Format("x.yaml", []byte(s), c)
	if once == nil {
		require.NotZero(t, c.Errors(), "nothing was written, and nothing said why")
		return
	}
	require.Equal(t, string(once), string(Format("x.yaml", once, c)))
}

// TestFormatLarge formats the largest files there may be, whose parts all stand on one line, or are all comments.
func TestFormatLarge(t *testing.T) {
	t.Parallel()
	flow := "features: [" + strings.Repeat("'é', ", maxSize/40) + "]\n"
	require.Equal(t, strings.Count(flow, "é"), strings.Count(formatted(t, flow), "é"))
	noted := strings.Repeat("a: b\n  # c\n", maxSize/40)
	require.Len(t, formatted(t, noted), len(noted)-2*strings.Count(noted, "#"))
}

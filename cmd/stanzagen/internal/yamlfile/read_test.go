package yamlfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// every has every key of the language once, so that the readers of all levels run.
const every = `spec: XEP-9999
title: Tea
version: 1.0
doc: Tea is hot.
package: tea
namespaces:
  "": urn:a
  b: {uri: urn:b, go: NSBee, doc: is b.}
features: [urn:a]
imports: [form, {name: x, schema: x.yaml, path: example.org/x}]
ignore: [{rule: some-rule, at: Pot, reason: It is so.}]
enums:
  - {type: Kind, doc: is a kind., ref: r, base: uint8, numbers: int8, values: [1, {value: 2, go: Two, label: Pair, doc: is two., ref: s}]}
elements:
  - name: pot
    names: Kind
    go: Name
    ns: b
    type: Pot
    in: [message, iq]
    doc: is a pot.
    ref: pot
    when: {attr: kind, value: big, child: lid}
    attrs:
      - {name: a, ns: b, type: int8, go: A, empty: true, required: true, default: 1, fixed: 2, min: 3, max: 4, doc: is a., ref: ra}
    text: {type: string, go: T, required: false, default: d, fixed: f, min: 1, max: 2, doc: is t., ref: rt}
    children:
      - {name: c, names: Kind, ns: b, type: Lid, go: C, many: true, required: true, default: 1, fixed: 2, min: 3, max: 4, doc: is c., ref: rc}
      - {type: Way, one_of: [{name: left, ns: b, type: flag, go: Left, doc: is left.}, {type: Lid}]}
    any: {go: Rest, doc: is the rest.}
    mixed: {type: Inline, go: In, one_of: [{name: em, type: Lid}], doc: is text.}
    like: Lid
    nested: {Knob: PotKnob}
    sender: server
    features: []
    iq:
      set: {type: PotSet, fields: [], result: empty, doc: sets., ref: rs, features: [urn:s]}
      get: [{type: PotGet, result: Pot, when: {child: lid}}]
types:
  - {name: lid, names: Kind, go: Name, ns: b, type: Lid, doc: is a lid., ref: rl, text: uint8, any: true, attrs: [], children: [], like: Pot, nested: {}}
examples:
  - <a/>
  - |
    <b/>
forms:
  - type: Order
    form_type: urn:f
    command: urn:f#c
    title: T
    instructions: [i]
    doc: is a form.
    ref: f
    like: Other
    fields:
      - {var: v, type: hidden, value: uint8, go: V, many: true, required: true, default: 1, min: 1, max: 2, label: L, desc: D, doc: is v., ref: rv}
      - {var: w, type: list-single, options: [a, {value: b, label: B}]}
`

func TestReadEveryKey(t *testing.T) {
	t.Parallel()
	for _, k := range Keys() {
		if k.Name != "namespace" { // it does not go with namespaces
			require.Contains(t, every, k.Name+":", "key %s of %s", k.Name, k.Level)
		}
	}
	c := &source.Collector{}
	Read("tea.yaml", []byte(every+"namespace: urn:c\n"), c)
	require.Len(t, c.Diagnostics(), 1)
	require.Contains(t, c.Diagnostics()[0].Msg, "namespace and namespaces are both given")

	c = &source.Collector{}
	f := Read("tea.yaml", []byte(every), c)
	require.Empty(t, c.Diagnostics())
	at := func(line, col int) source.Pos { return source.Pos{File: "tea.yaml", Line: line, Col: col} }
	text := func(line, col int, s string) syntax.String { return syntax.String{Pos: at(line, col), Value: s} }
	require.Equal(t, text(3, 10, "1.0"), f.Version)
	require.Equal(t, syntax.YAML, f.Format)
	require.Equal(t, &syntax.Namespace{Pos: at(7, 3), Key: text(7, 3, ""), URI: text(7, 7, "urn:a")}, f.Namespaces[0])
	require.Equal(t, "NSBee", f.Namespaces[1].Go.Value)
	require.Equal(t, []string{"urn:a"}, f.Features.Values())
	require.Equal(t, &syntax.Import{Pos: at(10, 11), Name: text(10, 11, "form")}, f.Imports[0])
	require.Equal(t, "example.org/x", f.Imports[1].Path.Value)
	require.Equal(t, "1", f.Enums[0].Values[0].Value.Value)
	require.Equal(t, "Two", f.Enums[0].Values[1].Go.Value)

	e := f.Elements[0]
	require.Equal(t, []string{"message", "iq"}, e.In.Values())
	require.True(t, e.Features.IsSet())
	require.Empty(t, e.Features.List)
	require.Equal(t, syntax.Bool{Pos: at(25, 68), Value: true}, e.Attrs[0].Required)
	require.Equal(t, "4", e.Attrs[0].Max.Value)
	require.True(t, e.Text.Required.IsSet())
	require.False(t, e.Text.Required.Value)
	require.True(t, e.Children[0].Many.Value)
	require.Equal(t, at(29, 29), e.Children[1].OneOf.Pos)
	require.Equal(t, "Left", e.Children[1].OneOf.List[0].Go.Value)
	require.Equal(t, text(29, 95, "Lid"), e.Children[1].OneOf.List[1].Type)
	require.Equal(t, "Rest", e.Any.Go.Value)
	require.Equal(t, "PotKnob", e.Nested[0].To.Value)
	require.Equal(t, &syntax.When{Pos: at(23, 11), Attr: text(23, 18, "kind"), Value: text(23, 31, "big"), Child: text(23, 43, "lid")}, e.When)
	require.Equal(t, "lid", e.IQ[0].When.Child.Value)
	require.Equal(t, []string{"get", "set"}, []string{e.IQ[0].IQType, e.IQ[1].IQType})
	require.False(t, e.IQ[0].Fields.IsSet())
	require.True(t, e.IQ[1].Fields.IsSet())

	require.Equal(t, "uint8", f.Types[0].Text.Type.Value)
	require.NotNil(t, f.Types[0].Any)
	require.Equal(t, []syntax.String{text(42, 5, "<a/>"), text(43, 5, "<b/>\n")}, f.Examples)

	form := f.Forms[0]
	require.Equal(t, "urn:f", form.FormType.Value)
	require.Equal(t, "urn:f#c", form.Command.Value)
	require.Equal(t, []string{"i"}, form.Instructions.Values())
	require.True(t, form.Fields[0].Many.Value)
	require.Equal(t, "D", form.Fields[0].Desc.Value)
	require.Equal(t, "a", form.Fields[1].Options[0].Value.Value)
	require.Equal(t, text(56, 68, "B"), form.Fields[1].Options[1].Label)
}

func TestReadHostile(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		p := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+p+", ", 8) + "]\n"
	}
	tests := []struct{ name, in, want string }{
		{"size", strings.Repeat("#", maxSize+1), "tea.yaml: schema has 1048577 bytes, the limit is 1048576"},
		{"utf8", "spec: a\ntitle: b\xffc\n", "tea.yaml:2:9: schema is not UTF-8"},
		{"control", "spec: a\x01\n", "not YAML: control characters are not allowed"},
		{"aliases", bomb, "anchor &a is not allowed in a schema"},
		{"flow", strings.Repeat("[", 100_000), "exceeded max depth"},
		{"block", strings.Repeat("- ", 100_000), "exceeded max depth"},
		{"merge", "<<: {spec: a}\n", `unknown key "<<" of file`},
		{"null", "~\n", "file needs a mapping with keys, this is empty"},
		{"unclosed", "spec: 'a", "found unexpected end of stream"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &source.Collector{}
			Read("tea.yaml", []byte(tt.in), c)
			var b strings.Builder
			_, err := c.WriteTo(&b)
			require.NoError(t, err)
			require.Contains(t, b.String(), tt.want)
			require.Less(t, len(b.String()), 20_000)
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(every)
	f.Add("spec: [a]\nelements: [{iq: {get: }}]\n")
	f.Add("a: &a [*a]\n")
	f.Add("# a\nspec: 'x' # b\nelements: [{name: a, # c\n type: B}]\n# d\n")
	f.Fuzz(func(t *testing.T, s string) {
		c := &source.Collector{}
		if file := Read("x.yaml", []byte(s), c); file == nil {
			require.NotZero(t, c.Errors(), "nothing was read, and nothing said why")
		}
		formattedTwice(t, s)
	})
}

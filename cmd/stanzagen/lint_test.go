package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/lint"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/schema"
)

// clean is a schema that lint finds nothing in; the cases below change one line of it each.
const clean = `spec: XEP-0999
title: Tea
version: "1.0"
doc: Tea is asked for with Order.
package: tea
namespaces:
  "": urn:example:tea
  pot: urn:example:tea#pot
features: [urn:example:tea]
imports: [forward]

enums:
  - type: Kind
    ref: kinds
    doc: is a kind of tea.
    values:
      - {value: green, doc: is not fermented.}

elements:
  - name: order
    type: Order
    in: [iq]
    ref: order
    doc: asks for tea.
    attrs:
      - {name: kind, type: Kind, required: true, doc: is the kind of tea.}
      - {name: note, doc: is a wish.}
    text: {type: string, doc: is what else there is to say.}
    iq:
      set: {type: Order, result: Receipt}
  - name: receipt
    type: Receipt
    in: [iq]
    ref: receipt
    doc: answers an order.
  - name: pot
    ns: pot
    type: Pot
    in: [message]
    ref: pot
    sender: own-account
    doc: is a pot with a message in it.
    children:
      - {type: forward.Forwarded, required: true, doc: is the message.}

examples:
  - <order xmlns='urn:example:tea' kind='green'/>
  - <receipt xmlns='urn:example:tea'/>
  - <pot xmlns='urn:example:tea#pot'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'/></forwarded></pot>
`

const cleanXSD = `<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:example:tea' xmlns='urn:example:tea' elementFormDefault='qualified'>
  <xs:element name='order'>
    <xs:complexType>
      <xs:simpleContent>
        <xs:extension base='xs:string'>
          <xs:attribute name='kind' use='required'>
            <xs:simpleType><xs:restriction base='xs:NCName'><xs:enumeration value='green'/></xs:restriction></xs:simpleType>
          </xs:attribute>
          <xs:attribute name='note' type='xs:string' use='optional'/>
        </xs:extension>
      </xs:simpleContent>
    </xs:complexType>
  </xs:element>
  <xs:element name='receipt'>
    <xs:complexType>
      <xs:sequence>
        <!-- children -->
      </xs:sequence>
    </xs:complexType>
  </xs:element>
</xs:schema>
`

type lintCase struct {
	rule, at string
	// pairs of what is replaced in the schema, and in the XSD.
	schema, xsd []string
}

func lintCases() []lintCase {
	child := func(entry string) []string {
		return []string{"doc: answers an order.\n", "doc: answers an order.\n    children:\n      - " + entry + "\n"}
	}
	xsdChild := func(element string) []string { return []string{"<!-- children -->", element} }
	return []lintCase{
		{"doc-package", "file", []string{"doc: Tea is asked for with Order.\n", ""}, nil},
		{"doc-type", "Kind", []string{"    doc: is a kind of tea.\n", ""}, nil},
		{"doc-required", "Order.kind", []string{", doc: is the kind of tea.", ""}, nil},
		{"doc-field", "Order.note", []string{", doc: is a wish.", ""}, nil},
		{"doc-field", "Order.text", []string{", doc: is what else there is to say.", ""}, nil},
		{"doc-value", "Kind.green", []string{", doc: is not fermented.", ""}, nil},
		{"doc-style", "Order.note", []string{"doc: is a wish.", "doc: A wish."}, nil},
		{"doc-style", "Kind", []string{"doc: is a kind of tea.", "doc: a kind of tea."}, nil},
		{"version-missing", "file", []string{"version: \"1.0\"\n", ""}, nil},
		{"title-missing", "file", []string{"title: Tea\n", ""}, nil},
		{"ref-missing", "Kind", []string{"    ref: kinds\n", ""}, nil},
		{"example-missing", "Receipt", []string{"  - <receipt xmlns='urn:example:tea'/>\n", ""}, nil},
		{"iq-unanswered", "Receipt", []string{"result: Receipt", "result: empty"}, nil},
		{"features-missing", "file", []string{"features: [urn:example:tea]\n", ""}, nil},
		{"namespace-unused", "namespace.cup", []string{"  pot: urn:example:tea#pot\n", "  pot: urn:example:tea#pot\n  cup: urn:example:tea#cup\n"}, nil},
		{"enum-unused", "Kind", []string{"name: kind, type: Kind", "name: kind"}, nil},
		{"name-stutter", "TeaReceipt", []string{"type: Receipt", "type: TeaReceipt", "result: Receipt", "result: TeaReceipt"}, nil},
		{"name-initialism", "Order.note", []string{"{name: note,", "{name: note, go: NoteId,"}, nil},
		{"name-initialism", "PotUri", []string{"type: Pot\n", "type: PotUri\n"}, nil},
		{"name-needless", "Order.note", []string{"{name: note,", "{name: note, go: Note,"}, nil},
		{"type-guess", "Order.to", []string{"{name: note,", "{name: to,"}, nil},
		{"type-default", "Order.note", []string{"{name: note,", "{name: note, default: '',"}, nil},
		{"sender-forgeable", "Pot", []string{"    sender: own-account\n", ""}, nil},
		{"sender-useless", "Pot", []string{"in: [message]", "in: [any]"}, nil},
		{"sender-odd", "Receipt", []string{"type: Receipt\n", "type: Receipt\n    sender: queried\n"}, nil},
		{"sender-odd", "Receipt", []string{"type: Receipt\n", "type: Receipt\n    sender: room\n"}, nil},

		{"xsd-element-missing", "cup", nil, []string{"  <xs:element name='receipt'>", "  <xs:element name='cup' type='xs:string'/>\n  <xs:element name='receipt'>"}},
		{"xsd-element-extra", "Receipt", nil, []string{"name='receipt'", "name='order2'"}},
		{"xsd-attribute-missing", "Order.note", []string{"      - {name: note, doc: is a wish.}\n", ""}, nil},
		{"xsd-attribute-extra", "Order.note", nil, []string{"          <xs:attribute name='note' type='xs:string' use='optional'/>\n", ""}},
		{"xsd-child-missing", "Receipt.cup", nil, xsdChild("<xs:element name='cup' type='xs:string' minOccurs='0'/>")},
		{"xsd-child-extra", "Receipt.cup", child("{name: cup, doc: is a cup.}"), nil},
		{"xsd-text-missing", "Order.text", []string{"    text: {type: string, doc: is what else there is to say.}\n", ""}, nil},
		{"xsd-text-extra", "Receipt.text", []string{"doc: answers an order.\n", "doc: answers an order.\n    text: {type: string, doc: is a text.}\n"}, nil},
		{"xsd-open", "Receipt", nil, xsdChild("<xs:any namespace='##other' minOccurs='0' maxOccurs='unbounded'/>")},
		{"xsd-type", "Order.note", []string{"{name: note,", "{name: note, type: bool,"}, []string{"name='note' type='xs:string'", "name='note' type='xs:int'"}},
		{"xsd-type", "Receipt.cup", child("{name: cup, type: flag, doc: is a cup.}"), xsdChild("<xs:element name='cup' type='xs:int' minOccurs='0'/>")},
		{"xsd-required", "Order.note", []string{"{name: note,", "{name: note, required: true,"}, nil},
		{"xsd-optional", "Order.note", nil, []string{"use='optional'", "use='required'"}},
		{"xsd-many", "Receipt.cup", child("{name: cup, doc: is a cup.}"), xsdChild("<xs:element name='cup' type='xs:string' minOccurs='0' maxOccurs='unbounded'/>")},
		{"xsd-many", "Receipt.cup", child("{type: Thing, doc: is what it is about., one_of: [{name: cup, type: flag, doc: is a cup.}, {name: pot, type: flag, doc: is a pot.}]}"), xsdChild("<xs:choice minOccurs='0' maxOccurs='unbounded'><xs:element name='cup'><xs:complexType/></xs:element></xs:choice><xs:element name='pot' minOccurs='0'><xs:complexType/></xs:element>")},
		{"xsd-single", "Receipt.cup", child("{type: Thing, many: true, doc: are what it is about., one_of: [{name: cup, type: flag, doc: is a cup.}, {name: pot, type: flag, doc: is a pot.}]}"), xsdChild("<xs:element name='cup' minOccurs='0'><xs:complexType/></xs:element><xs:element name='pot' minOccurs='0' maxOccurs='unbounded'><xs:complexType/></xs:element>")},
		{"xsd-single", "Receipt.cup", child("{name: cup, many: true, doc: are cups.}"), xsdChild("<xs:element name='cup' type='xs:string' minOccurs='0'/>")},
		{"xsd-value-missing", "Kind.black", nil, []string{"<xs:enumeration value='green'/>", "<xs:enumeration value='green'/><xs:enumeration value='black'/>"}},
		{"xsd-value-missing", "Order.kind.green", []string{"name: kind, type: Kind", "name: kind"}, nil},
		{"xsd-value-extra", "Kind.green", nil, []string{"value='green'", "value='red'"}},
		{"xsd-refined", "Order.note", []string{"{name: note,", "{name: note, type: jid,"}, nil},

		{"ignore-unknown", "", []string{"imports:", "ignore: [{rule: doc-tpye, reason: I like it.}]\nimports:"}, nil},
		{"ignore-unknown", "", []string{"imports:", "ignore: [{rule: ignore-unneeded, reason: I like it.}]\nimports:"}, nil},
		{"ignore-unneeded", "", []string{"imports:", "ignore: [{rule: doc-type, reason: I like it.}]\nimports:"}, nil},
		{"ignore-unneeded", "", []string{"imports:", "ignore: [{rule: xsd-type, at: Order.note, reason: I like it.}]\nimports:"}, nil},
		{"ignore-reason", "", []string{"imports:", "ignore: [{rule: doc-type, reason: because}]\nimports:"}, nil},
	}
}

// few are some of the schemas of the project, where reading all of them would take its time.
func few(t *testing.T, names ...string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range names {
		data, err := fs.ReadFile(schema.FS, name)
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
}

// linted lints a schema together with an XSD.
func linted(t *testing.T, text, xsd string) []*source.Diagnostic {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "tea.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tea.xsd"), []byte(xsd), 0o644))
	k := compiler()
	k.BuiltIn = few(t, "xep-0297.yaml", "xep-0203.yaml")
	sys, c := &system{compiler: k}, &source.Collector{}
	schemas := sys.schemas([]string{file}, c)
	require.Empty(t, c.Diagnostics(), text)
	published, err := sys.published([]string{dir}, schemas, c)
	require.NoError(t, err)
	lint.Run(schemas[0], lint.Options{XSDs: published, Compare: true}, c)
	return c.Diagnostics()
}

func TestLintRules(t *testing.T) {
	t.Parallel()
	require.Empty(t, linted(t, clean, cleanXSD))
	covered := map[string]bool{}
	for _, tt := range lintCases() {
		covered[tt.rule] = true
		t.Run(tt.rule+" "+tt.at, func(t *testing.T) {
			t.Parallel()
			change := func(text string, pairs []string) string {
				for i := 0; i+1 < len(pairs); i += 2 {
					require.Contains(t, text, pairs[i])
					text = strings.Replace(text, pairs[i], pairs[i+1], 1)
				}
				return text
			}
			text, xsd := change(clean, tt.schema), change(cleanXSD, tt.xsd)
			require.NotEqual(t, clean+cleanXSD, text+xsd)
			findings := linted(t, text, xsd)
			var found *source.Diagnostic
			for _, d := range findings {
				if d.Code == tt.rule {
					found = d
				}
			}
			require.NotNil(t, found, findings)
			require.NotZero(t, found.Pos.Line)
			if tt.at == "" {
				return
			}
			// with an exception the finding is gone, and the exception is needed
			exception := "ignore: [{rule: " + tt.rule + ", at: " + tt.at + ", reason: It is meant so.}]\nimports:"
			for _, d := range linted(t, strings.Replace(text, "imports:", exception, 1), xsd) {
				require.NotEqual(t, tt.rule, d.Code, d)
				require.NotEqual(t, "ignore-unneeded", d.Code, d)
			}
		})
	}
	for _, rule := range lint.Rules() {
		require.True(t, covered[rule.Code], "no case for rule %s", rule.Code)
		require.True(t, strings.HasSuffix(rule.Doc, "."), rule.Code)
		require.NotEmpty(t, rule.Summary, rule.Code)
		require.False(t, strings.HasSuffix(rule.Summary, "."), rule.Code)
	}
}

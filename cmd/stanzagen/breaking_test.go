package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/breaking"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// settled is a schema; the cases below change it, and look at both directions of the change.
const settled = `spec: Tea
package: tea
namespaces:
  "": urn:example:tea
  pot: urn:example:tea#pot
features: [urn:example:tea]

enums:
  - type: Kind
    values:
      - {value: green}
      - {value: black}

elements:
  - name: order
    type: Order
    in: [iq]
    attrs:
      - {name: kind, type: Kind, required: true}
      - {name: cups, type: uint16, max: 12, default: 1}
      - {name: note}
    iq:
      get: {type: OrderGet, fields: [kind], result: Order}
      set: {type: Order, result: Receipt}
  - name: receipt
    type: Receipt
    in: [iq, message]
    text: {type: string, go: Text}
    children:
      - {name: cup, type: Cup, many: true}
      - {name: hot, type: flag}
      - {name: tip, type: uint8}
      - {name: maker, type: jid}

  - name: event
    type: Brewed
    in: [message]
    when: {attr: kind, value: brewed}
  - name: event
    type: Spilt
    in: [message]
    when: {attr: kind, value: spilt}
    children:
      - type: Mess
        required: true
        one_of:
          - {name: floor, type: Floor}
          - {name: table, type: Table}
          - {name: sofa, type: Sofa}

types:
  - type: Cup
    attrs:
      - {name: size, type: int32, min: 1}
  - {type: Floor, attrs: [{name: wet, type: bool}]}
  - {type: Table, attrs: [{name: wet, type: bool}]}
  - {type: Sofa}

forms:
  - type: Card
    form_type: urn:example:tea#menu
    fields:
      - {var: kind}
      - {var: cups, value: uint8, max: 12}
`

type breakingCase struct {
	name string
	// pairs of what is replaced in the schema
	change []string
	// the codes of the change, and those of its reversal, with their places
	there, back []string
}

func breakingCases() []breakingCase {
	return []breakingCase{
		{"nothing", []string{"spec: Tea", "spec: Tea house"}, nil, nil},
		{"namespace of an element", []string{"name: receipt\n", "name: receipt\n    ns: pot\n", "- type: Cup\n", "- type: Cup\n    ns: pot\n"}, []string{"wire-namespace Receipt", "wire-result Order"}, []string{"wire-namespace Receipt", "wire-result Order"}},
		{"uri of a namespace", []string{`"": urn:example:tea`, `"": urn:example:tea:1`}, []string{"wire-namespace Brewed", "wire-namespace Order", "wire-namespace Receipt", "wire-namespace Spilt", "wire-result Order"}, []string{"wire-namespace Brewed", "wire-namespace Order", "wire-namespace Receipt", "wire-namespace Spilt", "wire-result Order"}},
		{"name of an element", []string{"name: receipt", "name: bill"}, []string{"wire-name Receipt", "wire-result Order"}, []string{"wire-name Receipt", "wire-result Order"}},
		{"element", []string{"types:\n", "  - {name: menu, type: Menu, in: [message]}\ntypes:\n"}, nil, []string{"go-type-removed Menu", "wire-element-removed Menu"}},
		{"optional attribute", []string{"      - {name: note}\n", ""}, []string{"go-field-removed Order.note", "wire-attribute-removed Order.note"}, nil},
		{"required attribute", []string{"      - {name: note}\n", "      - {name: note}\n      - {name: who, required: true}\n"}, []string{"wire-required Order.who"}, []string{"go-field-removed Order.who", "wire-attribute-removed Order.who"}},
		{"optional child", []string{"      - {name: maker, type: jid}\n", ""}, []string{"go-field-removed Receipt.maker", "wire-child-removed Receipt.maker"}, nil},
		{"text", []string{"    text: {type: string, go: Text}\n", ""}, []string{"go-field-removed Receipt.text", "wire-text-removed Receipt.text"}, nil},
		{"required", []string{"{name: note}", "{name: note, required: true}"}, []string{"wire-required Order.note"}, []string{"wire-optional Order.note"}},
		{"required number", []string{"{name: tip, type: uint8}", "{name: tip, type: uint8, required: true}"}, []string{"go-field-type Receipt.tip", "wire-required Receipt.tip"}, []string{"go-field-type Receipt.tip", "wire-optional Receipt.tip"}},
		{"other type", []string{"{name: maker, type: jid}", "{name: maker, type: datetime}"}, []string{"go-field-type Receipt.maker", "wire-type Receipt.maker"}, []string{"go-field-type Receipt.maker", "wire-type Receipt.maker"}},
		{"looser type", []string{"{name: maker, type: jid}", "{name: maker}"}, []string{"go-field-type Receipt.maker", "wire-widened Receipt.maker"}, []string{"go-field-type Receipt.maker", "wire-narrowed Receipt.maker"}},
		{"wider integer", []string{"{name: tip, type: uint8}", "{name: tip, type: uint16}"}, []string{"go-field-type Receipt.tip", "wire-widened Receipt.tip"}, []string{"go-field-type Receipt.tip", "wire-narrowed Receipt.tip"}},
		{"signed integer", []string{"{name: tip, type: uint8}", "{name: tip, type: int8}"}, []string{"go-field-type Receipt.tip", "wire-narrowed Receipt.tip", "wire-widened Receipt.tip"}, []string{"go-field-type Receipt.tip", "wire-narrowed Receipt.tip", "wire-widened Receipt.tip"}},
		{"upper bound", []string{"max: 12", "max: 24"}, []string{"wire-widened Order.cups"}, []string{"wire-narrowed Order.cups"}},
		{"lower bound inside", []string{"min: 1}", "min: 2}"}, []string{"wire-narrowed Cup.size"}, []string{"wire-widened Cup.size"}},
		{"fixed value", []string{"{name: note}", "{name: note, fixed: none}"}, []string{"wire-narrowed Order.note"}, []string{"wire-widened Order.note"}},
		{"flag", []string{"{name: hot, type: flag}", "{name: hot}"}, []string{"go-field-type Receipt.hot", "wire-type Receipt.hot"}, []string{"go-field-type Receipt.hot", "wire-type Receipt.hot"}},
		{"text with attributes", []string{"{name: tip, type: uint8}", "{name: tip, type: Tip}", "types:\n", "types:\n  - {type: Tip, text: uint8, attrs: [{name: currency}]}\n"}, []string{"go-field-type Receipt.tip"}, []string{"go-field-type Receipt.tip", "go-type-removed Tip"}},
		{"repeated", []string{"{name: maker, type: jid}", "{name: maker, type: jid, go: Maker, many: true}"}, []string{"go-field-type Receipt.maker", "wire-many Receipt.maker"}, []string{"go-field-type Receipt.maker", "wire-single Receipt.maker"}},
		{"other default", []string{"default: 1}", "default: 2}"}, []string{"wire-default Order.cups"}, []string{"wire-default Order.cups"}},
		{"no default", []string{", default: 1}", "}"}, []string{"go-method-removed Order.cups", "wire-default Order.cups"}, []string{"wire-default Order.cups"}},
		{"value of a constant", []string{"{value: green}", "{value: verde, go: Green}"}, []string{"wire-value Kind.green"}, []string{"wire-value Kind.verde"}},
		{"value", []string{"      - {value: black}\n", ""}, []string{"go-constant-removed Kind.black"}, nil},
		{"base", []string{"type: Kind\n", "type: Kind\n    base: uint8\n", "value: green", "value: 1, go: Green", "value: black", "value: 2, go: Black"}, []string{"go-base Kind", "wire-narrowed Order.kind", "wire-value Kind.black", "wire-value Kind.green"}, []string{"go-base Kind", "wire-value Kind.1", "wire-value Kind.2", "wire-widened Order.kind"}},
		{"request", []string{"      get: {type: OrderGet, fields: [kind], result: Order}\n", ""}, []string{"go-type-removed OrderGet", "wire-request-removed Order"}, nil},
		{"own request", []string{"set: {type: Order, result: Receipt}", "set: {type: OrderSet, result: Receipt}"}, []string{"go-method-removed Order"}, []string{"go-type-removed OrderSet"}},
		{"result", []string{"result: Receipt", "result: empty"}, []string{"go-result Order", "wire-result Order"}, []string{"go-result Order", "wire-result Order"}},
		{"sender", []string{"in: [iq, message]\n", "in: [iq, message]\n    sender: server\n"}, []string{"wire-sender Receipt"}, nil},
		{"other sender", []string{"in: [iq, message]\n", "in: [iq, message]\n    sender: account-or-server\n"}, []string{"wire-sender Receipt"}, nil},
		{"feature", []string{"features: [urn:example:tea]\n", "features: []\n"}, []string{"wire-feature-removed Brewed", "wire-feature-removed Order", "wire-feature-removed Receipt", "wire-feature-removed Spilt"}, nil},
		{"condition", []string{"value: brewed", "value: made"}, []string{"wire-when Brewed"}, []string{"wire-when Brewed"}},
		{"choice", []string{"        required: true\n", ""}, []string{"wire-optional Spilt.Mess"}, []string{"wire-required Spilt.Mess"}},
		{"alternative", []string{"          - {name: table, type: Table}\n", "", "  - {type: Table, attrs: [{name: wet, type: bool}]}\n", ""}, []string{"go-type-removed Table", "wire-child-removed Spilt.table"}, nil},
		{"inside an alternative", []string{"{type: Table, attrs: [{name: wet, type: bool}]}", "{type: Table, attrs: [{name: wet, type: jid}]}"}, []string{"go-field-type Table.wet", "wire-type Table.wet"}, []string{"go-field-type Table.wet", "wire-type Table.wet"}},
		{"interface", []string{"type: Mess\n", "type: Dirt\n"}, []string{"go-field-removed Spilt.Mess"}, []string{"go-field-removed Spilt.Dirt"}},
		{"form", []string{"tea#menu", "tea#card"}, []string{"wire-form-removed Card"}, []string{"wire-form-removed Card"}},
		{"type of a form", []string{"type: Card\n", "type: List\n"}, []string{"go-type-removed Card"}, []string{"go-type-removed List"}},
		{"field of a form", []string{"      - {var: kind}\n", ""}, []string{"go-field-removed Card.kind", "wire-form-field-removed Card.kind"}, nil},
		{"bound of a form's field", []string{"{var: cups, value: uint8, max: 12}", "{var: cups, value: uint8, max: 24}"}, []string{"wire-widened Card.cups"}, []string{"wire-narrowed Card.cups"}},
		{"type of a form's field", []string{"{var: cups, value: uint8, max: 12}", "{var: cups}"}, []string{"go-field-type Card.cups", "wire-widened Card.cups"}, []string{"go-field-type Card.cups", "wire-narrowed Card.cups"}},
		{"package", []string{"package: tea", "package: teahouse"}, []string{"go-package-removed tea"}, []string{"go-package-removed teahouse"}},
		{"type", []string{"type: Cup,", "type: Cup2,", "- type: Cup\n", "- type: Cup2\n"}, []string{"go-field-type Receipt.cup", "go-type-removed Cup"}, []string{"go-field-type Receipt.cup", "go-type-removed Cup2"}},
		{"kind of a type", []string{"type: Kind\n", "type: Cup\n", "name: kind, type: Kind", "name: kind, type: Cup", "{name: cup, type: Cup, many: true}", "{name: cup, type: Kind, many: true}", "  - type: Cup\n    attrs", "  - type: Kind\n    attrs"}, []string{"go-constant-removed Kind.black", "go-constant-removed Kind.green", "go-field-type Order.kind", "go-field-type OrderGet.kind", "go-field-type Receipt.cup", "go-type-kind Cup", "go-type-kind Kind"}, []string{"go-constant-removed Cup.black", "go-constant-removed Cup.green", "go-field-type Order.kind", "go-field-type OrderGet.kind", "go-field-type Receipt.cup", "go-type-kind Cup", "go-type-kind Kind"}},
		{"field", []string{"{name: note}", "{name: note, go: Remark}"}, []string{"go-field-removed Order.note"}, []string{"go-field-removed Order.note"}},
		{"constant of a namespace", []string{"  pot: urn:example:tea#pot\n", ""}, []string{"go-constant-removed namespace.pot"}, nil},
	}
}

// compiled makes the packages of a schema.
func compiled(t *testing.T, text string) []*model.Package {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tea.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	c := &source.Collector{}
	packages := (&system{compiler: compiler()}).compile([]string{file}, c)
	require.Empty(t, c.Diagnostics(), text)
	return packages
}

func TestBreaking(t *testing.T) {
	t.Parallel()
	there, back := map[string]bool{}, map[string]bool{}
	before := compiled(t, settled)
	require.Empty(t, breaking.Compare(before, compiled(t, settled)))
	for _, tt := range breakingCases() {
		t.Run(tt.name, func(t *testing.T) {
			text := settled
			for i := 0; i+1 < len(tt.change); i += 2 {
				require.Contains(t, text, tt.change[i])
				text = strings.Replace(text, tt.change[i], tt.change[i+1], 1)
			}
			after := compiled(t, text)
			require.Equal(t, tt.there, codes(t, breaking.Compare(before, after), there))
			require.Equal(t, tt.back, codes(t, breaking.Compare(after, before), back))
		})
	}
	for _, r := range breaking.Rules() {
		require.True(t, there[r.Code] || back[r.Code], "no case for %s", r.Code)
		require.Contains(t, []breaking.Kind{breaking.Wire, breaking.Go}, r.Kind())
		require.True(t, strings.HasSuffix(r.Doc, "."), r.Code)
	}
}

// codes are the codes and places of changes, each once and sorted, which are entered into seen, too.
func codes(t *testing.T, changes []*breaking.Change, seen map[string]bool) []string {
	var all []string
	for _, c := range changes {
		require.NotEmpty(t, c.Msg)
		require.NotZero(t, c.Pos.Line, c.Msg)
		all = append(all, c.Rule.Code+" "+c.At)
		seen[c.Rule.Code] = true
	}
	slices.Sort(all)
	return slices.Compact(all)
}

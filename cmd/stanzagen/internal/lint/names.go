package lint

import (
	"strings"
	"unicode"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// nameRules are about Go names.
func nameRules() []Rule {
	return []Rule{
		{
			Code: "name-stutter", Summary: "a Go type repeats the name of its package", Severity: source.Warning, check: (*run).stutter,
			Doc: "Types are written with their package: receipts.Received, not receipts.ReceiptsReceived.",
		},
		{
			Code: "name-initialism", Summary: "a Go name spells an initialism in its own way", Severity: source.Warning, check: (*run).initialisms,
			Doc: "Initialisms are all capitals in Go, and in all names of the project: ID, JID, URI. People should not have to guess.",
		},
		{
			Code: "name-needless", Summary: "`go` gives the name that a field has anyway", Severity: source.Warning, check: (*run).needless,
			Doc: "`go` is for names that do not follow from the wire name. Where it changes nothing it is noise that readers stop at.",
		},
	}
}

func (r *run) stutter() {
	for i := range r.nodes {
		n := &r.nodes[i]
		if !n.isDeclared() {
			continue
		}
		pkg := r.Package.Name
		if len(n.label) > len(pkg) && strings.EqualFold(n.label[:len(pkg)], pkg) && unicode.IsUpper(rune(n.label[len(pkg)])) {
			r.found(n.at, n.pos, "%s repeats the name of its package: users write %s.%s", n.describe(), pkg, n.label).
				Hintf("call it %s", n.label[len(pkg):])
		}
	}
}

func (r *run) initialisms() {
	check := func(at string, pos source.Pos, name string) {
		if better := spell(name); better != name {
			r.found(at, pos, "Go name %s does not spell its initialisms in capitals", name).Hintf("write %s", better)
		}
	}
	for i := range r.nodes {
		n := &r.nodes[i]
		if n.isDeclared() {
			check(n.at, n.pos, n.label)
		}
		if name, has := n.text("Go"); has && name.IsSet() {
			check(n.at, name.Pos, name.Value)
		}
	}
}

// spell writes a Go name with its initialisms in capitals: UserId is UserID. Only words that stand out as words are
// looked at, since a row of capitals cannot be taken apart.
func spell(name string) string {
	var b strings.Builder
	for _, word := range split(name) {
		if camel := model.CamelCase(strings.ToLower(word)); strings.ToUpper(camel) == camel && len(word) > 1 {
			b.WriteString(camel)
			continue
		}
		b.WriteString(word)
	}
	return b.String()
}

// split parts a Go name into words that begin with a capital letter; rows of capitals stay together.
func split(name string) []string {
	var all []string
	start := 0
	runes := []rune(name)
	for i := 1; i < len(runes); i++ {
		if unicode.IsUpper(runes[i]) && !unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsUpper(runes[i]) && unicode.IsLower(runes[i+1]) {
			all = append(all, string(runes[start:i]))
			start = i
		}
	}
	return append(all, string(runes[start:]))
}

func (r *run) needless() {
	for i := range r.nodes {
		n := &r.nodes[i]
		name, has := n.text("Go")
		if !has || !name.IsSet() || n.kind != "Attr" && n.kind != "Child" {
			continue
		}
		wire, _ := n.text("Name")
		if wire.Value == "" {
			continue // the name follows from the type, perhaps in another file
		}
		derived := model.CamelCase(strings.TrimPrefix(wire.Value, "xml:"))
		if n.truth("Many") {
			derived = model.Plural(derived)
		}
		if derived == name.Value {
			r.found(n.at, name.Pos, "%s would be called %s without `go`", n.describe(), derived).Hintf("leave `go` out")
		}
	}
}

// Package breaking compares two states of a set of schemas, and tells which changes break what others have written: on
// the wire, where old and new programs talk to each other, and in Go, where users' code has to compile.
package breaking

import (
	"fmt"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// Kind says what a change breaks.
type Kind string

const (
	// Wire changes break programs that talk to each other, one compiled from the old schema and one from the new.
	Wire Kind = "wire"
	// Go changes break code that uses the generated packages.
	Go Kind = "go"
)

// Rule is a kind of change.
type Rule struct {
	// Code names it; it begins with the Kind.
	Code string
	// Summary says in a few words what changed.
	Summary string
	// Doc says what breaks, and what to do instead.
	Doc string
}

// Kind returns what changes of this rule break.
func (r Rule) Kind() Kind {
	kind, _, _ := strings.Cut(r.Code, "-")
	return Kind(kind)
}

// Rules returns all kinds of breaking changes.
func Rules() []Rule {
	bump := " If the protocol really changes, give it a new namespace and keep the old one beside it."
	return []Rule{
		{"wire-namespace", "the namespace of an element changed", "Peers that know the old namespace see an element that they do not know, and the other way round. A new namespace is a new element: declare it beside the old one."},
		{"wire-name", "the name of an element changed", "Peers that know the old name do not see the element any more." + bump},
		{"wire-element-removed", "an element was removed", "What peers send is no longer understood." + bump},
		{"wire-attribute-removed", "an attribute was removed", "What peers send in it is no longer read, and what they expect is no longer sent." + bump},
		{"wire-child-removed", "a child was removed", "What peers send in it is no longer read, and what they expect is no longer sent." + bump},
		{"wire-text-removed", "the text of an element was removed", "What peers send in it is no longer read." + bump},
		{"wire-required", "something is required that was not", "What old programs send without it does not decode any more. Leave it optional, and check where it is used."},
		{"wire-optional", "something is optional that was required", "Old programs refuse what new ones send without it." + bump},
		{"wire-type", "a type changed to another one", "Values that one side writes are refused or misread by the other." + bump},
		{"wire-narrowed", "fewer values are valid than before", "Values that old programs send are refused. Widen the bounds again, and check where the value is used."},
		{"wire-widened", "more values are valid than before", "Old programs refuse the new values." + bump},
		{"wire-single", "something stands once that could be repeated", "All but the first of what old programs send are no longer read."},
		{"wire-many", "something may be repeated that stood once", "Old programs read the first one only."},
		{"wire-default", "the default changed", "What is absent means one thing to old programs and another to new ones. Send the value instead of leaving it out, and keep the default."},
		{"wire-value", "a constant of an enum stands for another value", "Programs that use the constant send something else than before."},
		{"wire-request-removed", "an element is no longer an IQ request", "Requests of old programs are no longer answered." + bump},
		{"wire-result", "a request is answered with another element", "Old programs do not understand the answer." + bump},
		{"wire-sender", "fewer senders are believed than before", "Payloads of senders that used to be legitimate are refused. That may be what is wanted, if they were not legitimate after all."},
		{"wire-when", "what tells an element from others of its name changed", "Old programs take it for another one of that name, or do not know it." + bump},
		{"wire-form-removed", "a data form was removed, or has another FORM_TYPE", "Forms that peers send are no longer understood." + bump},
		{"wire-form-field-removed", "a field of a data form was removed", "What peers send in it is no longer read." + bump},
		{"wire-feature-removed", "a disco feature is no longer advertised", "Peers conclude that the extension is not supported, and do not use it."},

		{"go-package-removed", "a package was removed or renamed", "Imports of it do not compile any more."},
		{"go-type-removed", "a type was removed or renamed", "Code that names it does not compile any more."},
		{"go-type-kind", "a type is a struct that was an enum, or the other way round", "Code that makes values of it does not compile any more."},
		{"go-field-removed", "a field was removed or renamed", "Code that names it does not compile any more. The key `go` keeps a name when the wire name changes."},
		{"go-field-type", "a field has another type", "Code that reads or sets it does not compile any more. Note that optional numbers are pointers, and repeated children slices."},
		{"go-base", "an enum has another base", "Conversions and literals do not compile any more."},
		{"go-constant-removed", "a constant was removed or renamed", "Code that names it does not compile any more. The key `go` keeps a name when the value changes."},
		{"go-method-removed", "a method was removed", "Code that calls it does not compile any more."},
		{"go-result", "a request has another type of answer", "Handlers of the request and calls of it do not compile any more."},
	}
}

// Change is a breaking change.
type Change struct {
	Rule Rule
	// At is the place, as lint names it.
	At string
	// Pos is where it is in the new schema, or in the old one if it is no longer there.
	Pos source.Pos
	// Package is the new one, whose schema may have an exception; nil if it is gone.
	Package *model.Package
	// Msg says what changed.
	Msg string
}

// Compare returns the changes from old packages to new ones that break something, in the order of the old schemas.
func Compare(old, now []*model.Package) []*Change {
	c := &comparison{rules: map[string]Rule{}, packages: map[string]*model.Package{}, elements: map[model.Name][]*model.Element{}, done: map[[2]*model.Element]bool{}}
	for _, r := range Rules() {
		c.rules[r.Code] = r
	}
	for _, p := range now {
		if p.Imported {
			continue
		}
		c.packages[p.Name] = p
		for _, e := range p.Structs {
			if e.Role == model.Payload {
				for _, name := range names(e) {
					c.elements[name] = append(c.elements[name], e)
				}
			}
		}
	}
	for _, p := range old {
		if p.Imported {
			continue
		}
		c.pkg = c.packages[p.Name]
		c.wire(p)
		c.forms(p)
		if c.pkg == nil {
			c.found("go-package-removed", p.Name, p.Pos, "package %s is gone", p.Name)
			continue
		}
		c.goAPI(p, c.pkg)
	}
	return c.changes
}

// comparison is what Compare knows.
type comparison struct {
	rules    map[string]Rule
	packages map[string]*model.Package
	// elements are the new ones of the top level, by their names on the wire.
	elements map[model.Name][]*model.Element
	// pkg is the new form of the package that is being compared, nil if it is gone.
	pkg     *model.Package
	done    map[[2]*model.Element]bool
	changes []*Change
}

func (c *comparison) found(code, at string, pos source.Pos, format string, args ...any) {
	rule, ok := c.rules[code]
	if !ok {
		panic("breaking: there is no rule " + code)
	}
	c.changes = append(c.changes, &Change{Rule: rule, At: at, Pos: pos, Package: c.pkg, Msg: fmt.Sprintf(format, args...)})
}

// Except returns the changes that no exception of the new schemas covers, and the exceptions from rules of this package
// that covered nothing.
func Except(changes []*Change, files map[*model.Package]*syntax.File) (left []*Change, unneeded []*syntax.Ignore) {
	used := map[*syntax.Ignore]bool{}
	for _, change := range changes {
		excepted := false
		if f := files[change.Package]; f != nil {
			for _, i := range f.Ignores {
				here := !i.At.IsSet() || i.At.Value == change.At || strings.HasPrefix(change.At, i.At.Value+".")
				if i.Rule.Value == change.Rule.Code && here {
					used[i], excepted = true, true
				}
			}
		}
		if !excepted {
			left = append(left, change)
		}
	}
	for _, f := range files {
		for _, i := range f.Ignores {
			if IsCode(i.Rule.Value) && !used[i] {
				unneeded = append(unneeded, i)
			}
		}
	}
	return left, unneeded
}

// IsCode reports whether a rule of that code is one of this package.
func IsCode(code string) bool {
	for _, r := range Rules() {
		if r.Code == code {
			return true
		}
	}
	return false
}

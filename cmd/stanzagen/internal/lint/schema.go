package lint

import (
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// schemaRules are about what a schema as a whole should have.
func schemaRules() []Rule {
	return []Rule{
		{
			Code: "version-missing", Summary: "the schema of a XEP names no version", Severity: source.Warning, check: (*run).version,
			Doc: "XEPs change. `version` tells readers which one the schema was checked against, and the next author where to begin.",
		},
		{
			Code: "title-missing", Summary: "the schema of a XEP or an RFC names no title", Severity: source.Warning, check: (*run).title,
			Doc: "A number means nothing to most people; the title is part of the package comment and can be searched for.",
		},
		{
			Code: "ref-missing", Summary: "an element or enum does not say which section of the spec it is from", Severity: source.Warning, check: (*run).ref,
			Doc: "`ref` is the anchor of a section. The doc comment ends with a link to it, so that a reader is one click away from the rules.",
		},
		{
			Code: "example-missing", Summary: "an element stands in no example", Severity: source.Warning, check: (*run).example,
			Doc: "Each of `examples` is decoded and encoded by a test of the package, and shown in its documentation. An element without one is untested.",
		},
		{
			Code: "iq-unanswered", Summary: "an element stands in an IQ, but is neither a request nor the result of one", Severity: source.Warning, check: (*run).iq,
			Doc: "Every IQ request has an answer. `iq:` says which request an element is and which type answers it; only then can it be sent with xmpp.Call " +
				"and handled with xmpp.OnIQ.",
		},
		{
			Code: "features-missing", Summary: "a schema of a XEP advertises no disco features", Severity: source.Warning, check: (*run).features,
			Doc: "An entity that handles an extension advertises it, so that others know. `features` says with which names, on the file, an element or a request; " +
				"`features: []` says that there are none.",
		},
		{
			Code: "namespace-unused", Summary: "a namespace has no element", Severity: source.Warning, check: (*run).namespaces,
			Doc: "A namespace that no element, type, attribute or feature uses is a constant without a purpose, or an element was forgotten.",
		},
		{
			Code: "enum-unused", Summary: "no field has the type of an enum", Severity: source.Warning, check: (*run).enums,
			Doc: "An enum that no attribute, text, child or name refers to only adds constants. Often a field was left a string by mistake.",
		},
	}
}

func (r *run) isXEP() bool { return strings.HasPrefix(r.File.Spec.Value, "XEP-") }

func (r *run) version() {
	if r.isXEP() && r.File.Version.Value == "" {
		r.found("file", at(r.File.Spec, r.File.Pos), "schema of %s does not say of which version", r.File.Spec.Value).Hintf("add `version:`")
	}
}

func (r *run) title() {
	if r.Package.Link != "" && r.File.Title.Value == "" {
		r.found("file", at(r.File.Spec, r.File.Pos), "schema of %s has no title", r.File.Spec.Value).Hintf("add `title:`")
	}
}

func (r *run) ref() {
	if r.Package.Link == "" {
		return // there is nothing to point into
	}
	for i := range r.nodes {
		n := &r.nodes[i]
		ref, has := n.text("Ref")
		if has && !ref.IsSet() && n.isDeclared() && n.kind != "Query" {
			r.found(n.at, n.pos, "%s has no ref", n.describe()).Hintf("add the anchor of its section: what follows the # in the link")
		}
	}
}

func (r *run) example() {
	shown := map[*model.Element]bool{}
	for _, e := range r.Package.Examples {
		for _, s := range e.Structs {
			shown[s] = true
			if s.Query != nil {
				shown[s.Query.Payload] = true
			}
			for inside := range contents(s) {
				shown[inside] = true
			}
		}
	}
	for _, e := range r.Package.Structs {
		if e.Role == model.Payload && !shown[e] {
			r.found(e.GoName, e.Pos, "element %s stands in no example", e.GoName).Hintf("add one to `examples:`, in your own words")
		}
	}
}

// contents are the elements that can stand inside an element, at any depth.
func contents(e *model.Element) map[*model.Element]bool {
	inside := map[*model.Element]bool{}
	var visit func(*model.Element)
	visit = func(e *model.Element) {
		for _, f := range e.Parts() {
			if t := f.Type.Element; t != nil && !inside[t] {
				inside[t] = true
				visit(t)
			}
		}
	}
	visit(e)
	return inside
}

func (r *run) iq() {
	answers := map[*model.Element]bool{}
	for _, q := range r.Package.Queries {
		answers[q.Result] = true
	}
	inside := map[*model.Element]bool{}
	for _, e := range r.Package.Structs {
		for t := range contents(e) {
			inside[t] = true
		}
	}
	for _, e := range r.Package.Structs {
		onlyIQ := e.In&model.InIQ != 0 && e.In&model.InAny == 0
		if e.Role == model.Payload && onlyIQ && len(e.Queries) == 0 && !answers[e] && !inside[e] {
			r.found(e.GoName, e.Pos, "element %s stands in an IQ, but is neither a request nor the result of one", e.GoName).
				Hintf("add `iq:` with the request and its result, or name it as a result")
		}
	}
}

func (r *run) features() {
	said := r.File.Features.IsSet()
	relevant := false
	for _, e := range r.File.Elements {
		said = said || e.Features.IsSet()
		for _, q := range e.IQ {
			said = said || q.Features.IsSet()
		}
		for _, place := range e.In.Values() {
			relevant = relevant || place == "message" || place == "presence" || place == "iq"
		}
		relevant = relevant || len(e.IQ) > 0
	}
	if r.isXEP() && relevant && !said {
		r.found("file", at(r.File.Package, r.File.Pos), "schema of %s advertises no disco features", r.File.Spec.Value).
			Hintf("add `features:` with the feature of the spec, or `features: []` if it has none")
	}
}

func (r *run) namespaces() {
	used := map[*model.Namespace]bool{}
	features := slices.Clone(r.Package.Features)
	for _, e := range r.Package.Structs {
		used[e.Namespace] = true
		features = append(features, e.Features...)
		for _, f := range e.Parts() {
			used[f.Namespace] = true
		}
	}
	for _, f := range r.Package.Forms {
		features = append(features, f.FormType)
	}
	for _, ns := range r.Package.Namespaces {
		if !used[ns] && !slices.Contains(features, ns.URI) {
			r.found("namespace."+ns.Key, ns.Pos, "namespace %s has no element", ns.URI)
		}
	}
}

func (r *run) enums() {
	var used strings.Builder
	for i := range r.nodes {
		for _, field := range []string{"Type", "Names", "Value"} {
			if s, ok := r.nodes[i].text(field); ok && r.nodes[i].kind != "Enum" && r.nodes[i].kind != "EnumValue" {
				used.WriteString("\n" + s.Value + "\n")
			}
		}
	}
	for _, e := range r.Package.Enums {
		if !strings.Contains(used.String(), "\n"+e.GoName+"\n") {
			r.found(e.GoName, e.Pos, "no field has the type of enum %s", e.GoName)
		}
	}
}

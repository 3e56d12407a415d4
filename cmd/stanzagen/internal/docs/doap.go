package docs

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// doapTerms is the namespace of what XEP-0453 adds to DOAP.
const doapTerms = "https://linkmauve.fr/ns/xmpp-doap#"

// DOAP makes the description of a project (XEP-0453): what it says about itself, and which specifications it supports.
func DOAP(packages []*model.Package, project *Project) []byte {
	d := &doap{}
	d.line(`<?xml version="1.0" encoding="UTF-8"?>`)
	d.line("<!-- " + mark + " -->")
	d.open(`rdf:RDF xmlns="http://usefulinc.com/ns/doap#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:xmpp="` + doapTerms + `"`)
	d.open("Project")
	d.text("name", project.Name)
	d.text("shortdesc", firstSentence(project.Description))
	if project.Description != firstSentence(project.Description) {
		d.text("description", project.Description)
	}
	d.leaf("created", project.Created)
	d.resource("homepage", project.Homepage)
	d.resource("download-page", project.Download)
	d.resource("bug-database", project.Bugs)
	if project.Repository != "" {
		d.open("repository")
		d.open("GitRepository")
		d.resource("location", project.Repository)
		d.close("GitRepository")
		d.close("repository")
	}
	d.resource("license", project.License)
	for _, l := range project.Languages {
		d.leaf("programming-language", l)
	}
	for _, p := range project.Platforms {
		d.leaf("os", p)
	}
	for _, c := range project.Categories {
		d.resource("category", doapTerms+"category-"+c)
	}
	for _, s := range supported(packages, project) {
		d.spec(s)
	}
	d.close("Project")
	d.close("rdf:RDF")
	return []byte(d.String())
}

// doap writes XML.
type doap struct {
	strings.Builder
	depth int
}

func (d *doap) line(s string) { d.WriteString(strings.Repeat("  ", d.depth) + s + "\n") }

func (d *doap) open(tag string) {
	d.line("<" + tag + ">")
	d.depth++
}

func (d *doap) close(name string) {
	d.depth--
	d.line("</" + name + ">")
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

// leaf writes an element with text, unless there is none.
func (d *doap) leaf(name, text string) {
	if text != "" {
		d.line("<" + name + ">" + escaped(text) + "</" + name + ">")
	}
}

// text writes an element with text in English.
func (d *doap) text(name, text string) {
	if text != "" {
		d.line("<" + name + ` xml:lang="en">` + escaped(text) + "</" + name + ">")
	}
}

// resource writes an element that points to something, unless there is nothing.
func (d *doap) resource(name, address string) {
	if address != "" {
		d.line("<" + name + ` rdf:resource="` + escaped(address) + `"/>`)
	}
}

// spec writes that a specification is implemented.
func (d *doap) spec(s supportedSpec) {
	number, isXEP := strings.CutPrefix(s.spec, "XEP-")
	if !isXEP {
		d.resource("implements", "https://www.rfc-editor.org/info/rfc"+strings.TrimPrefix(s.spec, "RFC "))
		return
	}
	d.open("implements")
	d.open("xmpp:SupportedXep")
	d.resource("xmpp:xep", "https://xmpp.org/extensions/xep-"+number+".html")
	d.leaf("xmpp:status", s.Status)
	d.leaf("xmpp:version", s.version)
	d.leaf("xmpp:since", s.Since)
	d.text("xmpp:note", s.Note)
	d.close("xmpp:SupportedXep")
	d.close("implements")
}

// supportedSpec is a specification with its packages.
type supportedSpec struct {
	Support
	spec, version string
	packages      []*model.Package
}

// supported are the RFCs and XEPs that packages are made from, and those that the project names besides, in order.
func supported(packages []*model.Package, project *Project) []supportedSpec {
	bySpec := map[string]*supportedSpec{}
	for _, p := range sorted(packages) {
		if specNumber(p) == 0 || p.Imported {
			continue
		}
		s := bySpec[p.Spec]
		if s == nil {
			s = &supportedSpec{Support: project.of(p.Spec), spec: p.Spec, version: p.Version}
			bySpec[p.Spec] = s
		}
		s.packages = append(s.packages, p)
	}
	for spec, support := range project.Support {
		if bySpec[spec] == nil {
			bySpec[spec] = &supportedSpec{Support: support, spec: spec}
		}
	}
	var list []supportedSpec
	for _, spec := range slices.SortedFunc(maps.Keys(bySpec), compareSpecs) {
		list = append(list, *bySpec[spec])
	}
	return list
}

// compareSpecs puts RFCs before XEPs, and each by their numbers.
func compareSpecs(a, b string) int {
	key := func(spec string) string { return fmt.Sprintf("%.3s %6s", spec, spec[4:]) }
	return strings.Compare(key(a), key(b))
}

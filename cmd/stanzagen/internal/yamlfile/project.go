package yamlfile

import (
	"go.yaml.in/yaml/v4"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// Project is what a project says about itself: a file of its own beside the schemas.
type Project struct {
	// Name and Description are for people.
	Name, Description syntax.String
	// License, Homepage, Repository, Bugs and Download are addresses.
	License, Homepage, Repository, Bugs, Download syntax.String
	// Languages are those that it is written in, Platforms the systems that it runs on, Categories those of software listings.
	Languages, Platforms, Categories syntax.Strings
	// Created is the day of its beginning.
	Created syntax.String
	// Default is for the specs that Support does not name; nil if it is not given.
	Default *Support
	// Support says how far specs are supported, in the order of the file.
	Support []*Support
}

// Support says how far a spec is supported.
type Support struct {
	// Pos is where it stands.
	Pos source.Pos
	// Spec is the spec; it is not set for the default.
	Spec syntax.String
	// Status, Since and Note are as XEP-0453 has them.
	Status, Since, Note syntax.String
}

// The levels of a project file.
const (
	levelProject Level = "project"
	levelSupport Level = "support"
)

// projectKeys is the table of the keys of a project file.
func projectKeys() map[Level][]Key {
	text := func(l Level, name string, required bool) Key {
		return Key{Level: l, Name: name, Kind: KindText, Required: required}
	}
	return map[Level][]Key{
		levelProject: {
			text(levelProject, "name", true),
			text(levelProject, "description", true),
			text(levelProject, "license", false),
			text(levelProject, "homepage", false),
			text(levelProject, "repository", false),
			text(levelProject, "bugs", false),
			text(levelProject, "download", false),
			text(levelProject, "created", false),
			{Level: levelProject, Name: "languages", Kind: KindTexts},
			{Level: levelProject, Name: "platforms", Kind: KindTexts},
			{Level: levelProject, Name: "categories", Kind: KindTexts},
			{Level: levelProject, Name: "default", Kind: KindMap, Of: levelSupport},
			{Level: levelProject, Name: "support", Kind: KindTextOrMapMap, Of: levelSupport},
		},
		levelSupport: {
			text(levelSupport, "status", true),
			text(levelSupport, "since", false),
			text(levelSupport, "note", false),
		},
	}
}

// ReadProject reads a project file. What is wrong with its form goes to c; nil is returned if nothing could be understood.
func ReadProject(path string, data []byte, c *source.Collector) *Project {
	r := &reader{path: path, c: c, keys: projectKeys()}
	root := r.load(data)
	if root == nil || !r.plain(root) {
		return nil
	}
	o := r.object(root, levelProject)
	defer o.done()
	p := &Project{
		Name: o.text("name"), Description: o.text("description"), License: o.text("license"), Homepage: o.text("homepage"),
		Repository: o.text("repository"), Bugs: o.text("bugs"), Download: o.text("download"), Created: o.text("created"),
		Languages: o.texts("languages"), Platforms: o.texts("platforms"), Categories: o.texts("categories"),
	}
	if n := o.node("default"); n != nil {
		p.Default = r.support(n, syntax.String{})
	}
	o.pairs("support", func(k, v *yaml.Node) {
		p.Support = append(p.Support, r.support(v, r.text(k)))
	})
	return p
}

// support reads how far a spec is supported: the status alone, or a mapping.
func (r *reader) support(n *yaml.Node, spec syntax.String) *Support {
	s := &Support{Pos: r.pos(n), Spec: spec}
	if n.Kind == yaml.ScalarNode {
		s.Status = r.text(n)
	} else {
		o := r.object(n, levelSupport)
		defer o.done()
		s.Status, s.Since, s.Note = o.text("status"), o.text("since"), o.text("note")
	}
	return s
}

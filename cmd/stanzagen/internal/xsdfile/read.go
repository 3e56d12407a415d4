// Package xsdfile reads published XML Schemas (XSD 1.0) into the same syntax tree that schemas in YAML make. It takes them as
// they are: what a published schema gets wrong mechanically is repaired, with a warning that says how; what it says
// but no tree can hold is left open, so that nothing is lost on the wire; what would make the types wrong is an error.
//
// It guesses nothing: an xs:string stays a string even if it is always an address.
package xsdfile

import (
	"go/token"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// Read makes the syntax tree of the schema in data. Everything that is wrong with it is reported to c, repairs as
// warnings. It returns nil if nothing could be understood. References to the schemas of other namespaces become
// open content, since their files are not at hand; see ReadAll.
func Read(path string, data []byte, c *source.Collector) *syntax.File {
	return ReadAll([]source.File{{Path: path, Data: data}}, nil, c)[0]
}

// ReadAll makes the syntax trees of several schemas that may refer to each other, in the order of the files. A reference to an
// element of another file becomes an import of that file's package; types, groups and attributes of other files are
// copied into the package that uses them. Elements of the schemas in others, which are no XSDs, can be referred to as
// well. Nothing outside of the files is ever read, whatever xs:import and
// xs:include name. The names of a package and its spec follow from the path of the file. A member is nil if nothing
// could be understood of that file.
func ReadAll(files []source.File, others []*syntax.File, c *source.Collector) []*syntax.File {
	s := &set{c: c, others: newOthers(others)}
	docs := make([]*document, len(files))
	for i, f := range files {
		doc := &document{set: s, c: c, path: f.Path, pkg: packageName(f.Path), told: map[string]bool{}, defs: map[symbol]*node{}, imported: map[string]bool{}}
		doc.root = doc.parse(f.Data)
		if doc.root != nil && doc.begin() {
			docs[i] = doc
			doc.index = len(s.docs)
			s.docs = append(s.docs, doc)
		}
	}
	s.link()
	trees := make([]*syntax.File, len(files))
	for i, doc := range docs {
		if doc != nil && doc.target != "" {
			trees[i] = doc.lower()
		}
	}
	return trees
}

// baseName returns the last part of a path without its extension.
func baseName(file string) string {
	base := path.Base(strings.ReplaceAll(file, `\`, "/"))
	return strings.TrimSuffix(base, path.Ext(base))
}

// packageName makes the name of a Go package of a file name: xep0184 of xep-0184.xsd.
func packageName(file string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, baseName(file))
	name = strings.TrimLeft(name, "0123456789")
	taken := token.IsKeyword(name) || types.Universe.Lookup(name) != nil || name == "main" || name == "init" ||
		slices.Contains(model.ReservedPackages(), name)
	switch {
	case name == "":
		return "schema"
	case taken:
		return name + "xsd"
	}
	return name
}

var (
	xepFile = regexp.MustCompile(`^(?i:xep)-?([0-9]{4})(-.*)?$`)
	rfcFile = regexp.MustCompile(`^(?i:rfc)-?([1-9][0-9]*)(-.*)?$`)
)

// specName returns the spec that a file name tells, or nothing.
func specName(file string) string {
	base := baseName(file)
	if m := xepFile.FindStringSubmatch(base); m != nil {
		return "XEP-" + m[1]
	}
	if m := rfcFile.FindStringSubmatch(base); m != nil {
		return "RFC " + m[1]
	}
	return ""
}

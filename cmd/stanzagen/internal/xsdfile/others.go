package xsdfile

import (
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// others are the schemas of the run that are no XSDs.
type others struct {
	byPackage map[string]*syntax.File
	elements  map[qname]*otherElement
	spaces    map[string]bool
}

// otherElement is an element that a schema has which is no XSD.
type otherElement struct{ pkg, typ string }

func newOthers(files []*syntax.File) *others {
	o := &others{byPackage: map[string]*syntax.File{}, elements: map[qname]*otherElement{}, spaces: map[string]bool{}}
	for _, f := range files {
		o.byPackage[f.Package.Value] = f
		spaces := map[string]string{}
		for _, ns := range f.Namespaces {
			spaces[ns.Key.Value] = ns.URI.Value
			o.spaces[ns.URI.Value] = true
		}
		for _, e := range f.Elements {
			name := qname{spaces[e.NS.Value], e.Name.Value}
			if e.Name.IsSet() && e.Type.IsSet() && o.elements[name] == nil {
				o.elements[name] = &otherElement{f.Package.Value, e.Type.Value}
			}
		}
	}
	return o
}

// imports reports whether a package needs another one.
func (o *others) imports(pkg, target string, seen map[string]bool) bool {
	f := o.byPackage[pkg]
	if f == nil || seen[pkg] {
		return false
	}
	seen[pkg] = true
	for _, i := range f.Imports {
		if i.Name.Value == target || o.imports(i.Name.Value, target, seen) {
			return true
		}
	}
	return false
}

// importOther imports the package of an element of another schema. It returns false if that package needs this
// one already.
func (b *builder) importOther(e *otherElement, pos source.Pos) bool {
	if b.otherImports[e.pkg] {
		return true
	}
	for _, doc := range b.doc.set.docs {
		// Which XSDs will import which is not known yet, so any way back to one of them is one too many.
		if b.doc.set.others.imports(e.pkg, doc.pkg, map[string]bool{}) {
			return false
		}
	}
	b.otherImports[e.pkg] = true
	b.file.Imports = append(b.file.Imports, &syntax.Import{Pos: pos, Name: syntax.String{Pos: pos, Value: e.pkg}})
	return true
}

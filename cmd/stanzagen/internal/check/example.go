package check

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// formNamespace is the namespace of data forms, commandNamespace that of ad-hoc commands.
const (
	formNamespace    = "jabber:x:data"
	commandNamespace = "http://jabber.org/protocol/commands"
)

// examples checks the pieces of XML and finds what is in them.
func (l *linker) examples() {
	for _, from := range l.file.Examples {
		e := &model.Example{Pos: from.Pos, XML: strings.TrimSpace(from.Value)}
		tree, err := parseExample(e.XML)
		if err != nil {
			l.c.Errorf(from.Pos, "example is not well-formed: %v", err).Rule(rule.Example)
			continue
		}
		e.Root = tree.name
		switch tree.name.Local {
		case "message", "presence", "iq":
			if tree.name.Space == "" || tree.name.Space == model.ClientNamespace {
				e.Stanza = tree.name.Local
			}
		}
		if e.Stanza == "iq" {
			e.IQType = tree.iqType
			if !slices.Contains([]string{"get", "set", "result", "error"}, e.IQType) {
				l.c.Errorf(from.Pos, "example is an iq of type %q, which there is not", e.IQType).Rule(rule.Example)
			}
		}
		l.exampleStructs(e, tree, from)
		command := ""
		for x := range tree.all {
			if x.name == (model.Name{Space: commandNamespace, Local: "command"}) {
				command = x.attrs["node"]
			}
			if f := model.FormOf(l.pkg.Forms, x.formType, command, x.vars()); f != nil && x.name == (model.Name{Space: formNamespace, Local: "x"}) {
				e.Forms = append(e.Forms, f)
			}
		}
		if len(e.Structs) == 0 && len(e.Forms) == 0 {
			d := l.c.Errorf(from.Pos, "example %s names no element of this schema", tree.name).Rule(rule.Example)
			l.exampleHint(tree, func(s string) { d.Hintf("%s", s) })
		}
		l.pkg.Examples = append(l.pkg.Examples, e)
	}
}

// exampleStructs enters the outermost elements of the example that are this package's.
func (l *linker) exampleStructs(e *model.Example, tree *exampleElement, from syntax.String) {
	if e.Stanza == "" || tree.depth > 0 {
		if s := l.structOf(tree); s != nil {
			request := tree.depth == 1 && (e.IQType == "get" || e.IQType == "set")
			if request && len(s.Queries) > 0 {
				i := -1
				for n, q := range s.Queries {
					fits := q.IQType == e.IQType && q.Request != nil && holds(q.Request.When, tree)
					if fits && (i < 0 || q.Request.When != nil) {
						i = n
					}
				}
				if i < 0 {
					l.c.Errorf(from.Pos, "example is an iq of type %s, but element %s has no request of that type", e.IQType, s.GoName).Rule(rule.Example)
				} else {
					s = s.Queries[i].Request
				}
			}
			e.Structs = append(e.Structs, s)
			return
		}
	}
	for _, c := range tree.children {
		l.exampleStructs(e, c, from)
	}
}

// structOf finds the element of the top level that has a name, and what else makes it that type.
func (l *linker) structOf(tree *exampleElement) *model.Element {
	var byEnum, general *model.Element
	for _, e := range l.pkg.Structs {
		if e.Role != model.Payload || e.Namespace == nil || e.Namespace.URI != tree.name.Space {
			continue
		}
		switch {
		case e.Names != nil:
			if slices.ContainsFunc(e.Names.Values, func(v *model.EnumValue) bool { return v.Value.Text == tree.name.Local }) {
				byEnum = e
			}
		case e.Local != tree.name.Local:
		case e.When == nil:
			general = e
		case holds(e.When, tree):
			return e
		}
	}
	if general != nil {
		return general
	}
	return byEnum
}

// exampleHint says which element was probably meant: one whose local name is right.
func (l *linker) exampleHint(tree *exampleElement, hint func(string)) {
	for _, e := range l.pkg.Structs {
		for c := range tree.all {
			if e.Role == model.Payload && e.Namespace != nil && e.Local != "" && e.Local == c.name.Local {
				hint("the element of that name is " + model.Name{Space: e.Namespace.URI, Local: e.Local}.String())
				return
			}
		}
	}
}

// exampleElement is an element of an example.
type exampleElement struct {
	name   model.Name
	iqType string
	attrs  map[string]string
	// formType is the FORM_TYPE of a data form.
	formType string
	// isFormType says that it is the field FORM_TYPE of one.
	isFormType bool
	depth      int
	children   []*exampleElement
}

// vars returns the names of the fields of a data form.
func (e *exampleElement) vars() (names []string) {
	for _, c := range e.children {
		if c.name == (model.Name{Space: formNamespace, Local: "field"}) && c.attrs["var"] != "" {
			names = append(names, c.attrs["var"])
		}
	}
	return names
}

// all yields the element and all below it.
func (e *exampleElement) all(yield func(*exampleElement) bool) {
	e.walk(yield)
}

func (e *exampleElement) walk(yield func(*exampleElement) bool) bool {
	if !yield(e) {
		return false
	}
	for _, c := range e.children {
		if !c.walk(yield) {
			return false
		}
	}
	return true
}

// parseExample reads one element of the XML that XMPP allows.
func parseExample(text string) (*exampleElement, error) {
	if err := declaredPrefixes(text); err != nil {
		return nil, err
	}
	d := xml.NewDecoder(strings.NewReader(text))
	var root *exampleElement
	var open []*exampleElement
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, plainXMLError(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			e := &exampleElement{name: model.Name{Space: t.Name.Space, Local: t.Name.Local}, depth: len(open)}
			e.attrs = map[string]string{}
			for _, a := range t.Attr {
				if a.Name.Space == "" {
					e.attrs[a.Name.Local] = a.Value
				}
				switch {
				case a.Name == (xml.Name{Local: "type"}):
					e.iqType = a.Value
				case a.Name == (xml.Name{Local: "var"}) && e.name == (model.Name{Space: formNamespace, Local: "field"}):
					e.isFormType = a.Value == formTypeVar
				}
			}
			switch {
			case len(open) > 0:
				open[len(open)-1].children = append(open[len(open)-1].children, e)
			case root != nil:
				return nil, errors.New("it has more than one element at its top")
			default:
				root = e
			}
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) == 0 && strings.TrimSpace(string(t)) != "" {
				return nil, errors.New("it has text outside of its element")
			}
			if n := len(open); n > 2 && open[n-2].isFormType {
				open[n-3].formType += string(t)
			}
		default:
			return nil, errors.New("XMPP allows no comments, processing instructions or declarations")
		}
	}
	if root == nil {
		return nil, errors.New("it has no element")
	}
	return root, nil
}

// plainXMLError takes the name of the package off an error.
func plainXMLError(err error) error {
	if s, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return errors.New(s.Msg)
	}
	return err
}

// declaredPrefixes refuses prefixes that nothing declares, which encoding/xml lets pass, and attributes that stand twice.
func declaredPrefixes(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	scopes := [][]string{{"", "xml", "xmlns"}}
	for {
		token, err := d.RawToken()
		if err != nil {
			return nil // told by the proper reading
		}
		switch t := token.(type) {
		case xml.StartElement:
			scope := slices.Clone(scopes[len(scopes)-1])
			for i, a := range t.Attr {
				if a.Name.Space == "xmlns" {
					scope = append(scope, a.Name.Local)
				}
				if slices.ContainsFunc(t.Attr[:i], func(b xml.Attr) bool { return a.Name == b.Name }) {
					return errors.New("attribute " + a.Name.Local + " of <" + t.Name.Local + "> stands twice")
				}
			}
			scopes = append(scopes, scope)
			for _, name := range append([]xml.Name{t.Name}, attrNames(t.Attr)...) {
				if !slices.Contains(scope, name.Space) {
					return errors.New("nothing declares the prefix of " + name.Space + ":" + name.Local)
				}
			}
		case xml.EndElement:
			if len(scopes) > 1 {
				scopes = scopes[:len(scopes)-1]
			}
		}
	}
}

func attrNames(attrs []xml.Attr) []xml.Name {
	var names []xml.Name
	for _, a := range attrs {
		names = append(names, a.Name)
	}
	return names
}

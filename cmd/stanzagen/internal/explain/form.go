package explain

import (
	"fmt"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
)

// nsForm is the namespace of data forms (XEP-0004).
const nsForm = "jabber:x:data"

// forms finds the typed forms that a form in XML may be, by its FORM_TYPE (XEP-0068).
func (x *Index) forms(e *stanzaxml.Element) []*model.Form {
	formType := ""
	for _, c := range e.Children {
		if v, ok := c.Attr("var"); ok && v == "FORM_TYPE" && c.Name == (model.Name{Space: nsForm, Local: "field"}) {
			for _, value := range c.Children {
				formType = value.Text
			}
		}
	}
	if formType == "" {
		return nil
	}
	var found []*model.Form
	for _, p := range x.packages {
		for _, f := range p.Forms {
			if f.FormType == formType {
				found = append(found, f)
			}
		}
	}
	return found
}

// formOf names the typed forms that a form in XML may be, for the note beside it.
func (x *Index) formOf(e *stanzaxml.Element) string {
	if e.Name != (model.Name{Space: nsForm, Local: "x"}) {
		return ""
	}
	var names []string
	for _, f := range x.forms(e) {
		names = append(names, f.Package.Name+"."+f.GoName)
	}
	switch n := len(names); {
	case n == 0:
		return ""
	case n > 3:
		return fmt.Sprintf(", the form %s or one of %d others", names[0], n-1)
	default:
		return ", the form " + strings.Join(names, " or ")
	}
}

// formField says what a field of a form means, beside its attribute var. It is empty where no schema says so: programs
// add fields of their own to forms.
func (x *Index) formField(e *stanzaxml.Element, name string) string {
	if e.Name != (model.Name{Space: nsForm, Local: "field"}) || name == "FORM_TYPE" || e.Parent == nil {
		return ""
	}
	form := e.Parent
	if form.Name == (model.Name{Space: nsForm, Local: "item"}) || form.Name == (model.Name{Space: nsForm, Local: "reported"}) {
		form = form.Parent
	}
	if form == nil {
		return ""
	}
	found := x.forms(form)
	for _, f := range found {
		for _, g := range f.Fields {
			if g.Var != name || g.GoName == "" {
				continue
			}
			return fmt.Sprintf("%s.%s.%s %s: %s", f.Package.Name, f.GoName, g.GoName, g.GoType(f.Package), brief(g.GoName, g.Doc))
		}
	}
	if len(found) > 0 {
		return fmt.Sprintf("not a field of %s.%s", found[0].Package.Name, found[0].GoName)
	}
	return ""
}

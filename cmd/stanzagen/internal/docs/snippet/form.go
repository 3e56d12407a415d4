package snippet

import (
	"fmt"
	"maps"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// formTypeVar is the name of the field that says what form it is.
const formTypeVar = "FORM_TYPE"

// commandNamespace is the namespace of ad-hoc commands.
const commandNamespace = "http://jabber.org/protocol/commands"

// typedForm writes a data form as its struct, if there is one that makes just this form:
//
//	(&muc.RoomConfig{Name: new("Tavern")}).Submit()
func (w *writer) typedForm(f *model.Field, n *node) (_ expr, ok bool) {
	imports := maps.Clone(w.imports)
	defer func() {
		if !ok {
			w.imports = imports // what was given up half-way needs none
		}
	}()
	e := f.Type.Element
	if e.Package.ImportPath != model.FormPath || e.GoName != "Form" || f.Shape == model.Value {
		return expr{}, false
	}
	method := map[string]string{"submit": "Submit", "result": "Result"}[n.attr("type")]
	form := w.form(n)
	if method == "" || form == nil {
		return expr{}, false
	}
	x := expr{text: "(&" + w.name(form.Package, form.GoName), composite: true, after: ")." + method + "()"}
	if f.Shape == model.Slice {
		x.text = "*" + x.text
	}
	next := 0
	for i, c := range n.children {
		if i == 0 && c.attr("var") == formTypeVar {
			if c.attr("type") != "hidden" {
				return expr{}, false
			}
			continue
		}
		// the fields of the struct are written in the order of the schema
		for next < len(form.Fields) && form.Fields[next].Var != c.attr("var") {
			next++
		}
		if next == len(form.Fields) || i == 0 || c.name.Local != "field" {
			return expr{}, false
		}
		field := form.Fields[next]
		value, err := w.formField(field, c, method)
		if err != nil {
			return expr{}, false
		}
		x.members = append(x.members, member{field.GoName, value})
		next++
	}
	w.forms = append(w.forms, form)
	w.typeOf[n] = e
	return x, true
}

// form finds the struct of a form by its FORM_TYPE, one of the own package if there is one.
func (w *writer) form(n *node) *model.Form {
	formType := ""
	var vars []string
	for _, c := range n.children {
		if c.attr("var") == formTypeVar && len(c.children) == 1 {
			formType = c.children[0].text
		}
		if name := c.attr("var"); name != "" {
			vars = append(vars, name)
		}
	}
	command := w.root.command()
	if f := model.FormOf(w.own.Forms, formType, command, vars); f != nil {
		return f
	}
	return model.FormOf(w.lib.forms[formType], formType, command, vars)
}

// command returns the node of the first ad-hoc command in an element.
func (n *node) command() string {
	if n == nil {
		return ""
	}
	if n.name == (model.Name{Space: commandNamespace, Local: "command"}) {
		return n.attr("node")
	}
	for _, c := range n.children {
		if node := c.command(); node != "" {
			return node
		}
	}
	return ""
}

// formField writes the value of a field. It fails for what the struct would write in another way.
func (w *writer) formField(f *model.FormField, n *node, method string) (expr, error) {
	want := 1 // the attribute var
	if method != "Submit" {
		// what is no answer has types and labels as well
		want = 2
		if f.Label != "" {
			want = 3
		}
		if n.attr("type") != f.Kind || n.attr("label") != f.Label {
			return expr{}, fmt.Errorf("the field has another type or label")
		}
	}
	if f.GoName == "" || len(n.attrs) != want || len(n.children) == 0 || f.Shape != model.Slice && len(n.children) > 1 {
		return expr{}, fmt.Errorf("the field is another one")
	}
	var values []expr
	for _, v := range n.children {
		if v.name.Local != "value" {
			return expr{}, fmt.Errorf("the field has a <%s/>", v.name.Local)
		}
		x, err := w.formValue(f, v.text)
		if err != nil {
			return expr{}, err
		}
		values = append(values, x)
	}
	if f.Shape != model.Slice {
		return values[0], nil
	}
	typ := ""
	if f.Type.Enum != nil {
		typ = w.name(f.Type.Enum.Package, f.Type.Enum.GoName)
	} else {
		typ = w.qualified(f.Type.Scalar.GoType())
	}
	x := expr{text: "[]" + typ, composite: true}
	for _, v := range values {
		x.members = append(x.members, member{"", v})
	}
	return x, nil
}

// formValue writes one value.
func (w *writer) formValue(f *model.FormField, text string) (expr, error) {
	pointer := f.Shape == model.Pointer
	var x expr
	var err error
	switch {
	case f.Type.Enum != nil:
		x = w.enum(f.Type.Enum, text)
	case f.Type.Scalar == model.Bool && text != "true" && text != "false":
		return expr{}, fmt.Errorf("the bool would be spelled in another way")
	default:
		x, err = w.scalar(f.Type.Scalar, text, pointer && f.Type.Scalar != model.Bool)
	}
	if pointer {
		x.text = "new(" + x.text + ")"
	}
	return x, err
}

// Form writes how a form is read, changed and answered.
func (lib *Library) Form(f *model.Form) *Snippet {
	w := lib.writer(f.Package)
	w.use(model.FormPath)
	code := "var received *form.Form // the child of the element that holds it\n" +
		"v, err := form.Decode[" + w.name(f.Package, f.GoName) + "](received)\nif err != nil {\nreturn err\n}\n" +
		"answer := v.Submit() // the form filled in"
	s, err := w.finish(strings.TrimSpace(code), "_ = answer\nreturn nil", "", false)
	if err != nil {
		return nil
	}
	return s
}

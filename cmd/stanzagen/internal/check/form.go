package check

import (
	"slices"
	"strconv"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// formTypeVar is the field that says what form it is.
const formTypeVar = "FORM_TYPE"

// formState is a form in the making.
type formState struct {
	node  *model.Form
	from  *syntax.Form
	stage stage
}

// declareForms makes the data forms, still without fields.
func (l *linker) declareForms() {
	first := map[string]source.Pos{}
	for _, from := range l.file.Forms {
		if l.in.ImportPath == model.FormPath {
			l.c.Errorf(from.Pos, "package %s cannot have typed forms: they are made of its own types", l.pkg.Name).Rule(rule.FormField)
			return
		}
		f := &model.Form{
			Pos: from.Pos, Package: l.pkg, GoName: from.Type.Value, FormType: from.FormType.Value, Command: from.Command.Value, Link: l.linkOrSpec(from.Ref),
			Title: from.Title.Value, Instructions: from.Instructions.Values(),
		}
		f.Doc = l.sentence(from.Doc, f.GoName, "is the form "+f.FormType+".")
		s := &formState{node: f, from: from}
		l.formOrder = append(l.formOrder, s)
		if from.Type.IsSet() && l.declare(from.Type.Pos, f.GoName, "form "+f.GoName) {
			l.formsByName[f.GoName] = s
		}
		if from.FormType.IsSet() {
			l.formType(from.FormType, f, first)
		}
		if from.Command.IsSet() && (f.Command == "" || !isXMLText(f.Command)) {
			l.c.Errorf(from.Command.Pos, "command %q of form %s is no name", f.Command, f.GoName).Rule(rule.XMLName)
		}
		l.shown(from.Title, "title of form "+f.GoName)
		for _, s := range from.Instructions.List {
			l.shown(s, "instructions of form "+f.GoName)
		}
		l.pkg.Forms = append(l.pkg.Forms, f)
	}
}

// resolveForm makes the fields of a form, those of the one that it is like first.
func (l *linker) resolveForm(s *formState) {
	if s.stage != declared {
		return
	}
	s.stage = resolving
	from, f := s.from, s.node
	if from.Like.IsSet() {
		l.likeForm(s)
	} else if len(from.Fields) == 0 {
		l.c.Errorf(from.Pos, "form %s has no fields", f.GoName).Rule(rule.FormField).Hintf("list them in `fields:`, or name a form that has them with `like:`")
	}
	for _, field := range from.Fields {
		l.formField(f, field)
	}
	l.formNames(f)
	s.stage = resolved
}

// likeForm gives a form the fields of another one; those that it has itself are left out and take the place of the copies.
func (l *linker) likeForm(s *formState) {
	name, what := s.from.Like, "form "+s.node.GoName
	src := l.formLike(name, what)
	if src == nil {
		return
	}
	s.node.Like = src
	s.node.Fields = slices.Clone(src.Fields)
}

// formLike finds the form to copy, with its fields made.
func (l *linker) formLike(name syntax.String, what string) *model.Form {
	in, typeName, prefix := l, name.Value, ""
	if pkg, of, isImported := strings.Cut(name.Value, "."); isImported {
		if in, typeName, prefix = l.importNamed(pkg, name, what), of, pkg+"."; in == nil {
			return nil
		}
	}
	src := in.formsByName[typeName]
	if src == nil {
		var known []string
		for _, f := range in.formOrder {
			known = append(known, prefix+f.node.GoName)
		}
		d := l.c.Errorf(name.Pos, "%s: there is no form %s to be like", what, name.Value).Rule(rule.Like).DidYouMean(name.Value, known)
		if in.structs[typeName] != nil || in.enums[typeName] != nil {
			d.Hintf("%s is a type of elements or values", name.Value)
		}
		return nil
	}
	if src.stage == resolving {
		l.c.Errorf(name.Pos, "%s: like %s goes round in a circle", what, name.Value).Rule(rule.Like)
		return nil
	}
	in.resolveForm(src)
	return src.node
}

// addFormField puts a field into its form, in the place of a copied one of its name.
func addFormField(form *model.Form, f *model.FormField) {
	if form.Like != nil && f.Var != "" {
		i := slices.IndexFunc(form.Fields, func(g *model.FormField) bool { return g.Var == f.Var })
		if i >= 0 && slices.Contains(form.Like.Fields, form.Fields[i]) {
			form.Fields[i] = f
			return
		}
	}
	form.Fields = append(form.Fields, f)
}

func (l *linker) formType(name syntax.String, f *model.Form, first map[string]source.Pos) {
	switch pos, twice := first[name.Value]; {
	case name.Value == "" || !isXMLText(name.Value) || strings.TrimSpace(name.Value) != name.Value:
		l.c.Errorf(name.Pos, "form_type %q of form %s is no name", name.Value, f.GoName).Rule(rule.XMLName)
	case twice && (f.Command == "" || !commands(l.pkg.Forms, name.Value)):
		l.c.Errorf(name.Pos, "form_type %s stands twice", name.Value).Rule(rule.Twice).Hintf("the first is in line %d; forms of commands may share it, if all of them name their `command`", pos.Line)
	case twice:
	default:
		first[name.Value] = name.Pos
	}
}

// commands reports whether all forms of a FORM_TYPE so far belong to commands.
func commands(forms []*model.Form, formType string) bool {
	return !slices.ContainsFunc(forms, func(f *model.Form) bool { return f.FormType == formType && f.Command == "" })
}

// shown checks a text that people see.
func (l *linker) shown(s syntax.String, what string) string {
	if s.IsSet() && !isXMLText(s.Value) {
		l.c.Errorf(s.Pos, "%s has characters that XML does not allow", what).Rule(rule.XMLText)
	}
	return s.Value
}

// formField makes a field.
func (l *linker) formField(form *model.Form, from *syntax.FormField) {
	what := "field " + strconv.Quote(from.Var.Value) + " of form " + form.GoName
	f := &model.FormField{
		Pos: from.Pos, Var: from.Var.Value, Kind: from.Type.Value, Required: from.Required.Value, Link: l.link(from.Ref),
		Label: l.shown(from.Label, "label of "+what), Desc: l.shown(from.Desc, "desc of "+what),
	}
	if !from.Type.IsSet() {
		f.Kind = "text-single"
	}
	known := []string{
		"boolean", "fixed", "hidden", "jid-multi", "jid-single", "list-multi", "list-single", "text-multi", "text-private", "text-single",
	}
	switch {
	case !slices.Contains(known, f.Kind):
		l.c.Errorf(from.Type.Pos, "%s: %q is not a type of fields", what, f.Kind).Rule(rule.FormField).
			Hintf("one of: %s", strings.Join(known, ", ")).DidYouMean(f.Kind, known)
		return
	case f.Kind == "fixed":
		l.fixedField(form, f, from, what)
		return
	case !from.Var.IsSet():
		l.c.Errorf(from.Pos, "field of form %s has no var", form.GoName).Rule(rule.FormField).Hintf("only fields of type fixed need no name")
		return
	case f.Var == formTypeVar:
		l.c.Errorf(from.Var.Pos, "%s is written without being asked for", what).Rule(rule.FormField).Hintf("its value is `form_type:`")
		return
	case f.Var == "" || !isXMLText(f.Var):
		l.c.Errorf(from.Var.Pos, "%s has no name that XML can carry", what).Rule(rule.XMLName)
		return
	}
	if !l.formValue(f, from, what) {
		return
	}
	several := strings.HasSuffix(f.Kind, "-multi") || from.Many.Value
	if from.Many.IsSet() && f.Kind != "hidden" {
		l.c.Errorf(from.Many.Pos, "%s: many is for hidden fields; for others the type says it", what).Rule(rule.FormField)
	}
	switch {
	case several:
		f.Shape = model.Slice
	case f.Required:
		f.Shape = model.Value
	default:
		f.Shape = model.Pointer
	}
	// the rules for defaults and bounds are those of other values
	value := &model.Field{Type: f.Type, Many: several}
	l.literals(value, values{syntax.Bool{}, from.Default, syntax.String{}, from.Min, from.Max}, what)
	f.Default, f.Min, f.Max = value.Default, value.Min, value.Max
	l.options(f, from, what)
	l.nameFormField(f, from, value)
	addFormField(form, f)
}

// nameFormField decides the Go name and the doc text.
func (l *linker) nameFormField(f *model.FormField, from *syntax.FormField, value *model.Field) {
	f.GoName = from.Go.Value
	if !from.Go.IsSet() {
		f.GoName = model.CamelCase(f.Var[strings.LastIndexByte(f.Var, '#')+1:])
	}
	if f.Default != nil && f.Shape == model.Pointer {
		f.DefaultMethod = f.GoName + "OrDefault"
	}
	f.Doc = l.sentence(from.Doc, f.GoName, "is the field "+f.Var+".")
	value.DefaultMethod = f.DefaultMethod
	if f.DefaultMethod == "" {
		value.Default = nil
	}
	for _, fact := range facts(value) {
		f.Doc += " " + fact
	}
	if f.Required {
		f.Doc += " The form is not complete without it."
	}
}

// formValue finds the type of a field's values.
func (l *linker) formValue(f *model.FormField, from *syntax.FormField, what string) bool {
	want := map[string]model.Scalar{"boolean": model.Bool, "jid-single": model.JID, "jid-multi": model.JID, "text-multi": model.String}[f.Kind]
	if !from.Value.IsSet() {
		f.Type.Scalar = want
		if want == 0 {
			f.Type.Scalar = model.String
		}
		return true
	}
	if f.Type = l.simpleType(from.Value, what); f.Type == (model.Type{}) {
		return false
	}
	if want != 0 && f.Type.Scalar != want {
		l.c.Errorf(from.Value.Pos, "%s: the values of type %s are %s, not %s", what, f.Kind, want, from.Value.Value).Rule(rule.FormField).
			Hintf("leave `value:` out")
		return false
	}
	return true
}

// fixedField makes a text that people see between the fields.
func (l *linker) fixedField(form *model.Form, f *model.FormField, from *syntax.FormField, what string) {
	for key, pos := range map[string]source.Pos{
		"value": from.Value.Pos, "go": from.Go.Pos, "many": from.Many.Pos, "required": from.Required.Pos, "min": from.Min.Pos, "max": from.Max.Pos,
		"doc": from.Doc.Pos, "ref": from.Ref.Pos,
	} {
		if pos.IsValid() {
			l.c.Errorf(pos, "%s: %s is not for type fixed, which has nothing to fill in", what, key).Rule(rule.FormField)
		}
	}
	if len(from.Options) > 0 {
		l.c.Errorf(from.Options[0].Pos, "%s: options are for list-single and list-multi only", what).Rule(rule.FieldValue)
	}
	switch {
	case f.Var == formTypeVar:
		l.c.Errorf(from.Var.Pos, "%s is written without being asked for", what).Rule(rule.FormField).Hintf("its value is `form_type:`")
	case !from.Default.IsSet() && !from.Label.IsSet():
		l.c.Errorf(from.Pos, "%s: a fixed field without default and label shows nothing", what).Rule(rule.FieldValue).Hintf("its text is `default:`")
	}
	l.shown(from.Default, "default of "+what)
	if from.Default.IsSet() {
		f.Default = &model.Literal{Pos: from.Default.Pos, Text: from.Default.Value}
	}
	addFormField(form, f)
}

// options gathers the choices of a list: those given, or the values of its enum.
func (l *linker) options(f *model.FormField, from *syntax.FormField, what string) {
	isList := strings.HasPrefix(f.Kind, "list-")
	if len(from.Options) > 0 && !isList {
		l.c.Errorf(from.Options[0].Pos, "%s: options are for list-single and list-multi only", what).Rule(rule.FieldValue)
		return
	}
	if len(from.Options) == 0 && isList && f.Type.Enum != nil {
		for _, v := range f.Type.Enum.Values {
			f.Options = append(f.Options, model.FormOption{Value: v.Value.Text, Label: v.Label})
		}
	}
	first := map[string]source.Pos{}
	for _, o := range from.Options {
		if !o.Value.IsSet() {
			continue // reported by the reader
		}
		x := l.literal(&model.Field{Type: f.Type}, o.Value, what+": option")
		if x == nil {
			continue
		}
		if pos, twice := first[x.Text]; twice {
			l.c.Errorf(o.Value.Pos, "%s: option %q stands twice", what, x.Text).Rule(rule.Twice).Hintf("the first is in line %d", pos.Line)
			continue
		}
		first[x.Text] = o.Value.Pos
		label := l.shown(o.Label, "label of "+what)
		if label == "" && x.EnumValue != nil {
			label = x.EnumValue.Label
		}
		f.Options = append(f.Options, model.FormOption{Value: x.Text, Label: label})
	}
	if f.Default != nil && len(f.Options) > 0 && !slices.ContainsFunc(f.Options, func(o model.FormOption) bool { return o.Value == f.Default.Text }) {
		l.c.Errorf(f.Default.Pos, "%s: default %q is none of the options", what, f.Default.Text).Rule(rule.FieldValue)
	}
}

// formNames refuses fields that have a name twice, on the wire or in Go.
func (l *linker) formNames(form *model.Form) {
	vars, taken := map[string]source.Pos{}, map[string]string{}
	reserved := model.ReservedFormFields()
	for _, f := range form.Fields {
		what := "field " + strconv.Quote(f.Var) + " of form " + form.GoName
		if pos, twice := vars[f.Var]; twice && f.Var != "" {
			l.c.Errorf(f.Pos, "%s stands twice", what).Rule(rule.Twice).Hintf("the first is in line %d", pos.Line)
			continue
		}
		vars[f.Var] = f.Pos
		if f.Kind == "fixed" {
			continue
		}
		if !model.IsExported(f.GoName) {
			l.c.Errorf(f.Pos, "%s: %q is not an exported Go name", what, f.GoName).Rule(rule.GoName).Hintf("give it a name with `go:`")
			continue
		}
		for _, name := range []string{f.GoName, f.DefaultMethod} {
			switch by := reserved[name]; {
			case name == "":
			case by != "":
				l.c.Errorf(f.Pos, "%s: the Go name %s is taken by %s", what, name, by).Rule(rule.GoNameTaken).Hintf("give it another name with `go:`")
			case taken[name] != "":
				l.c.Errorf(f.Pos, "%s: the Go name %s is taken by %s", what, name, taken[name]).Rule(rule.GoNameTaken).Hintf("give one of them another name with `go:`")
			default:
				taken[name] = "field " + strconv.Quote(f.Var)
			}
		}
	}
}

package breaking

import "stanza.invalid/cmd/stanzagen/internal/model"

// forms compares data forms: on the wire by their FORM_TYPE and the names of fields, in Go by names.
func (c *comparison) forms(p *model.Package) {
	byType := map[string]*model.Form{}
	for _, now := range c.packages {
		for _, f := range now.Forms {
			byType[f.FormType] = f
		}
	}
	for _, old := range p.Forms {
		now := byType[old.FormType]
		if now == nil {
			c.found("wire-form-removed", old.GoName, old.Pos, "form %s is gone", old.FormType)
			continue
		}
		fields := map[string]*model.FormField{}
		for _, f := range now.Fields {
			fields[f.Var] = f
		}
		for _, f := range old.Fields {
			switch g := fields[f.Var]; {
			case f.Var == "":
			case g == nil:
				c.found("wire-form-field-removed", old.GoName+"."+f.Var, f.Pos, "field %s of form %s is gone", f.Var, old.FormType)
			default:
				c.field(old.GoName+"."+f.Var, "field "+f.Var+" of form "+old.FormType, asField(f), asField(g))
			}
		}
	}
	if c.pkg != nil {
		c.goForms(p, c.pkg)
	}
}

// asField makes a field of an element of that of a form, as far as values go.
func asField(f *model.FormField) *model.Field {
	return &model.Field{
		Pos: f.Pos, Kind: model.FieldText, Type: f.Type, Required: f.Required, Many: f.Shape == model.Slice, Min: f.Min, Max: f.Max, Default: f.Default,
	}
}

func (c *comparison) goForms(old, now *model.Package) {
	forms := map[string]*model.Form{}
	for _, f := range now.Forms {
		forms[f.GoName] = f
	}
	for _, before := range old.Forms {
		after := forms[before.GoName]
		if after == nil {
			c.found("go-type-removed", before.GoName, before.Pos, "type %s.%s is gone", old.Name, before.GoName)
			continue
		}
		fields := map[string]*model.FormField{}
		for _, f := range after.Fields {
			fields[f.GoName] = f
		}
		for _, f := range before.Fields {
			at := before.GoName + "." + f.Var
			switch g := fields[f.GoName]; {
			case f.GoName == "":
			case g == nil:
				c.found("go-field-removed", at, f.Pos, "field %s.%s.%s is gone", old.Name, before.GoName, f.GoName)
			case f.GoType(nil) != g.GoType(nil):
				c.found("go-field-type", at, g.Pos, "field %s.%s.%s was a %s, and is a %s now", old.Name, before.GoName, f.GoName, f.GoType(nil), g.GoType(nil))
			}
		}
	}
}

package model

import "path"

// GoType writes the Go type of the field as its users see it: *uint32, []muc.Item. Types of the package within are written
// without its name.
func (f *Field) GoType(within *Package) string {
	named := func(p *Package, name string) string {
		if p == within {
			return name
		}
		return p.Name + "." + name
	}
	one := ""
	switch t := f.Type; {
	case f.Choice != nil:
		one = named(f.Choice.Package, f.Choice.GoName)
	case f.Kind == FieldAny:
		one = "stanza.Raw"
	case t.Enum != nil:
		one = named(t.Enum.Package, t.Enum.GoName)
	case t.Element != nil:
		one = named(t.Element.Package, t.Element.GoName)
	case t.Stanza != "":
		one = "stanza." + CamelCase(t.Stanza)
	default:
		goes := t.Scalar.GoType()
		one = goes.Name
		if goes.Path != "" {
			one = path.Base(goes.Path) + "." + goes.Name
		}
	}
	switch f.Shape {
	case Pointer:
		return "*" + one
	case Slice:
		return "[]" + one
	}
	return one
}

// GoType writes the Go type of the field as its users see it; types of the package within are written without its name.
func (f *FormField) GoType(within *Package) string {
	return (&Field{Type: f.Type, Shape: f.Shape}).GoType(within)
}

package breaking

import "stanza.invalid/cmd/stanzagen/internal/model"

// goAPI compares what users of a package can name.
func (c *comparison) goAPI(old, now *model.Package) {
	enums, structs := map[string]*model.Enum{}, map[string]*model.Element{}
	constants := map[string]bool{}
	for _, e := range now.Enums {
		enums[e.GoName] = e
		for _, v := range e.Values {
			constants[v.GoName] = true
		}
	}
	for _, e := range now.Structs {
		structs[e.GoName] = e
	}
	for _, ns := range now.Namespaces {
		constants[ns.GoName] = true
	}
	for _, ns := range old.Namespaces {
		if !constants[ns.GoName] {
			c.found("go-constant-removed", "namespace."+ns.Key, ns.Pos, "constant %s.%s is gone", old.Name, ns.GoName)
		}
	}
	for _, e := range old.Enums {
		switch after := enums[e.GoName]; {
		case after == nil && structs[e.GoName] != nil:
			c.found("go-type-kind", e.GoName, structs[e.GoName].Pos, "%s.%s was an enum, and is a struct now", old.Name, e.GoName)
		case after == nil:
			c.found("go-type-removed", e.GoName, e.Pos, "type %s.%s is gone", old.Name, e.GoName)
		case after.Base != e.Base:
			c.found("go-base", e.GoName, after.Pos, "%s.%s was a %s, and is a %s now", old.Name, e.GoName, e.Base, after.Base)
		case e.Numbers != 0 && after.Numbers != e.Numbers:
			c.found("go-method-removed", e.GoName, after.Pos, "%s.%s has no longer numbers of type %s", old.Name, e.GoName, e.Numbers)
		}
		for _, v := range e.Values {
			if !constants[v.GoName] {
				c.found("go-constant-removed", e.GoName+"."+v.Value.Text, v.Pos, "constant %s.%s is gone", old.Name, v.GoName)
			}
		}
	}
	for _, e := range old.Structs {
		switch after := structs[e.GoName]; {
		case after == nil && enums[e.GoName] != nil:
			c.found("go-type-kind", e.GoName, enums[e.GoName].Pos, "%s.%s was a struct, and is an enum now", old.Name, e.GoName)
		case after == nil:
			c.found("go-type-removed", e.GoName, e.Pos, "type %s.%s is gone", old.Name, e.GoName)
		default:
			c.goStruct(e, after)
		}
	}
}

// goStruct compares the fields and methods of a type.
func (c *comparison) goStruct(old, now *model.Element) {
	fields, methods := map[string]*model.Field{}, map[string]bool{}
	for _, f := range now.Fields {
		fields[f.GoName] = f
		methods[f.DefaultMethod] = true
	}
	for _, f := range old.Fields {
		at := old.GoName + "." + wireLabel(f)
		g := fields[f.GoName]
		switch {
		case g == nil:
			c.found("go-field-removed", at, f.Pos, "field %s.%s.%s is gone", old.Package.Name, old.GoName, f.GoName)
		case f.GoType(nil) != g.GoType(nil):
			c.found("go-field-type", at, g.Pos, "field %s.%s.%s was a %s, and is a %s now", old.Package.Name, old.GoName, f.GoName, f.GoType(nil), g.GoType(nil))
		}
		if f.DefaultMethod != "" && !methods[f.DefaultMethod] {
			c.found("go-method-removed", at, f.Pos, "method %s of %s.%s is gone", f.DefaultMethod, old.Package.Name, old.GoName)
		}
	}
	if old.Query == nil {
		return
	}
	switch {
	case now.Query == nil:
		c.found("go-method-removed", old.GoName, now.Pos, "%s.%s is no longer the request of an IQ", old.Package.Name, old.GoName)
	case goResult(old.Query) != goResult(now.Query):
		c.found("go-result", old.GoName, now.Query.Pos, "request %s.%s was answered with %s, and is with %s now", old.Package.Name, old.GoName, goResult(old.Query), goResult(now.Query))
	}
}

func goResult(q *model.Query) string {
	if q.Result == nil {
		return "stanza.Empty"
	}
	return q.Result.Package.Name + "." + q.Result.GoName
}

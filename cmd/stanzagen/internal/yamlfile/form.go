package yamlfile

import (
	"go.yaml.in/yaml/v4"

	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

func (r *reader) form(n *yaml.Node) *syntax.Form {
	o := r.object(n, LevelForm)
	defer o.done()
	return &syntax.Form{
		Pos: o.pos, Type: o.text("type"), FormType: o.text("form_type"), Command: o.text("command"), Title: o.text("title"),
		Instructions: o.texts("instructions"), Doc: o.text("doc"), Ref: o.text("ref"), Like: o.text("like"), Fields: list(o, "fields", r.formField),
	}
}

func (r *reader) formField(n *yaml.Node) *syntax.FormField {
	o := r.object(n, LevelField)
	defer o.done()
	return &syntax.FormField{
		Pos: o.pos, Var: o.text("var"), Type: o.text("type"), Value: o.text("value"), Go: o.text("go"), Many: o.truth("many"),
		Required: o.truth("required"), Default: o.text("default"), Min: o.text("min"), Max: o.text("max"),
		Label: o.text("label"), Desc: o.text("desc"), Options: list(o, "options", r.option), Doc: o.text("doc"), Ref: o.text("ref"),
	}
}

func (r *reader) option(n *yaml.Node) *syntax.FormOption {
	if n.Kind == yaml.ScalarNode {
		return &syntax.FormOption{Pos: r.pos(n), Value: r.text(n)}
	}
	o := r.object(n, LevelOption)
	defer o.done()
	return &syntax.FormOption{Pos: o.pos, Value: o.text("value"), Label: o.text("label")}
}

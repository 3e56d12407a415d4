package emit

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// showcase returns the example of a package that its documentation shows: the first that is a whole stanza with a
// payload, or else the first of all; one that is a typed form if there is nothing else. It is nil if there is none.
func showcase(p *model.Package) *model.Example {
	var first *model.Example
	for _, e := range p.Examples {
		switch {
		case first == nil && len(p.Structs) == 0 && len(e.Forms) > 0 && e.Root.Local == "x":
			first = e
		case len(e.Structs) == 0 || e.Structs[0].Role == model.Nested:
		case e.Stanza != "":
			return e
		case first == nil:
			first = e
		}
	}
	return first
}

// exampleFile makes, for a payload in a stanza:
//
//	func Example() {
//		s, err := stanza.Parse(`<message>...</message>`)
//		if err != nil {
//			fmt.Println(err)
//			return
//		}
//		v, err := stanza.Find[receipts.Received](s)
//		if err != nil {
//			fmt.Println(err)
//			return
//		}
//		fmt.Println(v.WireName())
//		// Output: {urn:xmpp:receipts}received
//	}
//
// and with wire.Parse and stanza.Decode for an element that stands alone.
func (g *file) exampleFile(e *model.Example) {
	if len(e.Structs) == 0 {
		g.exampleForm(e)
		return
	}
	typ := e.Structs[0]
	local := typ.Local
	if typ.Names != nil {
		local = exampleName(e.XML, typ)
	}
	name := model.Name{Space: typ.Namespace.URI, Local: local}
	g.Func().Id("Example").Params().BlockFunc(func(b *jen.Group) {
		if e.Stanza != "" {
			b.List(jen.Id("s"), jen.Err()).Op(":=").Add(g.stanza("Parse")).Call(text(e.XML))
			failed(b)
			b.List(jen.Id("v"), jen.Err()).Op(":=").Add(g.stanza("Find")).Types(g.element(typ)).Call(jen.Id("s"))
		} else {
			b.List(jen.Id("r"), jen.Err()).Op(":=").Add(g.wire("Parse")).Call(text(e.XML))
			failed(b)
			b.List(jen.Id("v"), jen.Err()).Op(":=").Add(g.stanza("Decode")).Types(g.element(typ)).Call(jen.Id("r"))
		}
		failed(b)
		b.Qual("fmt", "Println").Call(jen.Id("v").Dot("WireName").Call())
		b.Comment("// Output: {" + name.Space + "}" + name.Local)
	})
}

func failed(b *jen.Group) {
	b.If(jen.Err().Op("!=").Nil()).Block(jen.Qual("fmt", "Println").Call(jen.Err()), jen.Return())
}

// exampleForm makes, for a form:
//
//	func Example() {
//		...
//		x, err := stanza.Decode[form.Form](r)
//		if err != nil {
//			fmt.Println(err)
//			return
//		}
//		v, err := form.Decode[serverinfo.Addresses](x)
//		...
//		fmt.Println(v.FormType())
//		// Output: http://jabber.org/network/serverinfo
//	}
func (g *file) exampleForm(e *model.Example) {
	typ := e.Forms[0]
	g.Func().Id("Example").Params().BlockFunc(func(b *jen.Group) {
		b.List(jen.Id("r"), jen.Err()).Op(":=").Add(g.wire("Parse")).Call(text(e.XML))
		failed(b)
		b.List(jen.Id("x"), jen.Err()).Op(":=").Add(g.stanza("Decode")).Types(g.form("Form")).Call(jen.Id("r"))
		failed(b)
		b.List(jen.Id("v"), jen.Err()).Op(":=").Add(g.form("Decode")).Types(g.of(typ.Package, typ.GoName)).Call(jen.Id("x"))
		failed(b)
		b.Qual("fmt", "Println").Call(jen.Id("v").Dot("FormType").Call())
		b.Comment("// Output: " + typ.FormType)
	})
}

// text makes a literal that can be read.
func text(s string) jen.Code {
	if strings.Contains(s, "`") {
		return jen.Lit(s)
	}
	return jen.Op("`" + s + "`")
}

// exampleName returns which of its names an element has in a text.
func exampleName(text string, typ *model.Element) string {
	for _, v := range typ.Names.Values {
		if strings.Contains(text, "<"+v.Value.Text+" ") || strings.Contains(text, "<"+v.Value.Text+"/") || strings.Contains(text, "<"+v.Value.Text+">") {
			return v.Value.Text
		}
	}
	return typ.Names.Values[0].Value.Text
}

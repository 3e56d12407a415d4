package emit

import (
	"bytes"
	"fmt"
	"path"

	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// maxLines is about how long a file of codecs may be: editors have their trouble with more.
const maxLines = 5000

// codecFiles writes the files that nobody reads: one, or more if it would be too long.
func codecFiles(p *model.Package, c *source.Collector, files map[string][]byte) {
	name := func(n int) string {
		if n == 0 {
			return path.Join(p.Dir, "codec_gen.go")
		}
		return path.Join(p.Dir, fmt.Sprintf("codec%d_gen.go", n+1))
	}
	whole := newFile(p, c)
	whole.codecs(p.Structs)
	whole.render(files, name(0))
	lines := bytes.Count(files[name(0)], []byte("\n"))
	if lines <= maxLines {
		return
	}
	delete(files, name(0))
	for n, part := range parts(p.Structs, lines/maxLines+1) {
		f := newFile(p, c)
		f.codecs(part)
		f.render(files, name(n))
	}
}

// parts cuts a list of types into so many pieces whose codecs are about as long as each other.
func parts(list []*model.Element, n int) [][]*model.Element {
	total := 0
	for _, e := range list {
		total += weight(e)
	}
	var all [][]*model.Element
	begin, sum := 0, 0
	for i, e := range list {
		if sum += weight(e); sum*n >= total*(len(all)+1) {
			all = append(all, list[begin:i+1])
			begin = i + 1
		}
	}
	return all
}

// weight is how long the codec of a type is, compared with others.
func weight(e *model.Element) int { return 3 + len(e.Parts()) }

// codecs writes the codecs of types.
func (g *file) codecs(list []*model.Element) {
	for _, e := range list {
		if e.Role != model.Nested {
			g.names(e)
			g.query(e)
			g.rules(e)
		}
		g.choiceMarks(e)
		g.whenFunc(e)
		g.appendFunc(e)
		g.decodeFunc(e)
		g.marshalXML(e)
		g.unmarshalXML(e)
	}
}

// method begins func (v *T) name. Methods without a name for the receiver work on nil.
func (g *file) method(e *model.Element, receiver, name, comments string) *jen.Statement {
	if comments != "" {
		g.Comment(comment(comments, 0))
	}
	self := jen.Op("*").Id(e.GoName)
	if receiver != "" {
		self = jen.Id(receiver).Add(self)
	}
	return g.Func().Params(self).Id(name)
}

// names makes:
//
//	// WireName returns the name of the element.
//	func (*Ping) WireName() wire.Name { return wire.Name{Space: NS, Local: "ping"} }
//
//	// Matches reports whether n is the name of the element.
//	func (*Ping) Matches(n wire.Name) bool { return n.Matches(NS, "ping") }
//
// and for elements whose name is their value:
//
//	func (v *ChatState) WireName() wire.Name {
//		if v == nil {
//			return wire.Name{Space: NS}
//		}
//		return wire.Name{Space: NS, Local: string(v.State)}
//	}
//
//	func (*ChatState) Matches(n wire.Name) bool { return n.Space == NS && State(n.Local).Known() }
func (g *file) names(e *model.Element) {
	space := func() *jen.Statement { return g.space(e.Namespace) }
	n := func(part string) *jen.Statement { return jen.Id("n").Dot(part) }
	receiver, local, says := "", jen.Code(jen.Lit(e.Local)), "the name of the element"
	matches := n("Matches").Call(space(), jen.Lit(e.Local))
	if f := e.NameField(); f != nil {
		receiver, local, says = "v", jen.String().Call(field(f.GoName)), "a name that the element is known to have"
		matches = n("Space").Op("==").Add(space()).Op("&&").Add(g.enum(f.Type.Enum)).Call(n("Local")).Dot("Known").Call()
	}
	g.method(e, receiver, "WireName", "WireName returns the name of the element.").
		Params().Add(g.wire("Name")).BlockFunc(func(b *jen.Group) {
		if receiver != "" {
			// a nil pointer stands for the type, as in stanza.Find
			b.If(jen.Id(receiver).Op("==").Nil()).Block(jen.Return(g.wire("Name").Values(jen.Id("Space").Op(":").Add(space()))))
		}
		b.Return(g.wire("Name").Values(jen.Id("Space").Op(":").Add(space()), jen.Id("Local").Op(":").Add(local)))
	})
	g.Line()
	g.method(e, "", "Matches", "Matches reports whether n is "+says+".").
		Params(jen.Id("n").Add(g.wire("Name"))).Bool().Block(jen.Return(matches))
	g.Line()
}

// query makes, for the request of an IQ pair:
//
//	// IQType returns the type of the IQ that makes the request.
//	func (*InfoQuery) IQType() stanza.IQType { return stanza.Get }
//
//	// NewResult returns a new answer.
//	func (*InfoQuery) NewResult() *Info { return new(Info) }
func (g *file) query(e *model.Element) {
	if e.Query == nil {
		return
	}
	result := g.stanza("Empty")
	if e.Query.Result != nil {
		result = g.element(e.Query.Result)
	}
	kind := map[string]string{"get": "Get", "set": "Set"}[e.Query.IQType]
	g.method(e, "", "IQType", "IQType returns the type of the IQ that makes the request.").
		Params().Add(g.stanza("IQType")).Block(jen.Return(g.stanza(kind)))
	g.Line()
	g.method(e, "", "NewResult", "NewResult returns a new, empty answer.").
		Params().Op("*").Add(result).Block(jen.Return(jen.New(result)))
	g.Line()
}

// rules makes:
//
//	// Features returns the features to advertise where the element is handled.
//	func (*Ping) Features() []string { return []string{NS} }
//
//	// SenderRule says who may send the element.
//	func (*Sent) SenderRule() stanza.SenderRule { return stanza.FromOwnAccount }
func (g *file) rules(e *model.Element) {
	if len(e.Features) > 0 {
		var features []jen.Code
		for _, f := range e.Features {
			features = append(features, g.feature(f))
		}
		g.method(e, "", "Features", "Features returns the disco features to advertise where the element is handled.").
			Params().Index().String().Block(jen.Return(jen.Index().String().Values(features...)))
		g.Line()
	}
	rule := map[model.Sender]string{
		model.SenderOwnAccount: "FromOwnAccount", model.SenderAccountOrServer: "FromAccountOrServer", model.SenderServer: "FromServer",
		model.SenderQueried: "FromQueried", model.SenderRoom: "FromRoom",
	}[e.Sender]
	if rule != "" {
		g.method(e, "", "SenderRule", "SenderRule says who may send the element.").
			Params().Add(g.stanza("SenderRule")).Block(jen.Return(g.stanza(rule)))
		g.Line()
	}
}

// feature writes a feature, by its constant if it is a namespace.
func (g *file) feature(f string) jen.Code {
	for _, ns := range g.pkg.Namespaces {
		if ns.URI == f {
			return jen.Id(ns.GoName)
		}
	}
	return jen.Lit(f)
}

package emit

import (
	"slices"
	"strconv"

	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// decoder writes the decoding method of one struct.
type decoder struct {
	*file
	e *model.Element
	// bits are the numbers of the fields whose value does not tell that they were there.
	bits map[*model.Field]int
	// choices are the fields that alternatives belong to.
	choices map[*model.Field]*model.Field
	// when is a field for what the condition asks for if the struct has none, else nil.
	when *model.Field
	// others is the field that takes children by namespace, or nil: the guard below keeps what has a field
	// away from it.
	others *model.Field
	// catches says that children which no case takes may belong to a field nevertheless.
	catches bool
}

// decodeFunc makes:
//
//	// DecodeXML reads the element into v, which should be zero.
//	func (v *Info) DecodeXML(r wire.Raw) error {
//		if !r.Is(NS, "query") {
//			return r.Unexpected(v.WireName())
//		}
//		...
//		return nil
//	}
//
// Nested types have decodeXML, which does not look at the name. Where the name is the value, any name of the namespace
// will do: enums are open, and the parent may have more to say about it than Matches.
func (g *file) decodeFunc(e *model.Element) {
	d := &decoder{file: g, e: e, bits: map[*model.Field]int{}, choices: map[*model.Field]*model.Field{}}
	for _, f := range e.Fields {
		if needsBit(f) {
			d.bits[f] = len(d.bits)
		}
		if f.Kind == model.FieldNames || hasNames(f) {
			d.others, d.catches = f, true
		}
		d.catches = d.catches || f.Kind == model.FieldAny
		for _, a := range alternatives(f) {
			d.choices[a] = f
		}
	}
	if w := e.When; w != nil && w.Attr != "" {
		d.when = attrField(w)
	} else if w != nil && w.Implied() {
		// not as a flag, which could not be required
		child := *w.Child
		child.Type, child.Required = model.Type{Scalar: model.String}, true
		d.when = &child
	}
	if d.when != nil {
		d.bits[d.when] = len(d.bits)
	}
	name, says := "decodeXML", ""
	if e.Role != model.Nested {
		name, says = "DecodeXML", "DecodeXML reads the element into v, which should be zero. One that does not fit is a [*wire.DecodeError]."
	}
	g.method(e, "v", name, says).Params(jen.Id("r").Add(g.wire("Raw"))).Error().BlockFunc(d.body)
	g.Line()
}

// needsBit reports whether a field can be there and have its zero value.
func needsBit(f *model.Field) bool {
	switch f.Kind {
	case model.FieldAttr:
		return f.Required
	case model.FieldChild, model.FieldStanza:
		if f.Shape != model.Value || f.Type.Scalar == model.LangText || f.Type.Scalar == model.Flag || f.Type.Scalar == model.Raw {
			return false
		}
		return true
	}
	return false
}

// seen names the word and the bit of a field: seen, 1<<3.
func (d *decoder) seen(f *model.Field) (word, bit *jen.Statement) {
	i := d.bits[f]
	return jen.Id(seenWord(i / 64)), literally("1<<" + strconv.Itoa(i%64))
}

func seenWord(i int) string {
	if i == 0 {
		return "seen"
	}
	return "seen" + strconv.Itoa(i+1)
}

// mark makes seen |= 1<<3.
func (d *decoder) mark(f *model.Field) jen.Code {
	word, bit := d.seen(f)
	return word.Op("|=").Add(bit)
}

// was makes seen&(1<<3) != 0.
func (d *decoder) was(f *model.Field, op string) *jen.Statement {
	word, bit := d.seen(f)
	return word.Op("&").Parens(bit).Op(op).Lit(0)
}

func (d *decoder) body(b *jen.Group) {
	if d.e.Role != model.Nested {
		other := jen.Op("!").Id("r").Dot("Is").Call(d.space(d.e.Namespace), jen.Lit(d.e.Local))
		if d.e.Names != nil {
			other = jen.Op("!").Id("r").Dot("In").Call(d.space(d.e.Namespace))
		}
		b.If(other).Block(jen.Return(jen.Id("r").Dot("Unexpected").Call(jen.Id("v").Dot("WireName").Call())))
	}
	if f := d.e.NameField(); f != nil {
		b.Add(assign(field(f.GoName), d.enum(f.Type.Enum).Call(jen.Id("r").Dot("Local").Call())))
	}
	for i := 0; i*64 < len(d.bits); i++ {
		b.Var().Id(seenWord(i)).Uint64()
	}
	d.attrs(b)
	d.text(b)
	d.children(b)
	d.missing(b)
	b.Return(jen.Nil())
}

// attrs makes:
//
//	a := r.Attrs()
//	for a.Next() {
//		switch a.Name() {
//		case "node":
//			v.Node = a.Optional(&v.Extra, 0)
//		default:
//			a.KeepAttr(&v.Extra)
//		}
//	}
func (d *decoder) attrs(b *jen.Group) {
	keep := jen.Id("a").Dot("KeepAttr").Call(extra())
	var cases, foreign []jen.Code
	for _, f := range d.e.Attrs() {
		switch f.Name.Space {
		case "":
			cases = append(cases, jen.Case(jen.Lit(f.Name.Local)).Block(d.attr(f)...))
		case model.XMLNamespace:
			cases = append(cases, jen.Case(jen.Lit("xml:"+f.Name.Local)).Block(d.attr(f)...))
		default:
			name := jen.Parens(d.wire("Name").Values(jen.Id("Space").Op(":").Add(d.space(f.Namespace)), jen.Id("Local").Op(":").Lit(f.Name.Local)))
			foreign = append(foreign, jen.Case(name).Block(d.attr(f)...))
		}
	}
	if d.when != nil && d.when.Kind == model.FieldAttr {
		cases = append(cases, d.whenAttrCase())
	}
	if foreign != nil {
		// a.Name is empty for attributes of other namespaces
		foreign = append(foreign, jen.Default().Block(keep.Clone()))
		cases = append(cases, jen.Case(jen.Lit("")).Block(jen.Switch(jen.Id("a").Dot("Expanded").Call()).Block(foreign...)))
	}
	b.Id("a").Op(":=").Id("r").Dot("Attrs").Call()
	b.For(jen.Id("a").Dot("Next").Call()).BlockFunc(func(b *jen.Group) {
		if cases == nil {
			b.Add(keep)
			return
		}
		b.Switch(jen.Id("a").Dot("Name").Call()).Block(append(cases, jen.Default().Block(keep))...)
	})
}

// attr makes the code for one attribute.
func (d *decoder) attr(f *model.Field) []jen.Code {
	src := jen.Id("a").Dot("Value").Call()
	if isText(f.Type) && f.Shape == model.Value && !f.Required {
		src = jen.Id("a").Dot("Optional").Call(extra(), d.slot(f.Index, nil))
	}
	code := d.decoded(f, src, d.slot(f.Index, nil), d.store(f), func(reason jen.Code) jen.Code {
		return jen.Id("a").Dot("Invalid").Call(jen.Id("r"), reason)
	})
	if f.Required {
		code = append(code, d.mark(f))
	}
	return code
}

// store makes v.Node = x, v.Max = wire.Ptr(x) or v.Groups = append(v.Groups, x).
func (d *decoder) store(f *model.Field) func(x jen.Code) jen.Code {
	return func(x jen.Code) jen.Code {
		switch f.Shape {
		case model.Pointer:
			return assign(field(f.GoName), d.wire("Ptr").Call(x))
		case model.Slice:
			return assign(field(f.GoName), jen.Append(field(f.GoName), x))
		}
		return assign(field(f.GoName), x)
	}
}

// text makes, for strings:
//
//	v.Value = r.Text()
//
// and for other types:
//
//	if s := r.Text(); s != "" {
//		n, reason := ...
//	}
//
// Required text makes an error of the empty one, except that binary data may have no bytes.
func (d *decoder) text(b *jen.Group) {
	f := d.e.Text()
	if f == nil {
		return
	}
	invalid := func(reason jen.Code) jen.Code { return jen.Id("r").Dot("Invalid").Call(reason) }
	src := func() *jen.Statement { return jen.Id("r").Dot("Text").Call() }
	binary := base(f.Type) == model.Base64 || base(f.Type) == model.Hex
	if isText(f.Type) && f.Fixed == nil {
		b.Add(d.decoded(f, src(), nil, d.store(f), nil)[0])
		if f.Required {
			b.If(field(f.GoName).Op("==").Lit("")).Block(jen.Return(invalid(jen.Lit("has no text"))))
		}
		return
	}
	code := d.decoded(f, jen.Id("s"), d.slot(f.Index, nil), d.store(f), invalid)
	switch {
	case !f.Required:
		b.If(jen.Id("s").Op(":=").Add(src()), jen.Id("s").Op("!=").Lit("")).Block(code...)
	case binary:
		b.Block(append([]jen.Code{jen.Id("s").Op(":=").Add(src())}, code...)...)
	default:
		b.Id("s").Op(":=").Add(src())
		b.If(jen.Id("s").Op("==").Lit("")).Block(jen.Return(invalid(jen.Lit("has no text"))))
		b.Block(code...)
	}
}

// children makes:
//
//	c := r.Children()
//	for c.Next() {
//		switch c.Local() {
//		case "identity":
//			...
//		}
//		c.Keep(&v.Extra)
//	}
//	if c.Stray() {
//		r.KeepText(&v.Extra)
//	}
//
// A case that takes the child goes on with the next one.
func (d *decoder) children(b *jen.Group) {
	mixed := d.e.Mixed()
	if mixed != nil {
		d.mixedStart(b, mixed)
	} else {
		b.Id("c").Op(":=").Id("r").Dot("Children").Call()
	}
	b.For(jen.Id("c").Dot("Next").Call()).BlockFunc(func(b *jen.Group) {
		if mixed != nil {
			b.If(jen.Id("c").Dot("IsText").Call()).Block(
				d.store(mixed)(jen.Id(mixed.Choice.Text).Call(jen.Id("c").Dot("Text").Call())), jen.Continue())
		}
		var order []string
		byLocal := map[string][]*model.Field{}
		for _, f := range d.e.Children() {
			if f == d.others || f.Kind == model.FieldNames || hasNames(f) {
				continue
			}
			if byLocal[f.Name.Local] == nil {
				order = append(order, f.Name.Local)
			}
			byLocal[f.Name.Local] = append(byLocal[f.Name.Local], f)
		}
		var cases []jen.Code
		for _, local := range order {
			var code []jen.Code
			for _, f := range byLocal[local] {
				code = append(code, d.child(f)...)
			}
			for _, f := range d.e.Choices() {
				for _, alt := range f.Choice.Open() {
					if alt.Name.Local == local {
						code = append(code, d.takeOther(f, alt))
					}
				}
			}
			if d.when != nil && d.when.Kind == model.FieldChild && d.when.Name.Local == local {
				code = append(code, d.whenChildCode())
			}
			cases = append(cases, jen.Case(jen.Lit(local)).Block(code...))
		}
		if w := d.when; w != nil && w.Kind == model.FieldChild && byLocal[w.Name.Local] == nil {
			cases = append(cases, jen.Case(jen.Lit(w.Name.Local)).Block(d.whenChildCode()))
		}
		if cases != nil {
			b.Switch(jen.Id("c").Dot("Local").Call()).Block(cases...)
		}
		for _, f := range d.e.Children() {
			if f.NamesEnum() != nil && !d.takesRest(f) {
				b.Add(d.namedChild(f))
			}
		}
		for _, f := range d.e.Children() {
			if f.NamesEnum() != nil && d.takesRest(f) {
				b.Add(d.namedChild(f))
			}
		}
		if f := d.e.Any(); f != nil {
			b.Add(assign(field(f.GoName), jen.Append(field(f.GoName), jen.Id("c").Dot("Raw").Call())))
			return
		}
		if mixed != nil {
			b.Add(d.store(mixed)(jen.Op("&").Id(mixed.Choice.Other).Values(jen.Id("c").Dot("Raw").Call())))
			return
		}
		b.Id("c").Dot("Keep").Call(extra())
	})
	if d.e.Text() == nil && mixed == nil {
		b.If(jen.Id("c").Dot("Stray").Call()).Block(jen.Id("r").Dot("KeepText").Call(extra()))
	}
}

// mixedStart makes, for mixed content:
//
//	c := r.Content()
//	if n := c.Size(); n > 0 {
//		v.Content = make([]Inline, 0, n)
//	}
//
// In the loop,
//
//	if c.IsText() {
//		v.Content = append(v.Content, InlineText(c.Text()))
//		continue
//	}
//
// takes text, and at its end what no case takes goes to the same field.
func (d *decoder) mixedStart(b *jen.Group, f *model.Field) {
	b.Id("c").Op(":=").Id("r").Dot("Content").Call()
	b.If(jen.Id("n").Op(":=").Id("c").Dot("Size").Call(), jen.Id("n").Op(">").Lit(0)).Block(
		assign(field(f.GoName), jen.Make(d.typeOf(f), literally("0"), jen.Id("n"))))
}

// in makes the condition that the child is in the namespace of the field.
func (d *decoder) in(f *model.Field) *jen.Statement {
	switch {
	case f.SameNS:
		return jen.Id("c").Dot("Same").Call()
	case f.Kind == model.FieldStanza:
		return jen.Id("c").Dot("In").Call(d.wire("NSClient"))
	}
	return jen.Id("c").Dot("In").Call(d.space(f.Namespace))
}

// first makes the condition that a field which takes one child has none yet (op is "=="), or that it has ("!="). It is nil
// for those that may have several.
func (d *decoder) first(f *model.Field, op string) *jen.Statement {
	switch choice := d.choices[f]; {
	case choice != nil && choice.Many:
		return nil
	case choice != nil:
		return field(choice.GoName).Op(op).Nil()
	case f.Many || f.Type.Scalar == model.LangText:
		return nil
	case f.Shape == model.Pointer:
		return field(f.GoName).Op(op).Nil()
	case f.Type.Scalar == model.Flag && op == "==":
		return jen.Op("!").Bool().Call(field(f.GoName))
	case f.Type.Scalar == model.Flag:
		return jen.Bool().Call(field(f.GoName))
	case f.Type.Scalar == model.Raw && op == "==":
		return field(f.GoName).Dot("IsZero").Call()
	case f.Type.Scalar == model.Raw:
		return jen.Op("!").Add(field(f.GoName)).Dot("IsZero").Call()
	case f.Kind == model.FieldNames:
		return field(f.GoName).Op(op).Lit("")
	}
	return d.was(f, op)
}

// child makes:
//
//	if c.Same() && v.Actor == nil {
//		...
//		continue
//	}
//
// and, where open content or a child named by an enum would take a second one:
//
//	if c.Same() {
//		if v.Actor != nil {
//			c.Keep(&v.Extra)
//			continue
//		}
//		...
//		continue
//	}
func (d *decoder) child(f *model.Field) []jen.Code {
	cond := d.in(f)
	if d.choices[f] != nil {
		cond = d.fitting(cond, f, jen.Id("c").Dot("Raw").Call())
	}
	return []jen.Code{d.once(f, cond, append(d.take(f), jen.Continue()))}
}

// once makes the statement around the code that takes a child if cond holds.
func (d *decoder) once(f *model.Field, cond *jen.Statement, code []jen.Code) jen.Code {
	switch first := d.first(f, "=="); {
	case first == nil:
	case d.catches:
		guard := jen.If(d.first(f, "!=")).Block(jen.Id("c").Dot("Keep").Call(extra()), jen.Continue())
		code = append([]jen.Code{guard}, code...)
	default:
		cond = cond.Op("&&").Add(first)
	}
	return jen.If(cond).Block(code...)
}

// room makes, before the first of several is appended:
//
//	if v.Items == nil {
//		v.Items = make([]Item, 0, c.Count())
//	}
func (d *decoder) room(f *model.Field) jen.Code {
	return jen.If(field(f.GoName).Op("==").Nil()).Block(
		assign(field(f.GoName), jen.Make(d.typeOf(f), literally("0"), jen.Id("c").Dot("Count").Call())))
}

// take makes the code that reads the child at the cursor.
//
//	v.Items = append(v.Items, Item{})
//	if err := v.Items[len(v.Items)-1].decodeXML(c.Raw()); err != nil {
//		return err
//	}
func (d *decoder) take(f *model.Field) []jen.Code {
	if choice := d.choices[f]; choice != nil {
		return d.takeAlternative(choice, f)
	}
	if isSimple(f) {
		return d.takeSimple(f)
	}
	var code []jen.Code
	into := field(f.GoName)
	switch f.Shape {
	case model.Pointer:
		code = append(code, assign(field(f.GoName), jen.New(d.one(f))))
	case model.Slice:
		if !hasNames(f) {
			code = append(code, d.room(f))
		}
		code = append(code, assign(field(f.GoName), jen.Append(field(f.GoName), d.one(f).Values())))
		into = field(f.GoName).Index(jen.Add(lenOf(f.GoName)).Op("-").Lit(1))
	default:
		code = append(code, d.mark(f))
	}
	name := "DecodeXML"
	if t := f.Type.Element; t != nil && t.Role == model.Nested {
		name = "decodeXML"
	}
	return append(code, check(into.Dot(name).Call(jen.Id("c").Dot("Raw").Call())))
}

// takeSimple makes the same for text: v.Reason = c.OptionalLeaf(&v.Extra, 4).
func (d *decoder) takeSimple(f *model.Field) []jen.Code {
	slot := func() jen.Code {
		if f.Shape == model.Slice {
			return d.slot(f.Index, lenOf(f.GoName))
		}
		return d.slot(f.Index, nil)
	}
	switch f.Type.Scalar {
	case model.Flag:
		return []jen.Code{
			assign(field(f.GoName), jen.True()),
			jen.Id("c").Dot("KeepBare").Call(extra(), slot()),
		}
	case model.LangText:
		call := d.stanza("DecodeText").Call(jen.Op("&").Id("c"), extra(), d.slot(f.Index, lenOf(f.GoName)))
		return []jen.Code{assign(field(f.GoName), jen.Append(field(f.GoName), call))}
	}
	if f.Type.Scalar == model.Raw {
		code := []jen.Code{d.store(f)(jen.Id("c").Dot("Raw").Call())}
		if f.Shape == model.Slice {
			code = append([]jen.Code{d.room(f)}, code...)
		}
		return code
	}
	leaf := "Leaf"
	if isText(f.Type) && f.Shape == model.Value && !f.Required {
		leaf = "OptionalLeaf"
	}
	var code []jen.Code
	if f.Shape == model.Slice {
		code = append(code, d.room(f))
	}
	if _, ok := d.bits[f]; ok {
		code = append(code, d.mark(f))
	}
	src := jen.Id("c").Dot(leaf).Call(extra(), slot())
	return append(code, d.decoded(f, src, slot(), d.store(f), func(reason jen.Code) jen.Code {
		return jen.Id("c").Dot("Invalid").Call(jen.Id("r"), reason)
	})...)
}

// takesRest reports whether a child whose name is a value takes the names that no enum knows.
func (d *decoder) takesRest(f *model.Field) bool { return d.e.Named(f.Name.Space)[0] == f }

// namedChild makes, behind the cases, so that it takes only what has no field, as child does:
//
//	if c.Same() {
//		...
//		c.KeepBare(&v.Extra, 3)
//		v.Condition = Condition(c.Local())
//		continue
//	}
//
// or, for a struct whose name is its value:
//
//	if c.In(NS) {
//		...
//		continue
//	}
//
// If another field of the namespace takes the names that no enum knows, the name has to be known: c.Same() && Condition(c.Local()).Known().
func (d *decoder) namedChild(f *model.Field) jen.Code {
	cond := d.in(f)
	if !d.takesRest(f) {
		cond = cond.Op("&&").Add(d.enum(f.NamesEnum())).Call(jen.Id("c").Dot("Local").Call()).Dot("Known").Call()
	}
	if f.Kind != model.FieldNames {
		return d.once(f, cond, append(d.take(f), jen.Continue()))
	}
	slot := d.slot(f.Index, nil)
	if f.Shape == model.Slice {
		slot = d.slot(f.Index, lenOf(f.GoName))
	}
	keep := jen.Id("c").Dot("KeepBare").Call(extra(), slot)
	store := d.store(f)(d.enum(f.Type.Enum).Call(jen.Id("c").Dot("Local").Call()))
	return d.once(f, cond, []jen.Code{keep, store, jen.Continue()})
}

// missing makes, at the end:
//
//	if seen&(1<<0) == 0 {
//		return r.MissingAttr("id")
//	}
func (d *decoder) missing(b *jen.Group) {
	fields := d.e.Fields
	if d.when != nil {
		fields = append([]*model.Field{d.when}, fields...)
	}
	for _, f := range fields {
		if f.Required && f.Choice != nil {
			d.missingChoice(b, f)
			continue
		}
		if !f.Required || !slices.Contains([]model.FieldKind{model.FieldAttr, model.FieldChild, model.FieldNames, model.FieldStanza}, f.Kind) {
			continue
		}
		name, method := f.Name.Local, "MissingChild"
		if f.Kind == model.FieldAttr {
			method = "MissingAttr"
			if f.Name.Space == model.XMLNamespace {
				name = "xml:" + name
			}
		}
		if name == "" {
			name = f.GoName
		}
		var cond *jen.Statement
		switch _, ok := d.bits[f]; {
		case ok:
			cond = d.was(f, "==")
		case f.Shape == model.Slice || f.Type.Scalar == model.LangText:
			cond = jen.Add(lenOf(f.GoName)).Op("==").Lit(0)
		case f.Type.Scalar == model.Raw:
			cond = field(f.GoName).Dot("IsZero").Call()
		default:
			cond = field(f.GoName).Op("==").Lit("")
		}
		b.If(cond).Block(jen.Return(jen.Id("r").Dot(method).Call(jen.Lit(name))))
	}
}

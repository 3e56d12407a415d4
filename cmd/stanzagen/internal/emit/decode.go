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
	// others is the field that takes children by name, or nil: the guard below keeps what has a field
	// away from it.
	others *model.Field
	// catches says that children which no case takes may belong to a field nevertheless.
	catches bool
	// own says that all children are in the namespace of the struct.
	own bool
}

// at makes d.name.
func at(name string) *jen.Statement { return jen.Id("d").Dot(name) }

// decodeFunc makes:
//
//	// DecodeXML reads the element into v, which should be zero.
//	func (v *Info) DecodeXML(r wire.Raw) error {
//		var d wire.Decoder
//		d.Open(r, NS, "query")
//		...
//		return d.End(&v.Extra)
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
	d.own = !d.catches && d.when == nil && e.Mixed() == nil
	for _, f := range e.Children() {
		d.own = d.own && f.SameNS
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
		return !isOptionalLeaf(f)
	}
	return false
}

// isOptionalLeaf reports whether a child is one whose text Go has as a string, "" if there is none.
func isOptionalLeaf(f *model.Field) bool {
	return f.Kind == model.FieldChild && isSimple(f) && isText(f.Type) && f.Shape == model.Value && !f.Required && f.Fixed == nil
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
	b.Var().Id("d").Add(d.wire("Decoder"))
	switch {
	case d.e.Role == model.Nested:
		b.Add(at("Enter").Call(jen.Id("r")))
	case d.e.Names != nil:
		b.Add(at("OpenIn").Call(jen.Id("r"), d.space(d.e.Namespace)))
	default:
		b.Add(at("Open").Call(jen.Id("r"), d.space(d.e.Namespace), jen.Lit(d.e.Local)))
	}
	if f := d.e.NameField(); f != nil {
		b.Add(assign(field(f.GoName), d.enum(f.Type.Enum).Call(at("Name").Call())))
	}
	for i := 0; i*64 < len(d.bits); i++ {
		b.Var().Id(seenWord(i)).Uint64()
	}
	d.attrs(b)
	d.text(b)
	d.children(b)
	d.missing(b)
	b.Return(at("End").Call(extra()))
}

// attrs makes:
//
//	for {
//		name := d.Attr()
//		if name == "" {
//			break
//		}
//		switch name {
//		case "node":
//			d.Optional(&v.Node)
//		default:
//			d.KeepAttr()
//		}
//	}
//
// and where there are attributes of other namespaces, which have no name that Attr could return:
//
//	for d.AnyAttr() {
//		switch d.AttrName() {
//		...
//		case "":
//			switch d.Expanded() {
//
// A struct without attributes leaves them to what comes next.
func (d *decoder) attrs(b *jen.Group) {
	keep := at("KeepAttr").Call()
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
	switch {
	case foreign != nil:
		foreign = append(foreign, jen.Default().Block(keep.Clone()))
		cases = append(cases, jen.Case(jen.Lit("")).Block(jen.Switch(at("Expanded").Call()).Block(foreign...)))
		b.For(at("AnyAttr").Call()).Block(jen.Switch(at("AttrName").Call()).Block(append(cases, jen.Default().Block(keep))...))
	case cases != nil:
		b.For().Block(append(next("Attr"), jen.Switch(jen.Id("name")).Block(append(cases, jen.Default().Block(keep))...))...)
	}
}

// next makes:
//
//	name := d.Attr()
//	if name == "" {
//		break
//	}
func next(method string) []jen.Code {
	return []jen.Code{
		jen.Id("name").Op(":=").Add(at(method).Call()),
		jen.If(jen.Id("name").Op("==").Lit("")).Block(jen.Break()),
	}
}

// attr makes the code for one attribute.
func (d *decoder) attr(f *model.Field) []jen.Code {
	var code []jen.Code
	switch {
	case !isText(f.Type) || f.Shape != model.Value || f.Fixed != nil && f.Required:
		code = d.decoded(f, at("Value").Call(), d.slot(f.Index, nil))
	case f.Required:
		code = []jen.Code{at("String").Call(d.asText(f))}
	default:
		code = []jen.Code{at("Optional").Call(d.asText(f))}
		if isForeign(f) {
			code = []jen.Code{at("OptionalSpelled").Call(d.asText(f), d.slot(f.Index, nil))}
		}
		if f.Fixed != nil {
			code = append(code, jen.If(field(f.GoName).Op("!=").Add(d.fixed(f))).Block(invalid("is not "+f.Fixed.Text)))
		}
	}
	if f.Required {
		code = append(code, d.mark(f))
	}
	return code
}

// asText makes &v.Node, or (*string)(&v.Role) of an enum.
func (d *decoder) asText(f *model.Field) jen.Code {
	p := jen.Op("&").Add(field(f.GoName))
	if f.Type.Enum != nil {
		return jen.Parens(jen.Op("*").String()).Call(p)
	}
	return p
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
//	v.Value = d.Text()
//
// and for other types:
//
//	if d.HasText() {
//		v.Value = wire.Ptr(uint32(d.Uint(32, 0)))
//	}
//
// Required text makes an error of the empty one, except that binary data may have no bytes.
func (d *decoder) text(b *jen.Group) {
	f := d.e.Text()
	if f == nil {
		return
	}
	binary := base(f.Type) == model.Base64 || base(f.Type) == model.Hex
	if isText(f.Type) && f.Fixed == nil {
		b.Add(d.decoded(f, at("Text").Call(), nil)[0])
		if f.Required {
			b.If(field(f.GoName).Op("==").Lit("")).Block(invalid("has no text"))
		}
		return
	}
	code := d.decoded(f, at("Source").Call(literally("0")), d.slot(f.Index, nil))
	switch {
	case !f.Required:
		b.If(at("HasText").Call()).Block(code...)
	case binary:
		b.Add(at("HasText").Call())
		for _, c := range code {
			b.Add(c)
		}
	default:
		b.If(jen.Op("!").Add(at("HasText").Call())).Block(invalid("has no text")).Else().Block(code...)
	}
}

// children makes:
//
//	for {
//		name := d.Own()
//		if name == "" {
//			break
//		}
//		switch name {
//		case "identity":
//			...
//		}
//		d.Keep()
//	}
//
// A case that takes the child goes on with the next one. A struct without children leaves them to the end.
func (d *decoder) children(b *jen.Group) {
	mixed := d.e.Mixed()
	whenChild := d.when != nil && d.when.Kind == model.FieldChild
	if mixed == nil && !whenChild && d.e.Any() == nil && len(d.e.Children()) == 0 {
		return
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
					code = append(code, d.takeOther(f, alt)...)
				}
			}
		}
		if whenChild && d.when.Name.Local == local {
			code = append(code, d.whenChildCode()...)
		}
		cases = append(cases, jen.Case(jen.Lit(local)).Block(code...))
	}
	if whenChild && byLocal[d.when.Name.Local] == nil {
		cases = append(cases, jen.Case(jen.Lit(d.when.Name.Local)).Block(d.whenChildCode()...))
	}
	var code []jen.Code
	if cases != nil && mixed == nil {
		code = append(code, jen.Switch(jen.Id("name")).Block(cases...))
	} else if cases != nil {
		code = append(code, jen.Switch(at("Local").Call()).Block(cases...))
	}
	for _, f := range d.e.Children() {
		if f.NamesEnum() != nil && !d.takesRest(f) {
			code = append(code, d.namedChild(f)...)
		}
	}
	for _, f := range d.e.Children() {
		if f.NamesEnum() != nil && d.takesRest(f) {
			code = append(code, d.namedChild(f)...)
		}
	}
	switch f := d.e.Any(); {
	case f != nil:
		code = append(code, assign(field(f.GoName), jen.Append(field(f.GoName), at("Raw").Call())))
	case mixed != nil:
		code = append(code, d.store(mixed)(jen.Op("&").Id(mixed.Choice.Other).Values(at("Raw").Call())))
	default:
		code = append(code, at("Keep").Call())
	}
	switch {
	case mixed != nil:
		d.mixedStart(b, mixed)
		text := jen.If(at("IsText").Call()).Block(
			d.store(mixed)(jen.Id(mixed.Choice.Text).Call(at("PartText").Call())), jen.Continue())
		b.For(at("Part").Call()).Block(append([]jen.Code{text}, code...)...)
	case cases == nil:
		b.For(at("Child").Call().Op("!=").Lit("")).Block(code...)
	case d.own:
		b.For().Block(append(next("Own"), code...)...)
	default:
		b.For().Block(append(next("Child"), code...)...)
	}
}

// mixedStart makes, for mixed content:
//
//	if n := d.Parts(); n > 0 {
//		v.Content = make([]Inline, 0, n)
//	}
//
// In the loop,
//
//	if d.IsText() {
//		v.Content = append(v.Content, InlineText(d.PartText()))
//		continue
//	}
//
// takes text, and at its end what no case takes goes to the same field.
func (d *decoder) mixedStart(b *jen.Group, f *model.Field) {
	b.If(jen.Id("n").Op(":=").Add(at("Parts").Call()), jen.Id("n").Op(">").Lit(0)).Block(
		assign(field(f.GoName), jen.Make(d.typeOf(f), literally("0"), jen.Id("n"))))
}

// in makes the condition that the child is in the namespace of the field; nil if there are no others.
func (d *decoder) in(f *model.Field) *jen.Statement {
	switch {
	case d.own:
		return nil
	case f.SameNS:
		return at("Same").Call()
	case f.Kind == model.FieldStanza:
		return at("In").Call(d.wire("NSClient"))
	}
	return at("In").Call(d.space(f.Namespace))
}

// and joins two conditions, of which either may be nil.
func and(a, b *jen.Statement) *jen.Statement {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return a.Op("&&").Add(b)
}

// first makes the condition that a field which takes one child has none yet (op is "=="), or that it has ("!="). It is nil
// for those that may have several.
func (d *decoder) first(f *model.Field, op string) *jen.Statement {
	switch choice := d.choices[f]; {
	case choice != nil && choice.Many:
		return nil
	case choice != nil:
		return field(choice.GoName).Op(op).Nil()
	case f.Many || f.Type.Scalar == model.LangText || f.Type.Scalar == model.Flag:
		return nil
	case f.Shape == model.Pointer:
		return field(f.GoName).Op(op).Nil()
	case f.Type.Scalar == model.Raw && op == "==":
		return field(f.GoName).Dot("IsZero").Call()
	case f.Type.Scalar == model.Raw:
		return jen.Op("!").Add(field(f.GoName)).Dot("IsZero").Call()
	case f.Kind == model.FieldNames:
		return field(f.GoName).Op(op).Lit("")
	case isOptionalLeaf(f):
		return nil // the decoder looks
	}
	return d.was(f, op)
}

// child makes:
//
//	if v.Actor == nil {
//		...
//		continue
//	}
//
// and, where open content or a child named by an enum would take a second one:
//
//	if d.Same() {
//		if v.Actor != nil {
//			d.Keep()
//			continue
//		}
//		...
//		continue
//	}
func (d *decoder) child(f *model.Field) []jen.Code {
	cond := d.in(f)
	if d.choices[f] != nil {
		cond = d.fitting(cond, f, at("Raw").Call())
	}
	return d.once(f, cond, d.taken(f))
}

// taken makes the code that takes a child and goes on with the next one.
func (d *decoder) taken(f *model.Field) []jen.Code {
	if f.Shape == model.Slice && d.choices[f] == nil && !isSimple(f) {
		return d.another(f, decodeName(f))
	}
	return append(d.take(f), jen.Continue())
}

func decodeName(f *model.Field) string {
	if t := f.Type.Element; t != nil && t.Role == model.Nested {
		return "decodeXML"
	}
	return "DecodeXML"
}

// once makes the statement around the code that takes a child if cond holds, for the first one; none if there is no condition.
func (d *decoder) once(f *model.Field, cond *jen.Statement, code []jen.Code) []jen.Code {
	switch first := d.first(f, "=="); {
	case first == nil:
	case d.catches:
		guard := jen.If(d.first(f, "!=")).Block(at("Keep").Call(), jen.Continue())
		code = append([]jen.Code{guard}, code...)
	default:
		cond = and(cond, first)
	}
	if cond == nil {
		return code
	}
	return []jen.Code{jen.If(cond).Block(code...)}
}

// room makes, before the first of several is appended:
//
//	if v.Items == nil {
//		v.Items = make([]Item, 0, d.Count())
//	}
func (d *decoder) room(f *model.Field) jen.Code {
	return jen.If(field(f.GoName).Op("==").Nil()).Block(
		assign(field(f.GoName), jen.Make(d.typeOf(f), literally("0"), at("Count").Call())))
}

// another makes, for one more struct:
//
//	if v.Items == nil {
//		v.Items = make([]Item, 0, d.Count())
//	}
//	if len(v.Items) < cap(v.Items) {
//		v.Items = v.Items[:len(v.Items)+1]
//		if err := v.Items[len(v.Items)-1].decodeXML(d.Raw()); err != nil {
//			return err
//		}
//		continue
//	}
//
// There is room for all of them if the slice was nil to begin with, as it should.
func (d *decoder) another(f *model.Field, name string) []jen.Code {
	n := func() *jen.Statement { return jen.Add(lenOf(f.GoName)) }
	count := at("Count").Call()
	if hasNames(f) {
		count = at("Rest").Call()
	}
	into := field(f.GoName).Index(n().Op("-").Lit(1))
	return []jen.Code{
		jen.If(field(f.GoName).Op("==").Nil()).Block(assign(field(f.GoName), jen.Make(d.typeOf(f), literally("0"), count))),
		jen.If(n().Op("<").Cap(field(f.GoName))).Block(
			assign(field(f.GoName), field(f.GoName).Index(jen.Empty(), n().Op("+").Lit(1))),
			check(into.Dot(name).Call(at("Raw").Call())),
			jen.Continue(),
		),
	}
}

// take makes the code that reads the child at the cursor.
//
//	v.Actor = new(Actor)
//	if err := v.Actor.decodeXML(d.Raw()); err != nil {
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
	if f.Shape == model.Pointer {
		code = append(code, assign(field(f.GoName), jen.New(d.one(f))))
	} else {
		code = append(code, d.mark(f))
	}
	return append(code, check(field(f.GoName).Dot(decodeName(f)).Call(at("Raw").Call())))
}

// takeSimple makes the same for text: d.OptionalLeaf(&v.Reason, 4).
func (d *decoder) takeSimple(f *model.Field) []jen.Code {
	slot := d.slot(f.Index, nil)
	switch f.Type.Scalar {
	case model.Flag:
		return []jen.Code{at("Flag").Call(jen.Parens(jen.Op("*").Bool()).Call(jen.Op("&").Add(field(f.GoName))), slot)}
	case model.LangText:
		return []jen.Code{d.stanza("ReadText").Call(jen.Op("&").Id("d"), jen.Op("&").Add(field(f.GoName)), slot)}
	case model.Raw:
		code := []jen.Code{d.store(f)(at("Raw").Call())}
		if f.Shape == model.Slice {
			code = append([]jen.Code{d.room(f)}, code...)
		}
		return code
	}
	if isOptionalLeaf(f) {
		return []jen.Code{at("OptionalLeaf").Call(d.asText(f), slot)}
	}
	var code []jen.Code
	if f.Shape == model.Slice {
		if f.Type.Scalar != 0 && isText(f.Type) && f.Fixed == nil {
			return []jen.Code{at("Strings").Call(jen.Op("&").Add(field(f.GoName)), slot)}
		}
		code = append(code, d.room(f))
		slot = d.slot(f.Index, lenOf(f.GoName))
	}
	if _, ok := d.bits[f]; ok {
		code = append(code, d.mark(f))
	}
	if isText(f.Type) && f.Shape == model.Value && f.Fixed == nil {
		return append(code, at("Leaf").Call(d.asText(f), slot))
	}
	return append(code, d.decoded(f, at("LeafText").Call(slot), slot)...)
}

// takesRest reports whether a child whose name is a value takes the names that no enum knows.
func (d *decoder) takesRest(f *model.Field) bool { return d.e.Named(f.Name.Space)[0] == f }

// namedChild makes, behind the cases, so that it takes only what has no field, as child does:
//
//	if d.Same() {
//		...
//		d.KeepBare(3)
//		v.Condition = Condition(d.Local())
//		continue
//	}
//
// or, for a struct whose name is its value:
//
//	if d.In(NS) {
//		...
//		continue
//	}
//
// If another field of the namespace takes the names that no enum knows, the name has to be known: d.Same() && Condition(d.Local()).Known().
func (d *decoder) namedChild(f *model.Field) []jen.Code {
	cond := d.in(f)
	if !d.takesRest(f) {
		cond = cond.Op("&&").Add(d.enum(f.NamesEnum())).Call(at("Local").Call()).Dot("Known").Call()
	}
	if f.Kind != model.FieldNames {
		return d.once(f, cond, d.taken(f))
	}
	slot := d.slot(f.Index, nil)
	if f.Shape == model.Slice {
		slot = d.slot(f.Index, lenOf(f.GoName))
	}
	keep := at("KeepBare").Call(slot)
	store := d.store(f)(d.enum(f.Type.Enum).Call(at("Local").Call()))
	return d.once(f, cond, []jen.Code{keep, store, jen.Continue()})
}

// missing makes, at the end:
//
//	if seen&(1<<0) == 0 {
//		d.MissingAttr("id")
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
		b.If(cond).Block(at(method).Call(jen.Lit(name)))
	}
}

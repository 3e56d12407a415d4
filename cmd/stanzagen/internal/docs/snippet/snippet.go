package snippet

import (
	"errors"
	"fmt"
	"go/format"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// Snippet is Go code for an example or for an element.
type Snippet struct {
	// Imports are the packages that the code needs, each as it stands in an import declaration.
	Imports []string
	// Code is what to show: statements in a function that has a ctx and, for what is sent, a session.
	Code string
	// Body is Code as the body of a func(ctx context.Context, session *xmpp.Session) error: what Code leaves unused, or
	// open, is used and closed here.
	Body string
	// Value is the body of a func() (stanza.Payload, error) that returns what Code makes: a stanza, or the payload alone
	// if OfIQ is set. It is empty where Code makes nothing.
	Value string
	// OfIQ says that Value is the payload of an IQ.
	OfIQ bool
	// Structs and Enums are the types that the code makes values of, each once, in the order in which they are met.
	Structs []*model.Element
	Enums   []*model.Enum
	Forms   []*model.Form
	// Types are the types of the elements of the example, in the order of their start tags; nil for those that have none.
	Types []*model.Element
}

// ErrBeyond is in the error for an example that is legal and has what no literal says.
var ErrBeyond = errors.New("snippet: more than a literal can say")

// Library knows which types elements have, and which requests have which answers.
type Library struct {
	byName map[model.Name][]*model.Element
	asked  map[*model.Element]*model.Query
	forms  map[string][]*model.Form
}

// NewLibrary makes the library of all elements of the packages.
func NewLibrary(packages []*model.Package) *Library {
	lib := &Library{
		map[model.Name][]*model.Element{}, map[*model.Element]*model.Query{}, map[string][]*model.Form{},
	}
	for _, p := range packages {
		for _, e := range p.Structs {
			switch {
			case e.Role != model.Payload:
			case e.Names != nil:
				for _, v := range e.Names.Values {
					name := model.Name{Space: e.Namespace.URI, Local: v.Value.Text}
					lib.byName[name] = append(lib.byName[name], e)
				}
			default:
				name := model.Name{Space: e.Namespace.URI, Local: e.Local}
				lib.byName[name] = append(lib.byName[name], e)
			}
		}
		for _, f := range p.Forms {
			lib.forms[f.FormType] = append(lib.forms[f.FormType], f)
		}
		for _, q := range p.Queries {
			if q.Result != nil && lib.asked[q.Result] == nil {
				lib.asked[q.Result] = q
			}
		}
	}
	return lib
}

// writer begins a snippet of a package.
func (lib *Library) writer(own *model.Package) *writer {
	return &writer{lib: lib, own: own, imports: map[string]string{}, names: map[string]int{}, typeOf: map[*node]*model.Element{}}
}

// find returns the type of an element, one of package own if there is one; in an IQ request that of the request.
func (lib *Library) find(n *node, iqType string, own *model.Package) *model.Element {
	var found *model.Element
	for _, e := range lib.byName[n.name] {
		switch {
		case !n.is(e.When):
		case found == nil, e.Package == own && found.Package != own, found.When == nil && e.When != nil:
			found = e
		}
	}
	if found != nil {
		for _, q := range found.Queries {
			if q.IQType == iqType && q.Request != nil && n.is(q.Request.When) {
				return q.Request
			}
		}
	}
	return found
}

// Example writes the code that makes an example of package p. It fails for what no literal can say, such as an element of
// open content that leans on the declarations around it.
func (lib *Library) Example(p *model.Package, e *model.Example) (*Snippet, error) {
	n, err := parse(e.XML)
	if err != nil {
		return nil, err
	}
	w := lib.writer(p)
	w.root = n
	switch {
	case e.Stanza == "iq" && len(n.children) == 1 && e.IQType != "error":
		return w.iqExample(p, n)
	case e.Stanza != "":
		return w.stanzaExample(p, n)
	}
	x, err := w.payload(n, "", p)
	if err != nil {
		return nil, err
	}
	v := w.variable("v")
	return w.finish(v+" := "+x.String(), "_ = "+v+"\nreturn nil", w.value(x), false)
}

// value makes the body of Snippet.Value.
func (w *writer) value(x expr) string {
	return w.prelude("return nil, err") + "return " + x.String() + ", nil"
}

// stanzaExample sends a stanza.
func (w *writer) stanzaExample(p *model.Package, n *node) (*Snippet, error) {
	x, err := w.composed(n, p, true)
	if err != nil {
		return nil, err
	}
	return w.finish("return session.Send(ctx, "+x.text+")", "", w.value(x), false)
}

// iqExample calls, or answers a call.
func (w *writer) iqExample(p *model.Package, n *node) (*Snippet, error) {
	iqType := n.attr("type")
	e := w.lib.find(n.children[0], iqType, p)
	switch {
	case e == nil:
		return w.stanzaExample(p, n)
	case e.Query != nil && e.Query.IQType == iqType:
		return w.call(p, n, e.Query)
	case iqType == "result" && w.lib.asked[e] != nil:
		return w.answer(p, n, w.lib.asked[e])
	}
	return w.stanzaExample(p, n)
}

// call makes
//
//	to := jid.MustParse("illyria.example")
//	answer, err := xmpp.Call(ctx, session, to, &version.Query{}) // a *version.Info
func (w *writer) call(p *model.Package, n *node, q *model.Query) (*Snippet, error) {
	x, err := w.payload(n.children[0], q.IQType, p)
	if err != nil {
		return nil, err
	}
	value := w.value(x)
	w.use(xmppPath)
	w.use(model.JIDPath)
	to := "jid.JID{}"
	if t := n.attr("to"); t != "" {
		to = w.variable("to")
		w.before = append(w.before, statement{code: to + " := jid.MustParse(" + quote(t) + ")"})
	}
	code := fmt.Sprintf("xmpp.Call(ctx, session, %s, %s)", to, x)
	if q.Result == nil {
		return w.finish("if _, err := "+code+"; err != nil {\nreturn err\n}", "return nil", value, true)
	}
	code = "answer, err := " + code + " // a *" + w.mention(q.Result)
	return w.finish(code, "_ = answer\nreturn err", value, true)
}

// answer makes
//
//	xmpp.OnIQ(func(ctx context.Context, iq *stanza.IQ, q *version.Query) (*version.Info, error) {
//		return &version.Info{...}, nil
//	})
func (w *writer) answer(p *model.Package, n *node, q *model.Query) (*Snippet, error) {
	x, err := w.payload(n.children[0], "result", p)
	if err != nil {
		return nil, err
	}
	value := w.value(x)
	before := w.prelude("return nil, err")
	w.before = nil
	code := w.handler(q, before+"return "+x.String()+", nil")
	return w.finish(code, "_ = mux\nreturn nil", value, true)
}

// handler writes a handler of requests.
func (w *writer) handler(q *model.Query, body string) string {
	w.use("context")
	w.use(xmppPath)
	w.use(model.StanzaPath)
	result := "stanza.Empty"
	if q.Result != nil {
		result = w.name(q.Result.Package, q.Result.GoName)
	}
	return fmt.Sprintf("mux := xmpp.NewMux(\nxmpp.OnIQ(func(ctx context.Context, iq *stanza.IQ, q *%s) (*%s, error) {\n%s\n}),\n)",
		w.name(q.Request.Package, q.Request.GoName), result, body)
}

// mention names a type in a comment, which needs no import.
func (w *writer) mention(e *model.Element) string { return e.Package.Name + "." + e.GoName }

// Handler writes the registration of a handler for an element of the top level, or for a request; nil for elements that
// stand in no stanza.
func (lib *Library) Handler(e *model.Element) *Snippet {
	w := lib.writer(e.Package)
	code := ""
	routes := ""
	for _, place := range []struct {
		bit            model.Places
		function, name string
		typ            string
	}{{model.InMessage, "OnMessage", "m", "Message"}, {model.InPresence, "OnPresence", "p", "Presence"}} {
		if e.In&place.bit != 0 {
			routes += fmt.Sprintf("xmpp.%s(func(ctx context.Context, %s *stanza.%s, v *%s) error {\nreturn nil\n}),\n",
				place.function, place.name, place.typ, w.name(e.Package, e.GoName))
		}
	}
	switch {
	case e.Role == model.Nested:
		return nil
	case e.Query != nil && e.Query.Request == e:
		code = w.handler(e.Query, "return nil, stanza.FeatureNotImplemented")
	case routes != "":
		code = "mux := xmpp.NewMux(\n" + routes + ")"
	default:
		return nil
	}
	for _, p := range []string{"context", xmppPath, model.StanzaPath} {
		w.use(p)
	}
	s, err := w.finish(code, "_ = mux\nreturn nil", "", false)
	if err != nil {
		return nil
	}
	return s
}

// finish formats the code.
func (w *writer) finish(last, tail, value string, ofIQ bool) (*Snippet, error) {
	code, err := gofmt(w.prelude("return err") + last)
	if err != nil {
		return nil, err
	}
	body := code
	if tail != "" {
		body += "\n" + tail
	}
	var types []*model.Element
	if w.root != nil {
		w.root.walk(func(n *node) { types = append(types, w.typeOf[n]) })
	}
	return &Snippet{Types: types, Imports: w.importLines(), Code: code, Body: body, Value: value, OfIQ: ofIQ, Structs: w.structs, Enums: w.enums, Forms: w.forms}, nil
}

// gofmt formats statements.
func gofmt(code string) (string, error) {
	b, err := format.Source([]byte(code))
	if err != nil {
		return "", fmt.Errorf("%w in:\n%s", err, code)
	}
	return strings.TrimSpace(string(b)), nil
}

package snippet

import (
	"fmt"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// nsErrors is the namespace of the conditions of stanza errors.
const nsErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"

// constants are the names in package stanza of values of the attribute `type` and of <show/>.
func constants(kind string) map[string]string {
	switch kind {
	case "message":
		return map[string]string{"normal": "Normal", "chat": "Chat", "groupchat": "Groupchat", "headline": "Headline", "error": "MessageError"}
	case "presence":
		return map[string]string{
			"unavailable": "Unavailable", "subscribe": "Subscribe", "subscribed": "Subscribed", "unsubscribe": "Unsubscribe",
			"unsubscribed": "Unsubscribed", "probe": "Probe", "error": "PresenceError",
		}
	case "iq":
		return map[string]string{"get": "Get", "set": "Set", "result": "Result", "error": "IQError"}
	case "show":
		return map[string]string{"away": "Away", "chat": "FreeToChat", "dnd": "DoNotDisturb", "xa": "ExtendedAway"}
	case "error":
		return map[string]string{"auth": "Auth", "cancel": "Cancel", "continue": "Continue", "modify": "Modify", "wait": "Wait"}
	}
	return nil
}

// stanza writes a whole stanza, and its payloads apart, which are to be added to it.
func (w *writer) stanza(n *node, own *model.Package) (x expr, payloads []expr, err error) {
	w.use(model.StanzaPath)
	kind := n.name.Local
	x = expr{text: "&stanza." + stanzaType(kind), composite: true}
	set := func(field string, v expr) { x.members = append(x.members, member{field, v}) }
	if err := w.envelope(n, kind, set); err != nil {
		return x, nil, err
	}
	texts := map[string][]expr{}
	for _, c := range n.children {
		plainChild := c.name.Space == n.name.Space
		field := map[string]string{"message/subject": "Subject", "message/body": "Body", "presence/status": "Status"}[kind+"/"+c.name.Local]
		switch {
		case plainChild && field != "":
			texts[field] = append(texts[field], langText(c))
		case plainChild && kind == "message" && c.name.Local == "thread":
			t := expr{text: "stanza.Thread", composite: true, members: []member{{"ID", plain(quote(c.text))}}}
			if parent := c.attr("parent"); parent != "" {
				t.members = append(t.members, member{"Parent", plain(quote(parent))})
			}
			set("Thread", t)
		case plainChild && kind == "presence" && c.name.Local == "show":
			set("Show", w.constant("show", c.text))
		case plainChild && kind == "presence" && c.name.Local == "priority":
			set("Priority", plain(strings.TrimSpace(c.text)))
		case plainChild && c.name.Local == "error" && n.attr("type") == "error":
			e, err := w.failure(c, own)
			if err != nil {
				return x, nil, err
			}
			set("Err", e)
		default:
			p, err := w.payload(c, n.attr("type"), own)
			if err != nil {
				return x, nil, err
			}
			payloads = append(payloads, p)
		}
	}
	for _, field := range []string{"Subject", "Body", "Status"} {
		if texts[field] != nil {
			set(field, w.text(texts[field]))
		}
	}
	return x, payloads, nil
}

// envelope writes the attributes that all stanzas have.
func (w *writer) envelope(n *node, kind string, set func(string, expr)) error {
	fields := map[model.Name]string{
		{Local: "id"}: "ID", {Local: "to"}: "To", {Local: "from"}: "From", {Local: "type"}: "Type",
		{Space: model.XMLNamespace, Local: "lang"}: "Lang",
	}
	for _, a := range n.attrs {
		field := fields[a.name]
		switch field {
		case "":
			return fmt.Errorf("<%s/> has no attribute %s", kind, a.name.Local)
		case "To", "From":
			w.use(model.JIDPath)
			set(field, plain("jid.MustParse("+quote(a.value)+")"))
		case "Type":
			set(field, w.constant(kind, a.value))
		default:
			set(field, plain(quote(a.value)))
		}
	}
	return nil
}

// constant writes a value that package stanza has a name for.
func (w *writer) constant(kind, value string) expr {
	if name := constants(kind)[strings.TrimSpace(value)]; name != "" {
		return plain("stanza." + name)
	}
	return plain(quote(value))
}

// failure writes a stanza error: one with payloads of its own, such as a condition of an application, as a variable.
func (w *writer) failure(n *node, own *model.Package) (expr, error) {
	x := expr{text: "&stanza.Error", composite: true}
	var payloads []expr
	if t := n.attr("type"); t != "" {
		x.members = append(x.members, member{"Type", w.constant("error", t)})
	}
	var texts []expr
	for _, c := range n.children {
		switch {
		case c.name == model.Name{Space: nsErrors, Local: "text"}:
			texts = append(texts, langText(c))
		case c.name.Space == nsErrors:
			x.members = append(x.members, member{"Condition", plain("stanza." + model.CamelCase(c.name.Local))})
			if c.text != "" {
				x.members = append(x.members, member{"URI", plain(quote(c.text))})
			}
		default:
			p, err := w.payload(c, "", own)
			if err != nil {
				return x, err
			}
			payloads = append(payloads, p)
		}
	}
	if texts != nil {
		x.members = append(x.members, member{"Text", w.text(texts)})
	}
	if payloads == nil {
		return x, nil
	}
	return w.filled("e", x, payloads), nil
}

// filled makes a variable of a value to which payloads are added, and names it.
func (w *writer) filled(name string, x expr, payloads []expr) expr {
	name = w.variable(name)
	w.before = append(w.before, statement{code: name + " := " + x.String()})
	if len(payloads) > 0 {
		var list []string
		for _, p := range payloads {
			list = append(list, p.String())
		}
		w.before = append(w.before, statement{code: name + ".Add(" + strings.Join(list, ", ") + ")"})
	}
	return plain(name)
}

// payload writes a child of a stanza: as its generated type if there is one, or else as an element.
func (w *writer) payload(n *node, iqType string, own *model.Package) (expr, error) {
	e := w.lib.find(n, iqType, own)
	if e == nil {
		return w.raw(n)
	}
	return w.element(e, n, "&"+w.name(e.Package, e.GoName))
}

// composed makes a variable of a stanza with payloads, before the expression, and names it. A stanza without any needs no variable
// unless it is asked for.
func (w *writer) composed(n *node, own *model.Package, variable bool) (expr, error) {
	x, payloads, err := w.stanza(n, own)
	if err != nil || len(payloads) == 0 && !variable {
		return x, err
	}
	return w.filled(map[string]string{"message": "m", "presence": "p", "iq": "iq"}[n.name.Local], x, payloads), nil
}

// inner writes a stanza that is a child of a payload.
func (w *writer) inner(f *model.Field, n *node) (expr, error) {
	x, err := w.composed(n, f.Parent.Package, false)
	if err != nil || f.Shape == model.Pointer {
		return x, err
	}
	if x.composite {
		if f.Shape == model.Slice {
			x.text = ""
		} else {
			x.text = strings.TrimPrefix(x.text, "&")
		}
		return x, nil
	}
	return plain("*" + x.text), nil
}

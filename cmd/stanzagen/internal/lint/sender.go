package lint

import (
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// senderRules are about who may send what.
func senderRules() []Rule {
	return []Rule{
		{
			Code: "sender-forgeable", Summary: "an element carries a whole stanza and may be sent by anybody", check: (*run).forgeable,
			Doc: "A message that brings another one along (carbons, archives, delegation) is believed by whoever unwraps it. If anybody may send it, anybody may " +
				"put words into anybody's mouth (CVE-2017-5589). `sender` says who may; the runtime then refuses the others.",
		},
		{
			Code: "sender-useless", Summary: "a sender rule stands on what nobody sends in a stanza", Severity: source.Warning, check: (*run).useless,
			Doc: "Sender rules hold for payloads of messages, presences and IQs. Elements of the stream come from the server in any case, and elements inside of " +
				"others are as good as what they stand in.",
		},
		{
			Code: "sender-odd", Summary: "a sender rule does not fit where the element stands", Severity: source.Warning, check: (*run).odd,
			Doc: "`queried` is for what an archive or a service sends as messages while a query is under way, and `room` for what rooms add to messages and " +
				"presences. On other elements they would refuse what is legitimate.",
		},
	}
}

func (r *run) forgeable() {
	for _, e := range r.Package.Structs {
		if e.Role != model.Payload || e.Sender != model.SenderAny || e.In&(model.InMessage|model.InPresence) == 0 {
			continue
		}
		if f := carries(e, map[*model.Element]bool{}); f != nil {
			r.found(e.GoName, e.Pos, "element %s carries a %s that its recipient may believe, but anybody may send it", e.GoName, f.Type.Stanza).
				Hintf("add `sender:`, or say with `ignore` why it may come from anybody")
		}
	}
}

// carries returns the field inside of e, at any depth, that is a whole stanza.
func carries(e *model.Element, seen map[*model.Element]bool) *model.Field {
	seen[e] = true
	for _, f := range e.Parts() {
		if f.Kind == model.FieldStanza {
			return f
		}
		if t := f.Type.Element; t != nil && !seen[t] {
			if inner := carries(t, seen); inner != nil {
				return inner
			}
		}
	}
	return nil
}

func (r *run) useless() {
	for _, e := range r.Package.Structs {
		if e.Role == model.Payload && e.Sender != model.SenderAny && e.In&(model.InMessage|model.InPresence|model.InIQ) == 0 {
			r.found(e.GoName, e.Pos, "element %s has a sender rule, but stands in no stanza", e.GoName)
		}
	}
}

func (r *run) odd() {
	for _, e := range r.Package.Structs {
		if e.Role != model.Payload {
			continue
		}
		switch {
		case e.Sender == model.SenderQueried && e.In&model.InMessage == 0:
			r.found(e.GoName, e.Pos, "element %s is for those who were queried, but stands in no message", e.GoName)
		case e.Sender == model.SenderRoom && e.In&(model.InMessage|model.InPresence) == 0:
			r.found(e.GoName, e.Pos, "element %s is for rooms, but stands in no message or presence", e.GoName)
		}
	}
}

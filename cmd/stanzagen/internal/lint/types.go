package lint

import (
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/source"
)

// typeRules are about types that look wrong.
func typeRules() []Rule {
	return []Rule{
		{
			Code: "type-guess", Summary: "a field is a string, but its name says that it is an address, a time or a number", Severity: source.Warning, check: (*run).guess,
			Doc: "A typed field is checked when it is decoded, and spares every user a conversion. Specs write xs:string for addresses and times everywhere; " +
				"the examples and the prose tell better. Some fields really are strings: say so with `ignore`.",
		},
		{
			Code: "type-default", Summary: "a default is what absence means anyway", Severity: source.Warning, check: (*run).defaults,
			Doc: "A text that is absent is empty already; `default: \"\"` only adds a method that nobody needs.",
		},
	}
}

// guesses are the names that mostly mean something better than a string.
func guesses() map[string]string {
	return map[string]string{
		"jid": "jid", "from": "jid", "to": "jid", "stamp": "datetime", "timestamp": "datetime", "expires": "datetime",
		"utc": "datetime", "count": "uint32", "port": "uint16", "size": "uint64",
	}
}

func (r *run) guess() {
	for i := range r.nodes {
		n := &r.nodes[i]
		if n.kind != "Attr" && n.kind != "Child" {
			continue
		}
		name, _ := n.text("Name")
		typed, _ := n.text("Type")
		better, ok := guesses()[strings.ToLower(name.Value)]
		if ok && (typed.Value == "" || typed.Value == "string") {
			if names, _ := n.text("Names"); !names.IsSet() {
				r.found(n.at, at(typed, n.pos), "%s is a string, but by its name it may be a %s", n.describe(), better).
					Hintf("say `type: %s`, or why not with `ignore`", better)
			}
		}
	}
}

func (r *run) defaults() {
	for i := range r.nodes {
		n := &r.nodes[i]
		value, has := n.text("Default")
		if has && value.IsSet() && value.Value == "" {
			r.found(n.at, value.Pos, "%s has the empty text as its default, which absence means anyway", n.describe()).Hintf("leave `default` out")
		}
	}
}

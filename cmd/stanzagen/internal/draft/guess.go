package draft

import (
	"slices"
	"strings"
	"unicode"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// Guesses are types that were guessed, by the field of the tree that they stand in.
type Guesses map[*syntax.String]bool

// Guess gives types to the strings of f whose names say that they hold addresses or points in time, since published
// XSDs call both xs:string. Those with a default or a fixed value keep their type: no schema can give one of a JID.
func Guess(f *syntax.File) Guesses {
	g := Guesses{}
	for _, e := range slices.Concat(f.Elements, f.Types) {
		for _, a := range e.Attrs {
			g.guess(&a.Type, a.Name, a.Default, a.Fixed)
		}
		if e.Text != nil {
			g.guess(&e.Text.Type, e.Name, e.Text.Default, e.Text.Fixed)
		}
		for _, c := range e.Children {
			if !c.Names.IsSet() {
				g.guess(&c.Type, c.Name, c.Default, c.Fixed)
			}
		}
	}
	return g
}

func (g Guesses) guess(typ *syntax.String, name, def, fixed syntax.String) {
	if typ.IsSet() && typ.Value != model.String.String() || !name.IsSet() || def.IsSet() || fixed.IsSet() {
		return
	}
	if s := scalarFor(name.Value); s != model.String {
		*typ = syntax.String{Pos: name.Pos, Value: s.String()}
		g[typ] = true
	}
}

// scalarFor returns what something of that name most likely is.
func scalarFor(name string) model.Scalar {
	words := wordsOf(name)
	if len(words) == 0 {
		return model.String
	}
	if last := words[len(words)-1]; last == "jid" || len(words) == 1 && strings.HasSuffix(last, "jid") {
		return model.JID
	}
	switch strings.Join(words, " ") {
	case "from", "to", "by", "with", "initiator", "responder", "publisher", "approver":
		return model.JID
	case "stamp", "timestamp", "time stamp", "utc", "since", "until":
		return model.DateTime
	}
	return model.String
}

// wordsOf parts a name at hyphens, dots, underscores and before capitals that follow small letters.
func wordsOf(name string) []string {
	var words []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			words = append(words, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	small := false
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) || small && unicode.IsUpper(r) {
			flush()
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			word.WriteRune(r)
		}
		small = unicode.IsLower(r) || unicode.IsDigit(r)
	}
	flush()
	return words
}

package yamlfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// JSONSchema describes the language as a JSON Schema (draft 7), for editors: they complete keys and words, show what they
// mean, and flag what is wrong with the form of a file.
func JSONSchema() []byte {
	definitions := map[string]any{"scalar": anyText()}
	for _, l := range Levels() {
		definitions[definition(l)] = objectOf(l)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(struct {
		Schema      string         `json:"$schema"`
		Title       string         `json:"title"`
		Description string         `json:"description"`
		Ref         []any          `json:"allOf"`
		Definitions map[string]any `json:"definitions"`
	}{
		"http://json-schema.org/draft-07/schema#", "stanzagen", "A schema of an XMPP extension, from which stanzagen makes a Go package.",
		[]any{ref(LevelFile)}, definitions,
	})
	if err != nil {
		panic(fmt.Sprintf("yamlfile: %v", err)) // there is nothing in it that JSON cannot say
	}
	return b.Bytes()
}

// definition is the name of a level in the JSON Schema.
func definition(l Level) string { return strings.ReplaceAll(string(l), " ", "-") }

func ref(l Level) map[string]any { return map[string]any{"$ref": "#/definitions/" + definition(l)} }

// objectOf describes the mappings of a level.
func objectOf(l Level) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, k := range Keys() {
		if k.Level != l {
			continue
		}
		properties[k.Name] = property(k)
		if k.Required {
			required = append(required, k.Name)
		}
	}
	o := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// anyText is what the reader takes for a text: every scalar but the empty one.
func anyText() map[string]any {
	return map[string]any{"type": []string{"string", "number", "boolean"}}
}

// textOf describes a text behind a key: one of the words that it may be, or any, with those that are likely in front.
func textOf(k Key) map[string]any {
	if k.Choices != nil {
		return map[string]any{"enum": k.Choices}
	}
	if likely := suggestions(k); likely != nil {
		return map[string]any{"anyOf": []any{map[string]any{"enum": likely}, map[string]any{"$ref": "#/definitions/scalar"}}}
	}
	return map[string]any{"$ref": "#/definitions/scalar"}
}

// suggestions are words that an editor can offer for a key.
func suggestions(k Key) []string {
	var names []string
	for _, s := range model.Scalars() {
		if scalar := model.ScalarNamed(s); k.Level == LevelChild || scalar != model.Flag && scalar != model.LangText && scalar != model.Raw ||
			k.Level == LevelOneOf && scalar == model.Flag {
			names = append(names, s)
		}
	}
	switch {
	case k.Level == LevelChild && k.Name == "type":
		return append(names, "message", "presence", "iq")
	case k.Name == "type" && (k.Level == LevelAttr || k.Level == LevelText || k.Level == LevelOneOf), k.Level == LevelField && k.Name == "value", k.Name == "text":
		return names
	case k.Level == LevelQuery && k.Name == "result":
		return []string{"empty"}
	}
	return nil
}

// property describes what may stand behind a key.
func property(k Key) map[string]any {
	list := func(items any) map[string]any { return map[string]any{"type": "array", "items": items} }
	either := func(a, b any) map[string]any { return map[string]any{"anyOf": []any{a, b}} }
	mapping := func(values any) map[string]any {
		return map[string]any{"type": "object", "additionalProperties": values}
	}
	var p map[string]any
	switch k.Kind {
	case KindText:
		p = textOf(k)
	case KindTruth:
		p = map[string]any{"type": "boolean"}
	case KindTexts:
		p = list(textOf(k))
	case KindTextOrMap:
		p = either(textOf(k), ref(k.Of))
	case KindTrueOrMap:
		p = either(map[string]any{"const": true}, ref(k.Of))
	case KindMap:
		p = ref(k.Of)
	case KindMaps:
		p = list(ref(k.Of))
	case KindMapOrMaps:
		p = either(ref(k.Of), list(ref(k.Of)))
	case KindTextsOrMaps:
		p = list(either(textOf(k), ref(k.Of)))
	case KindTextMap:
		p = mapping(textOf(k))
	case KindTextOrMapMap:
		p = mapping(either(textOf(k), ref(k.Of)))
	}
	// beside $ref nothing counts in draft 7
	if r := p["$ref"]; r != nil {
		p = map[string]any{"allOf": []any{map[string]any{"$ref": r}}}
	}
	p["description"] = k.Doc
	return p
}

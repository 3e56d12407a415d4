// Package yamlfile reads schemas that are written in YAML. It knows the form of the language, from one table of keys
// (see Keys), and nothing of what the words in it refer to. It is the only package that knows the YAML library.
package yamlfile

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// Bounds of what is read. The largest schema has some dozen kilobytes and eight levels.
const (
	maxSize  = 1 << 20
	maxDepth = 32
)

// Read makes the syntax tree of the schema in data. Everything that is wrong with the form of the file is reported
// to c; what could be understood is in the tree nevertheless. It returns nil if that is nothing.
func Read(path string, data []byte, c *source.Collector) *syntax.File {
	r := &reader{path: path, c: c, keys: map[Level][]Key{}}
	for _, key := range Keys() {
		r.keys[key.Level] = append(r.keys[key.Level], key)
	}
	root := r.load(data)
	if root == nil || !r.plain(root) {
		return nil
	}
	return r.file(root)
}

// reader turns nodes into parts of the tree.
type reader struct {
	path string
	c    *source.Collector
	// keys is the table by level.
	keys map[Level][]Key
}

// load parses the YAML itself.
func (r *reader) load(data []byte) *yaml.Node {
	start := source.Pos{File: r.path}
	if len(data) > maxSize {
		r.c.Errorf(start, "schema has %d bytes, the limit is %d", len(data), maxSize).Rule(rule.YAML)
		return nil
	}
	if at := invalidUTF8(data); at >= 0 {
		before := data[:at]
		line := 1 + strings.Count(string(before), "\n")
		col := at - strings.LastIndexByte(string(before), '\n')
		r.c.Errorf(source.Pos{File: r.path, Line: line, Col: col}, "schema is not UTF-8").Rule(rule.YAML)
		return nil
	}
	var docs []yaml.Node
	limits := loaderlimits.New(loaderlimits.DepthValue(maxDepth))
	if err := yaml.Load(data, &docs, yaml.WithAllDocuments(), yaml.WithPlugin(limits)); err != nil {
		r.loadError(err)
		return nil
	}
	if len(docs) == 0 || len(docs[0].Content) == 0 {
		r.c.Errorf(start, "schema is empty").Rule(rule.YAML)
		return nil
	}
	if len(docs) > 1 {
		r.c.Errorf(r.pos(&docs[1]), "schema has a second document").Rule(rule.YAML).Hintf("one file is one package: give it a file of its own")
		return nil
	}
	return docs[0].Content[0]
}

func (r *reader) loadError(err error) {
	var one *yaml.LoadError
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		one = many.Errors[0]
	}
	if one == nil && !errors.As(err, &one) {
		r.c.Errorf(source.Pos{File: r.path}, "not YAML: %v", err).Rule(rule.YAML)
		return
	}
	d := r.c.Errorf(source.Pos{File: r.path, Line: one.Mark.Line, Col: one.Mark.Column}, "not YAML: %s", one.Message).Rule(rule.YAML)
	if one.ContextMsg != "" && one.ContextMark.Line > 0 {
		d.Hintf("%s that begins at line %d", one.ContextMsg, one.ContextMark.Line)
	}
	if strings.Contains(one.Message, "mapping values are not allowed") {
		d.Hintf("a text that contains `: ` has to be quoted")
	}
}

// invalidUTF8 returns where data stops being UTF-8, -1 if it does not.
func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// plain refuses what makes YAML larger or other than it looks: anchors, aliases, tags. It reports all there are.
func (r *reader) plain(n *yaml.Node) bool {
	ok := true
	switch {
	case n.Kind == yaml.AliasNode:
		r.c.Errorf(r.pos(n), "alias *%s is not allowed in a schema", n.Value).Rule(rule.YAMLFeature).Hintf("write the value again, or use `like:` for a shape")
		return false
	case n.Anchor != "":
		r.c.Errorf(r.pos(n), "anchor &%s is not allowed in a schema", n.Anchor).Rule(rule.YAMLFeature)
		ok = false
	}
	if n.Style&yaml.TaggedStyle != 0 {
		r.c.Errorf(r.pos(n), "tag %s is not allowed in a schema", n.Tag).Rule(rule.YAMLFeature)
		ok = false
	}
	for _, sub := range n.Content {
		ok = r.plain(sub) && ok
	}
	return ok
}

func (r *reader) pos(n *yaml.Node) source.Pos {
	return source.Pos{File: r.path, Line: n.Line, Col: n.Column}
}

// object is a mapping whose keys were checked against the table: every value that it holds is of the right kind.
type object struct {
	r      *reader
	pos    source.Pos
	level  Level
	values map[string]*yaml.Node
	asked  map[string]bool
}

// object reads the keys of the mapping n, which has the given level, and reports what is wrong with them. For
// other nodes it reports what is there and returns an object without values.
func (r *reader) object(n *yaml.Node, level Level) *object {
	o := &object{r, r.pos(n), level, map[string]*yaml.Node{}, map[string]bool{}}
	if n.Kind != yaml.MappingNode {
		r.c.Errorf(o.pos, "%s needs a mapping with keys, this is %s", level, describe(n)).Rule(rule.KeyKind)
		return o
	}
	keys := r.keys[level]
	first := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		known := slices.IndexFunc(keys, func(key Key) bool { return key.Name == k.Value })
		switch {
		case k.Kind != yaml.ScalarNode:
			r.c.Errorf(r.pos(k), "key of %s is not a text", level).Rule(rule.KeyKind)
		case first[k.Value] != nil:
			r.c.Errorf(r.pos(k), "key %q stands twice in this %s", k.Value, level).Rule(rule.KeyTwice).Hintf("the first is in line %d", first[k.Value].Line)
		case known < 0:
			r.unknownKey(k, keys, level)
			first[k.Value] = k
		default:
			first[k.Value] = k
			if r.kind(v, keys[known]) {
				o.values[k.Value] = v
			}
		}
	}
	for _, key := range keys {
		if key.Required && first[key.Name] == nil {
			r.c.Errorf(o.pos, "%s has no key %q", level, key.Name).Rule(rule.KeyMissing)
		}
	}
	return o
}

func (r *reader) unknownKey(k *yaml.Node, keys []Key, level Level) {
	d := r.c.Errorf(r.pos(k), "unknown key %q of %s", k.Value, level).Rule(rule.KeyUnknown)
	var names []string
	for _, key := range keys {
		names = append(names, key.Name)
	}
	if _, ok := source.Suggest(k.Value, names); ok {
		d.DidYouMean(k.Value, names)
		return
	}
	var levels []string
	for _, key := range Keys() {
		if key.Name == k.Value {
			levels = append(levels, string(key.Level))
		}
	}
	if len(levels) > 0 {
		d.Hintf("%q is a key of: %s", k.Value, strings.Join(levels, ", "))
		return
	}
	d.Hintf("known here: %s", strings.Join(names, ", "))
}

// kind reports whether v is what key wants, and reports it to the user if not.
func (r *reader) kind(v *yaml.Node, key Key) bool {
	scalar, list, mapping := v.Kind == yaml.ScalarNode, v.Kind == yaml.SequenceNode, v.Kind == yaml.MappingNode
	ok := false
	switch key.Kind {
	case KindText, KindTruth:
		ok = scalar
	case KindTexts, KindMaps, KindTextsOrMaps:
		ok = list
	case KindTextOrMap, KindTrueOrMap:
		ok = scalar || mapping
	case KindMap, KindTextMap, KindTextOrMapMap:
		ok = mapping
	case KindMapOrMaps:
		ok = mapping || list
	}
	switch {
	case isNull(v):
		r.c.Errorf(r.pos(v), "key %q of %s has no value", key.Name, key.Level).Rule(rule.KeyKind)
		return false
	case !ok:
		d := r.c.Errorf(r.pos(v), "key %q of %s wants a %s, this is %s", key.Name, key.Level, key.Kind, describe(v)).Rule(rule.KeyKind)
		if list := key.Kind == KindTexts || key.Kind == KindTextsOrMaps; list && scalar {
			d.Hintf("write %s: [%s]", key.Name, v.Value)
		}
		return false
	case scalar && (key.Kind == KindTruth && v.Value != "true" && v.Value != "false"), scalar && key.Kind == KindTrueOrMap && v.Value != "true":
		r.c.Errorf(r.pos(v), "key %q of %s wants %s, this is %q", key.Name, key.Level, key.Kind, v.Value).Rule(rule.KeyKind)
		return false
	case list:
		return r.members(v, key)
	}
	return true
}

// members checks those of a list, and takes out the ones that are of the wrong kind.
func (r *reader) members(v *yaml.Node, key Key) bool {
	texts := key.Kind == KindTexts || key.Kind == KindTextsOrMaps
	maps := key.Kind == KindMaps || key.Kind == KindMapOrMaps || key.Kind == KindTextsOrMaps
	v.Content = slices.DeleteFunc(v.Content, func(m *yaml.Node) bool {
		switch {
		case isNull(m):
			r.c.Errorf(r.pos(m), "member of %q of %s has no value", key.Name, key.Level).Rule(rule.KeyKind)
		case texts && m.Kind == yaml.ScalarNode, maps && m.Kind == yaml.MappingNode:
			return false
		default:
			r.c.Errorf(r.pos(m), "key %q of %s wants a %s, this member is %s", key.Name, key.Level, key.Kind, describe(m)).Rule(rule.KeyKind)
		}
		return true
	})
	return true
}

// isNull reports whether nothing stands there; the word null is a text like others.
func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && (n.Value == "" || n.Value == "~")
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if isNull(n) {
		return "empty"
	}
	return "the text " + quoteShort(n.Value)
}

func quoteShort(s string) string {
	if c := []rune(s); len(c) > 30 {
		s = string(c[:30]) + "…"
	}
	return "`" + strings.ReplaceAll(s, "\n", " ") + "`"
}

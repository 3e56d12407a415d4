package yamlfile

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// Widths of what Format writes, in characters.
const (
	// flowWidth is how wide a mapping or a list on a single line may be.
	flowWidth = 140
	// textWidth is where texts are folded.
	textWidth = 120
)

// Format writes a schema in its canonical form: keys in the order of the table, what is short first, one line for what fits on one, quotes
// where they are needed, long texts folded. Comments stay with what they stand above or beside; a blank line between
// entries stays as well. The form of a form is itself. What prevents formatting is reported to c; the result is
// then nil. Schemas may have other errors: unknown keys stay, behind the others.
func Format(path string, data []byte, c *source.Collector) []byte {
	out := formatOnce(path, data, c)
	// Where a comment ends up may let a value stand on one line that did not before, so the form of a form can differ.
	for range maxForms {
		again := out
		if out != nil {
			again = formatOnce(path, out, c)
		}
		if bytes.Equal(out, again) {
			return out
		}
		out = again
	}
	c.Errorf(source.Pos{File: path}, "schema has no canonical form").Rule(rule.YAML).
		Hintf("this is a mistake in stanzagen; comments in the midst of a value may be the reason")
	return nil
}

// maxForms is how often a form may change until it is its own.
const maxForms = 8

// formatOnce is Format, but for texts whose form is not its own.
func formatOnce(path string, data []byte, c *source.Collector) []byte {
	before := c.Errors()
	r := &reader{path: path, c: c, keys: map[Level][]Key{}}
	for _, key := range Keys() {
		r.keys[key.Level] = append(r.keys[key.Level], key)
	}
	root := r.load(data)
	if root == nil || !r.plain(root) || c.Errors() > before {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		c.Errorf(r.pos(root), "%s needs a mapping with keys, this is %s", LevelFile, describe(root)).Rule(rule.KeyKind)
		return nil
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\uFEFF"), "\r\n", "\n")
	f := &formatter{reader: r}
	all := comments(text, root)
	file := f.block(root, LevelFile, false)
	f.attach(file, all, strings.Split(text, "\n"))
	hoist(file)
	p := &printer{}
	p.file(file)
	out := p.b.String()
	if !f.same(out, file, all) {
		c.Errorf(source.Pos{File: path}, "schema cannot be formatted without changing it").Rule(rule.YAML).
			Hintf("this is a mistake in stanzagen; comments in the midst of a value may be the reason")
		return nil
	}
	return []byte(out)
}

// formatter makes blocks of nodes.
type formatter struct {
	*reader
}

// block is a mapping or a list with its entries in the order in which they are written.
type block struct {
	node    *yaml.Node
	entries []*entry
	// tall says that it is never written on a single line.
	tall bool
}

func (b *block) isList() bool { return b.node.Kind == yaml.SequenceNode }

// entry is a key with its value, or a member of a list.
type entry struct {
	key, value *yaml.Node // key is nil in lists
	sub        *block     // of the value, nil for scalars
	// where it begins and ends
	line, col, end int
	// blank says that a blank line stands before it, or before its head.
	blank bool
	// head are the comment lines above it, tail is the comment beside it, foot the lines below it. Empty lines are blank.
	head []string
	tail string
	foot []string
}

// block makes a block of a mapping of the given level, or of a list of such. free mappings have keys of the user's
// choice, whose values have that level.
func (f *formatter) block(n *yaml.Node, l Level, free bool) *block {
	b := &block{node: n, tall: n.Kind == yaml.MappingNode && (free && l != "" || f.isTall(l) && !free)}
	if n.Kind == yaml.SequenceNode {
		for _, m := range n.Content {
			b.entries = append(b.entries, f.entry(nil, m, l, false))
		}
		return b
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		of, freeSub := l, false
		if !free {
			of = ""
			if j := slices.IndexFunc(f.keys[l], func(key Key) bool { return key.Name == k.Value }); j >= 0 {
				key := f.keys[l][j]
				of, freeSub = key.Of, key.Kind == KindTextOrMapMap || key.Kind == KindTextMap
			}
		}
		b.entries = append(b.entries, f.entry(k, v, of, freeSub))
	}
	if !free {
		order := f.order(l)
		slices.SortStableFunc(b.entries, func(x, y *entry) int { return cmp.Compare(order(x.key), order(y.key)) })
	}
	return b
}

// isTall reports whether mappings of a level are never written on a single line: those that stand in the lists of the
// file itself and have mappings in them, such as elements. Others are tall if they happen to have a mapping inside.
func (f *formatter) isTall(l Level) bool {
	listed := slices.ContainsFunc(f.keys[LevelFile], func(k Key) bool { return k.Kind == KindMaps && k.Of == l })
	return l == LevelFile || listed && slices.ContainsFunc(f.keys[l], func(k Key) bool { return k.Of != "" })
}

// order is the place of a key. At the top of a file it is that in the table. Elsewhere what is short comes before lists
// and mappings, and the doc text, with the anchor before it, is the last of what is short.
func (f *formatter) order(l Level) func(*yaml.Node) int {
	places := map[string]int{}
	for i, k := range f.keys[l] {
		short := k.Kind == KindText || k.Kind == KindTruth || k.Kind == KindTexts
		switch places[k.Name] = i; {
		case l == LevelFile:
		case k.Name == "ref":
			places[k.Name] = len(f.keys[l])
		case k.Name == "doc":
			places[k.Name] = len(f.keys[l]) + 1
		case !short:
			places[k.Name] = len(f.keys[l]) + 2 + i
		}
	}
	return func(k *yaml.Node) int {
		if place, ok := places[k.Value]; ok {
			return place
		}
		return 3 * (len(places) + 1)
	}
}

func (f *formatter) entry(k, v *yaml.Node, l Level, free bool) *entry {
	e := &entry{key: k, value: v, line: v.Line, col: v.Column, end: v.Line}
	if k != nil {
		e.line, e.col, e.end = k.Line, k.Column, max(k.Line, v.Line)
	} else {
		e.col = max(1, v.Column-2) // where the dash stands
	}
	if v.Kind == yaml.ScalarNode {
		if v.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			e.end++
		}
		return e
	}
	e.sub = f.block(v, l, free)
	for _, s := range e.sub.entries {
		e.end = max(e.end, s.end)
	}
	return e
}

// attach gives the comments and blank lines to the entries that they belong to.
func (f *formatter) attach(file *block, all []comment, lines []string) {
	var entries []*entry
	var walk func(*block)
	walk = func(b *block) {
		for _, e := range b.entries {
			entries = append(entries, e)
			if e.sub != nil {
				walk(e.sub)
			}
		}
	}
	walk(file)
	if len(entries) == 0 {
		return
	}
	// in the order of the file; what begins at one place comes from the outside in
	slices.SortStableFunc(entries, func(a, b *entry) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.col, b.col)) })
	isBlank := func(line int) bool { return line >= 1 && line <= len(lines) && strings.TrimSpace(lines[line-1]) == "" }
	first := map[*entry]int{} // the line where the head begins
	for _, c := range all {
		i, _ := slices.BinarySearchFunc(entries, c.line, func(e *entry, line int) int { return cmp.Compare(e.line, line) })
		if !c.own {
			besides(entries, i, c)
			continue
		}
		owner, isFoot := entries[len(entries)-1], true
		if i < len(entries) {
			owner, isFoot = entries[i], false
		}
		least := 0
		if !isFoot {
			least = owner.col
		}
		if isFoot || c.col > owner.col {
			// it is indented further than what follows: it belongs to what it follows
			for j := i - 1; j >= 0 && entries[j].col > least; j-- {
				if entries[j].col <= c.col {
					owner, isFoot = entries[j], true
					break
				}
			}
		}
		if isFoot {
			if isBlank(c.line - 1) {
				owner.foot = append(owner.foot, "")
			}
			owner.foot = append(owner.foot, c.text)
			continue
		}
		if first[owner] == 0 {
			first[owner] = c.line
		} else if isBlank(c.line - 1) {
			owner.head = append(owner.head, "")
		}
		owner.head = append(owner.head, c.text)
	}
	for _, e := range entries {
		if start := first[e]; start > 0 {
			e.blank = isBlank(start - 1)
			if isBlank(e.line - 1) {
				e.head = append(e.head, "")
			}
		} else {
			e.blank = isBlank(e.line - 1)
		}
	}
}

// besides gives a comment to the entry that it stands beside: the outermost that begins and ends on its line, or else the
// innermost that begins there, or the last one before.
func besides(entries []*entry, i int, c comment) {
	owner := entries[max(0, i-1)]
	for _, e := range entries[i:] {
		if e.line > c.line || e.col > c.col {
			break
		}
		owner = e
		if e.end == c.line {
			break
		}
	}
	if owner.tail != "" {
		owner.foot = append(owner.foot, c.text)
		return
	}
	owner.tail = c.text
}

// hoist moves what stands above the first key of a member of a list to above its dash.
func hoist(b *block) {
	for _, e := range b.entries {
		if e.sub == nil {
			continue
		}
		hoist(e.sub)
		if e.key == nil && !e.sub.isList() && len(e.sub.entries) > 0 {
			first := e.sub.entries[0]
			e.head = append(e.head, first.head...)
			first.head = nil
		}
	}
}

// same reports whether out says what the schema said: the same values, and the same comments.
func (f *formatter) same(out string, file *block, all []comment) bool {
	c := &source.Collector{}
	again := (&reader{path: f.path, c: c, keys: f.keys}).load([]byte(out))
	if again == nil || c.Errors() > 0 || !sameNode(again, file) {
		return false
	}
	var before, after []string
	for _, c := range all {
		before = append(before, c.text)
	}
	for _, c := range comments(out, again) {
		after = append(after, c.text)
	}
	slices.Sort(before)
	slices.Sort(after)
	return slices.Equal(before, after)
}

func sameNode(n *yaml.Node, b *block) bool {
	if n.Kind != b.node.Kind {
		return false
	}
	step := 2
	if b.isList() {
		step = 1
	}
	if len(n.Content) != step*len(b.entries) {
		return false
	}
	for i, e := range b.entries {
		v := n.Content[step*i+step-1]
		switch {
		case e.key != nil && !sameScalar(n.Content[step*i], e.key):
			return false
		case e.sub != nil && !sameNode(v, e.sub), e.sub == nil && !sameScalar(v, e.value):
			return false
		}
	}
	return true
}

func sameScalar(a, b *yaml.Node) bool {
	return a.Kind == yaml.ScalarNode && b.Kind == yaml.ScalarNode && a.Value == b.Value && a.ShortTag() == b.ShortTag()
}

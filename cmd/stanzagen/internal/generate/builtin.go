package generate

import (
	"stanza.invalid/cmd/stanzagen/internal/check"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// Own makes the packages of the schemas of the project itself, in the order of their names.
func (k *Compiler) Own(c *source.Collector) []*model.Package {
	l := &loader{Compiler: k, c: c, byPath: map[string]*check.Input{}, byName: map[string]*check.Input{}}
	names := l.ownNames()
	read := make([]*check.Input, len(names))
	source.Each(len(names), c, func(i int, c *source.Collector) { read[i] = l.readOwn(names[i], c) })
	for i, in := range read {
		l.builtIn[names[i]] = in
		if in != nil {
			l.inputs = append(l.inputs, in)
		}
	}
	for _, in := range l.inputs {
		l.imports(in)
	}
	return check.Link(l.inputs, c)
}

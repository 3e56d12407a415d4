package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/explain"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
)

func own(t *testing.T) []*model.Package {
	t.Helper()
	c := &source.Collector{}
	packages := compiler().Own(c)
	require.Empty(t, c.Diagnostics())
	require.NotEmpty(t, packages)
	return packages
}

// TestExplainExamples explains the examples of all schemas: there is nothing odd in them, and each line that has an
// attribute or opens an element has a note.
func TestExplainExamples(t *testing.T) {
	t.Parallel()
	packages := own(t)
	index := explain.NewIndex(packages)
	for _, p := range packages {
		for _, e := range p.Examples {
			elements, err := stanzaxml.Parse(e.Pos.String(), e.XML)
			require.NoError(t, err)
			c := &source.Collector{}
			text := index.XML(elements, c)
			for _, d := range c.Diagnostics() {
				if d.Severity != source.Note {
					t.Errorf("%s\n%s", d, e.XML)
				}
			}
			require.Contains(t, text, " | ")
		}
	}
}

// TestExplainWords explains everything that has a name.
func TestExplainWords(t *testing.T) {
	t.Parallel()
	packages := own(t)
	var index *explain.Index
	word := func(w string) string {
		text, err := index.Word(w)
		require.NoError(t, err, w)
		require.NotEmpty(t, text, w)
		return text
	}
	for _, p := range packages {
		index = explain.NewIndex([]*model.Package{p}) // all words of all packages would be too many
		require.Contains(t, word(p.Name), "package "+p.Name)
		require.Contains(t, word(p.Spec), "package "+p.Name)
		for _, ns := range p.Namespaces {
			require.Contains(t, word(ns.URI), ns.GoName)
		}
		for _, e := range p.Enums {
			require.Contains(t, word(p.Name+"."+e.GoName), e.Values[0].GoName)
		}
		for _, e := range p.Structs {
			text := word(p.Name + "." + e.GoName)
			for _, f := range e.Fields {
				require.Contains(t, text, "  "+f.GoName+" ", "%s.%s", p.Name, e.GoName)
				word(p.Name + "." + e.GoName + "." + f.GoName)
			}
			if e.Local != "" && e.Role != model.Request {
				require.Contains(t, word(e.Local), p.Name+"."+e.GoName+": ")
			}
		}
	}
	for _, code := range ruleCodes() {
		text, ok := ruleText(code)
		require.True(t, ok)
		require.Contains(t, text, code+": ")
	}
}

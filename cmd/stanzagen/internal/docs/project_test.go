package docs

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// TestPublished compares docs/doap.xml and docs/xeps.md with what the schemas and docs/project.yaml make; -update writes them.
func TestPublished(t *testing.T) {
	t.Parallel()
	packages, project := own(t), ownProject(t)
	for name, want := range map[string][]byte{"doap.xml": DOAP(packages, project), "xeps.md": Table(packages, project)} {
		file := filepath.Join(filepath.FromSlash(root), "docs", name)
		if *update {
			require.NoError(t, os.WriteFile(file, want, 0o644))
			continue
		}
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		if string(got) != string(want) {
			t.Errorf("docs/%s is stale; run the test with -update to write it", name)
		}
	}
}

// described is a DOAP file as a reader of XEP-0453 sees it.
type described struct {
	XMLName xml.Name `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# RDF"`
	Project struct {
		Name       string     `xml:"http://usefulinc.com/ns/doap# name"`
		ShortDesc  string     `xml:"http://usefulinc.com/ns/doap# shortdesc"`
		License    resource   `xml:"http://usefulinc.com/ns/doap# license"`
		Homepage   *resource  `xml:"http://usefulinc.com/ns/doap# homepage"`
		Repository *resource  `xml:"http://usefulinc.com/ns/doap# repository>GitRepository>location"`
		Categories []resource `xml:"http://usefulinc.com/ns/doap# category"`
		Implements []struct {
			Resource string `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# resource,attr"`
			XEP      *struct {
				XEP     resource `xml:"https://linkmauve.fr/ns/xmpp-doap# xep"`
				Status  string   `xml:"https://linkmauve.fr/ns/xmpp-doap# status"`
				Version string   `xml:"https://linkmauve.fr/ns/xmpp-doap# version"`
				Since   string   `xml:"https://linkmauve.fr/ns/xmpp-doap# since"`
				Note    string   `xml:"https://linkmauve.fr/ns/xmpp-doap# note"`
			} `xml:"https://linkmauve.fr/ns/xmpp-doap# SupportedXep"`
		} `xml:"http://usefulinc.com/ns/doap# implements"`
	} `xml:"http://usefulinc.com/ns/doap# Project"`
}

type resource struct {
	Address string `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# resource,attr"`
}

func TestDOAP(t *testing.T) {
	t.Parallel()
	packages := []*model.Package{
		{Name: "b", Spec: "XEP-0184", Version: "1.4.0"}, {Name: "a", Spec: "XEP-0030", Version: "2.5.0"},
		{Name: "c", Spec: "RFC 6120"}, {Name: "d", Spec: "RFC 6120"}, {Name: "e", Spec: "something else"},
		{Name: "f", Spec: "XEP-0004", Imported: true},
	}
	project := &Project{
		Name: "Tea & <cake>", Description: "Makes tea. And more.", License: "https://example.org/?a=1&b=2", Repository: "https://example.org/r",
		Categories: []string{"library"}, Default: Support{Status: "partial"},
		Support: map[string]Support{"XEP-0030": {Status: "complete", Since: "0.2", Note: "a < b"}, "XEP-0106": {Status: "planned"}, "RFC 7622": {Status: "complete"}},
	}
	var d described
	require.NoError(t, xml.Unmarshal(DOAP(packages, project), &d))
	p := d.Project
	require.Equal(t, []string{"Tea & <cake>", "Makes tea.", project.License, "https://example.org/r"}, []string{p.Name, p.ShortDesc, p.License.Address, p.Repository.Address})
	require.Nil(t, p.Homepage)
	require.Equal(t, []resource{{doapTerms + "category-library"}}, p.Categories)
	var got []string
	for _, i := range p.Implements {
		if i.XEP == nil {
			got = append(got, i.Resource)
			continue
		}
		got = append(got, strings.Join([]string{i.XEP.XEP.Address, i.XEP.Status, i.XEP.Version, i.XEP.Since, i.XEP.Note}, " "))
	}
	require.Equal(t, []string{
		"https://www.rfc-editor.org/info/rfc6120", "https://www.rfc-editor.org/info/rfc7622",
		"https://xmpp.org/extensions/xep-0030.html complete 2.5.0 0.2 a < b",
		"https://xmpp.org/extensions/xep-0106.html planned   ",
		"https://xmpp.org/extensions/xep-0184.html partial 1.4.0  ",
	}, got)

	table := string(Table(packages, project))
	require.Contains(t, table, "| [XEP-0030](", table)
	require.Contains(t, table, "complete: a &lt; b")
	require.Contains(t, table, "| [XEP-0106](https://xmpp.org/extensions/xep-0106.html) | planned |")
	require.NotContains(t, table, "XEP-0004", "what is imported only is not this project's")
}

func TestReadProject(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"name: a\ndescription: b\n", ""},
		{"name: a\ndescription: b\nsupport: {XEP-0030: complete, RFC 6120: {status: partial, note: some}}\n", ""},
		{"name: a\n", `p.yaml:1:1: project has no key "description"`},
		{"name: a\ndescription: b\nlicence: c\n", "p.yaml:3:1: unknown key \"licence\" of project [key-unknown]\n\thint: did you mean \"license\"?"},
		{"name: a\ndescription: b\nhomepage: javascript:alert(1)\n", `p.yaml:3:11: homepage "javascript:alert(1)" is no address of the web`},
		{"name: a\ndescription: b\ncreated: soon\n", `p.yaml:3:10: created "soon" is no date`},
		{"name: a\ndescription: b\ndefault: {status: partly}\n", "p.yaml:3:19: status \"partly\" is none of XEP-0453"},
		{"name: a\ndescription: b\nsupport: {XEP-0030: compleet}\n", "did you mean \"complete\"?"},
		{"name: a\ndescription: b\nsupport: {xep30: complete}\n", `p.yaml:3:11: support of "xep30": that is neither a XEP nor an RFC`},
		{"name: a\ndescription: b\nsupport: {XEP-0030: {note: x}}\n", `p.yaml:3:21: support has no key "status"`},
		{"name: [\n", "p.yaml:"},
	}
	for _, tt := range tests {
		c := &source.Collector{}
		ReadProject("p.yaml", []byte(tt.text), c)
		var b strings.Builder
		_, err := c.WriteTo(&b)
		require.NoError(t, err)
		if tt.want == "" {
			require.Empty(t, b.String())
		} else {
			require.Contains(t, b.String(), tt.want)
		}
	}
	c := &source.Collector{}
	p := ReadProject("p.yaml", []byte("name: ' a\n  b'\ndescription: c\ndefault: {status: partial}\nsupport: {XEP-0030: {status: planned, since: '1'}}\n"), c)
	require.Equal(t, "a b", p.Name)
	require.Equal(t, Support{Status: "planned", Since: "1"}, p.of("XEP-0030"))
	require.Equal(t, Support{Status: "partial"}, p.of("XEP-0184"))
}

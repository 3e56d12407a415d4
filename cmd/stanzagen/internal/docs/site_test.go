package docs

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// document is what a test wants to know of a page.
type document struct {
	ids   map[string]bool
	links []string
	// text is all text, with single spaces.
	text string
	// scripts are the sources of scripts, styles those of stylesheets.
	assets []string
}

// parse reads a page as XML: the pages are both.
func parse(t *testing.T, name string, page []byte) *document {
	t.Helper()
	d := &document{ids: map[string]bool{}}
	decoder := xml.NewDecoder(bytes.NewReader(page))
	var text strings.Builder
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, name)
		switch token := token.(type) {
		case xml.StartElement:
			for _, a := range token.Attr {
				switch a.Name.Local {
				case "id":
					require.False(t, d.ids[a.Value], "%s: id %s stands twice", name, a.Value)
					d.ids[a.Value] = true
				case "href":
					if token.Name.Local == "a" {
						d.links = append(d.links, a.Value)
					} else {
						d.assets = append(d.assets, a.Value)
					}
				case "src":
					d.assets = append(d.assets, a.Value)
				case "style", "onclick", "onload":
					t.Errorf("%s: attribute %s of <%s>, which the page's policy forbids", name, a.Name.Local, token.Name.Local)
				}
			}
			require.NotContains(t, []string{"iframe", "img", "object", "form", "style"}, token.Name.Local, name)
		case xml.CharData:
			text.Write(token)
			text.WriteByte(' ')
		}
	}
	d.text = strings.Join(strings.Fields(text.String()), " ")
	return d
}

// documents are the pages of a site.
func documents(t *testing.T, files map[string][]byte) map[string]*document {
	t.Helper()
	pages := map[string]*document{}
	for name, data := range files {
		if path.Ext(name) == ".html" {
			pages[name] = parse(t, name, data)
		}
	}
	return pages
}

// TestLinks follows every link of the site: pages and anchors are there, and what leads out of it leads to the specs.
func TestLinks(t *testing.T) {
	t.Parallel()
	for name, site := range map[string]func(*testing.T) ([]*model.Package, map[string][]byte){"own": ownSite, "sample": sampleSite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, files := site(t)
			pages := documents(t, files)
			for from, d := range pages {
				for _, link := range d.links {
					if !internal(t, from, link) {
						continue
					}
					target, anchor, _ := strings.Cut(link, "#")
					to := path.Join(path.Dir(from), target)
					if target == "" {
						to = from
					}
					require.Contains(t, pages, to, "%s links to %s", from, link)
					if anchor != "" && !pages[to].ids[unescape(t, anchor)] {
						t.Errorf("%s links to %s, which has no such anchor", from, link)
					}
				}
				for _, asset := range d.assets {
					require.Contains(t, files, path.Join(path.Dir(from), asset), from)
				}
			}
		})
	}
}

func internal(t *testing.T, from, link string) bool {
	t.Helper()
	u, err := url.Parse(link)
	require.NoError(t, err, from)
	if u.Scheme == "" {
		require.False(t, path.IsAbs(u.Path), "%s links to %s", from, link)
		return true
	}
	require.Equal(t, "https", u.Scheme, "%s links to %s", from, link)
	require.Contains(t, []string{"xmpp.org", "www.rfc-editor.org"}, u.Host, "%s links to %s", from, link)
	return false
}

func unescape(t *testing.T, anchor string) string {
	t.Helper()
	s, err := url.PathUnescape(anchor)
	require.NoError(t, err)
	return s
}

// TestEverything looks for everything that the schemas have: on its page, in the lists, in the index.
func TestEverything(t *testing.T) {
	t.Parallel()
	for name, site := range map[string]func(*testing.T) ([]*model.Package, map[string][]byte){"own": ownSite, "sample": sampleSite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			packages, files := site(t)
			pages := documents(t, files)
			index := readIndex(t, files)
			for _, p := range packages {
				everything(t, p, pages, index)
			}
		})
	}
}

// readIndex reads the index of the search.
func readIndex(t *testing.T, files map[string][]byte) *index {
	t.Helper()
	_, text, found := strings.Cut(string(files["assets/index.js"]), "window.stanzaIndex = ")
	require.True(t, found)
	var x index
	require.NoError(t, json.Unmarshal([]byte(text), &x))
	return &x
}

// lists reports whether the index has an entry for a name of a package.
func (x *index) lists(pkg, name, wire string) bool {
	return slices.ContainsFunc(x.Entries, func(e []any) bool {
		return x.Pages[int(e[4].(float64))][1] == pkg && e[1] == name && (wire == "" || e[2] == wire)
	})
}

func everything(t *testing.T, p *model.Package, pages map[string]*document, index *index) {
	file := "pkg/" + p.Name + ".html"
	page := pages[file]
	require.NotNil(t, page, p.Name)
	require.Contains(t, pages["index.html"].links, file)
	require.True(t, index.lists(p.Name, p.Name, ""), p.Name)
	has := func(doc *document, text string) {
		if !strings.Contains(doc.text, strings.Join(strings.Fields(text), " ")) {
			t.Errorf("page of %s does not say %q", p.Name, text)
		}
	}
	has(page, fmt.Sprintf("import %q", p.ImportPath))
	has(page, p.Version)
	for _, ns := range p.Namespaces {
		require.True(t, page.ids[ns.GoName], ns.GoName)
		has(page, ns.URI)
		has(pages["namespaces.html"], ns.URI)
		require.True(t, index.lists(p.Name, ns.GoName, ""))
	}
	for _, e := range p.Structs {
		require.True(t, page.ids[e.GoName], e.GoName)
		require.Contains(t, pages["elements.html"].links, file+"#"+e.GoName)
		has(page, p.Name+"."+e.GoName)
		for _, n := range elementNames(e) {
			require.True(t, index.lists(p.Name, e.GoName, n.Local), "%s %s", e.GoName, n)
		}
		for _, f := range e.Fields {
			require.True(t, page.ids[e.GoName+"."+f.GoName], "%s.%s", e.GoName, f.GoName)
			if f.Choice != nil {
				require.True(t, page.ids[f.Choice.GoName], f.Choice.GoName)
				require.True(t, index.lists(p.Name, f.Choice.GoName, ""))
				for _, a := range f.Choice.Alternatives {
					require.True(t, page.ids[a.GoName], a.GoName)
				}
			}
			if f.Type.Element != nil {
				// and the way back
				target := pages["pkg/"+f.Type.Element.Package.Name+".html"]
				require.NotNil(t, target)
				require.True(t, slices.ContainsFunc(target.links, func(l string) bool {
					return strings.HasSuffix(l, "#"+e.GoName+"."+f.GoName)
				}), "%s.%s", e.GoName, f.GoName)
			}
		}
	}
	for _, q := range p.Queries {
		require.Contains(t, pages["requests.html"].links, file+"#"+q.Request.GoName)
	}
	for _, f := range p.Forms {
		require.True(t, page.ids[f.GoName], f.GoName)
		require.Contains(t, pages["forms.html"].links, file+"#"+f.GoName)
		require.True(t, index.lists(p.Name, f.GoName, ""))
		has(page, f.FormType)
		for _, field := range f.Fields {
			if field.GoName != "" {
				require.True(t, page.ids[f.GoName+"."+field.GoName])
				require.True(t, index.lists(p.Name, f.GoName+"."+field.GoName, field.Var))
			}
			has(page, field.Label)
		}
	}
	for _, e := range p.Enums {
		require.True(t, page.ids[e.GoName])
		for _, v := range e.Values {
			require.True(t, page.ids[v.GoName])
			require.True(t, index.lists(p.Name, v.GoName, v.Value.Text))
		}
	}
	for i, e := range p.Examples {
		require.True(t, page.ids[fmt.Sprintf("example-%d", i+1)], "%s, example %d", p.Name, i+1)
		words := strings.FieldsFunc(e.XML, func(r rune) bool { return strings.ContainsRune("<>/='\" \n&;#:.@-+", r) })
		has(page, words[0])
	}
}

// TestDeterministic makes the site several times, of the packages in another order each time.
func TestDeterministic(t *testing.T) {
	t.Parallel()
	project := ownProject(t)
	packages, first := ownSite(t)
	packages = slices.Clone(packages)
	for range 2 {
		slices.Reverse(packages)
		files := built(t, packages, project)
		require.Equal(t, slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(files)))
		for name := range first {
			require.Equal(t, string(first[name]), string(files[name]), name)
		}
		require.Equal(t, string(DOAP(own(t), project)), string(DOAP(packages, project)))
		require.Equal(t, string(Table(own(t), project)), string(Table(packages, project)))
	}
}

// TestHostile makes a site of texts that would like to be something else.
func TestHostile(t *testing.T) {
	t.Parallel()
	const bad = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'&{{.}}` + "`"
	p := &model.Package{
		Name: "tea", ImportPath: "example.org/tea", Source: bad, Spec: bad, Title: bad, Version: bad, Doc: "Package tea.\n\n" + bad,
		Link: "javascript:alert(1)", Features: []string{bad},
	}
	ns := &model.Namespace{Package: p, GoName: "NS", URI: bad, Doc: bad}
	p.Namespaces = []*model.Namespace{ns}
	enum := &model.Enum{Package: p, GoName: "Kind", Base: model.String, Doc: bad, Link: "javascript:alert(1)"}
	enum.Values = []*model.EnumValue{{Enum: enum, GoName: "KindBad", Value: model.Literal{Text: bad}, Doc: bad, Link: "data:text/html,x"}}
	p.Enums = []*model.Enum{enum}
	e := &model.Element{
		Package: p, Role: model.Payload, GoName: "Pot", Doc: bad, Link: "javascript:alert(1)", Namespace: ns, Local: "pot",
		Uses: []model.Name{{Space: bad, Local: "pot"}}, In: model.InMessage, Features: []string{bad},
	}
	e.Fields = []*model.Field{{
		Parent: e, Kind: model.FieldAttr, GoName: "Kind", Doc: bad, Name: model.Name{Space: bad + "2", Local: "kind"}, Type: model.Type{Enum: enum},
		Default: &model.Literal{Text: bad}, Fixed: &model.Literal{Text: bad},
	}}
	p.Structs = []*model.Element{e}
	p.Examples = []*model.Example{{XML: "<pot xmlns='x'>" + bad, Structs: p.Structs}, {XML: bad}}
	project := &Project{Name: bad, Description: bad, Default: Support{Status: bad, Note: bad}}
	files := built(t, []*model.Package{p}, project)
	for name, d := range documents(t, files) {
		for _, link := range d.links {
			require.False(t, strings.HasPrefix(link, "javascript:"), name)
			require.False(t, strings.HasPrefix(link, "data:"), name)
		}
		require.NotContains(t, string(files[name]), "<script>", name)
		require.NotContains(t, string(files[name]), "<img", name)
	}
	require.NotContains(t, string(files["assets/index.js"]), "</script")
	require.Equal(t, bad, readIndex(t, files).Namespaces[0])
	require.NotContains(t, string(Table([]*model.Package{p}, project)), "<script")
}

// TestSameName gives two packages of one name a page each.
func TestSameName(t *testing.T) {
	t.Parallel()
	packages := []*model.Package{
		{Name: "tea", ImportPath: "example.org/b/tea", Spec: "b"}, {Name: "tea", ImportPath: "example.org/a/tea", Spec: "a"},
	}
	files := built(t, packages, nil)
	require.Contains(t, string(files["pkg/tea.html"]), "example.org/a/tea")
	require.Contains(t, string(files["pkg/tea-2.html"]), "example.org/b/tea")
}

// TestScale makes a site of the size that the list of all XEPs would give: it takes no time, and no file is huge.
func TestScale(t *testing.T) {
	t.Parallel()
	files := built(t, many(205, 5), nil)
	require.Len(t, readIndex(t, files).Pages, 205)
	for name, data := range files {
		require.Less(t, len(data), 512<<10, name)
	}
}

// many makes packages with elements.
func many(packages, elements int) []*model.Package {
	var list []*model.Package
	for i := range packages {
		p := &model.Package{
			Name: fmt.Sprintf("p%03d", i), ImportPath: fmt.Sprintf("example.org/p%03d", i), Spec: fmt.Sprintf("XEP-%04d", i+1), Title: "Extension",
			Link: fmt.Sprintf("https://xmpp.org/extensions/xep-%04d.html", i+1),
		}
		ns := &model.Namespace{Package: p, GoName: "NS", URI: fmt.Sprintf("urn:xmpp:extension-%d:0", i), Doc: "NS is it."}
		p.Namespaces = []*model.Namespace{ns}
		for j := range elements {
			e := &model.Element{
				Package: p, Role: model.Payload, GoName: fmt.Sprintf("Element%d", j), Doc: "It says something.", Namespace: ns, In: model.InMessage,
				Local: fmt.Sprintf("element-%d", j), Uses: []model.Name{{Space: ns.URI, Local: fmt.Sprintf("element-%d", j)}},
			}
			for k := range 8 {
				e.Fields = append(e.Fields, &model.Field{
					Parent: e, Kind: model.FieldAttr, Index: k, GoName: fmt.Sprintf("Field%d", k), Doc: "It is something.",
					Name: model.Name{Local: fmt.Sprintf("field-%d", k)}, Type: model.Type{Scalar: model.String},
				})
			}
			p.Structs = append(p.Structs, e)
		}
		list = append(list, p)
	}
	return list
}

// BenchmarkSite measures a site of that size.
func BenchmarkSite(b *testing.B) {
	packages := many(205, 5)
	for b.Loop() {
		if _, err := Site(packages, nil); err != nil {
			b.Fatal(err)
		}
	}
}

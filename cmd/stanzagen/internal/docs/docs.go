// Package docs makes a site of schemas: pages that a browser shows from a folder, without a server and without a
// network. There is a page for each package, with its elements, types, enums and examples, beside lists of all
// elements, namespaces, requests and features, and a search over everything. From the same schemas it makes what a project publishes
// about itself: a DOAP file (XEP-0453) and a table of what is supported.
package docs

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// Site makes the files of the site, by their paths. The same packages make the same files, whatever order they come in.
func Site(packages []*model.Package, project *Project) (map[string][]byte, error) {
	s := newSite(packages, project)
	files := map[string][]byte{}
	maps.Copy(files, assets())
	files["assets/index.js"] = s.searchIndex()
	t := templates()
	for name, page := range s.pages() {
		html, err := render(t, page)
		if err != nil {
			return nil, err
		}
		files[name] = html
	}
	return files, nil
}

// sorted returns the packages in the order of the site: RFCs, XEPs by number, then all others by name.
func sorted(packages []*model.Package) []*model.Package {
	rank := func(p *model.Package) int {
		switch {
		case strings.HasPrefix(p.Spec, "RFC "):
			return 0
		case strings.HasPrefix(p.Spec, "XEP-"):
			return 1
		}
		return 2
	}
	list := slices.Clone(packages)
	slices.SortFunc(list, func(a, b *model.Package) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), specNumber(a)-specNumber(b), strings.Compare(a.Spec, b.Spec), strings.Compare(a.Name, b.Name), strings.Compare(a.ImportPath, b.ImportPath))
	})
	return list
}

// specNumber returns the number of a XEP or an RFC, else 0.
func specNumber(p *model.Package) int {
	if !strings.HasPrefix(p.Spec, "RFC ") && !strings.HasPrefix(p.Spec, "XEP-") {
		return 0
	}
	n := 0
	for _, c := range p.Spec[4:] {
		if c < '0' || c > '9' {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	return n
}

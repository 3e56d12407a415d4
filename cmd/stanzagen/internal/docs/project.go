package docs

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
)

// Project is what a project says about itself, beside its schemas.
type Project struct {
	// Name and Description are for people; the description is a sentence or two.
	Name, Description string
	// License is the address of the licence, Homepage and Bugs those of places; they may be empty.
	License, Homepage, Repository, Bugs, Download string
	// Languages are those that the project is written in, Platforms the operating systems that it runs on.
	Languages, Platforms []string
	// Categories are those of software listings: library, client, server...
	Categories []string
	// Created is the date of its beginning: 2026-11-24.
	Created string
	// Default is what is said of specs that Support does not name.
	Default Support
	// Support says how far each XEP or RFC is supported. Those without a schema are implemented all the same.
	Support map[string]Support
}

// Support says how far a project supports a specification.
type Support struct {
	// Status is one of Statuses.
	Status string
	// Since is the version of the project that was the first to have it; it may be empty.
	Since string
	// Note says more; it may be empty.
	Note string
}

// Statuses are the words of XEP-0453.
func Statuses() []string {
	return []string{"complete", "partial", "planned", "deprecated", "removed", "wontfix"}
}

func (p *Project) name() string {
	if p == nil {
		return "XMPP schemas"
	}
	return cmp.Or(p.Name, "XMPP schemas")
}

func (p *Project) description() string {
	if p == nil {
		return ""
	}
	return p.Description
}

// of returns what is said of a spec.
func (p *Project) of(spec string) Support {
	if p == nil {
		return Support{}
	}
	if s, found := p.Support[spec]; found {
		return s
	}
	return p.Default
}

func (p *Project) support(spec string) (status, note string) {
	s := p.of(spec)
	return s.Status, s.Note
}

var (
	webAddress = regexp.MustCompile(`^https?://[^\s<>"]+$`)
	calendar   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	specName   = regexp.MustCompile(`^(XEP-[0-9]{4}|RFC [1-9][0-9]*)$`)
)

// ReadProject reads a project file. What is wrong with it goes to c.
func ReadProject(path string, data []byte, c *source.Collector) *Project {
	from := yamlfile.ReadProject(path, data, c)
	if from == nil {
		return nil
	}
	p := &Project{
		Name: oneLine(from.Name), Description: oneLine(from.Description), Support: map[string]Support{},
		Languages: texts(from.Languages), Platforms: texts(from.Platforms), Categories: texts(from.Categories),
	}
	for _, address := range []struct {
		key  string
		from syntax.String
		to   *string
	}{
		{"license", from.License, &p.License},
		{"homepage", from.Homepage, &p.Homepage},
		{"repository", from.Repository, &p.Repository},
		{"bugs", from.Bugs, &p.Bugs},
		{"download", from.Download, &p.Download},
	} {
		*address.to = address.from.Value
		if address.from.IsSet() && !webAddress.MatchString(address.from.Value) {
			c.Errorf(address.from.Pos, "%s %q is no address of the web", address.key, address.from.Value).
				Hintf("it begins with https://")
		}
	}
	p.Created = from.Created.Value
	if from.Created.IsSet() && !calendar.MatchString(p.Created) {
		c.Errorf(from.Created.Pos, "created %q is no date", p.Created).Hintf("write it like 2026-11-24")
	}
	if from.Default != nil {
		p.Default = supportOf(from.Default, c)
	}
	for _, s := range from.Support {
		if !specName.MatchString(s.Spec.Value) {
			c.Errorf(s.Spec.Pos, "support of %q: that is neither a XEP nor an RFC", s.Spec.Value).Hintf("write XEP-0184 or RFC 6120")
		}
		p.Support[s.Spec.Value] = supportOf(s, c)
	}
	return p
}

func supportOf(s *yamlfile.Support, c *source.Collector) Support {
	if s.Status.IsSet() && !slices.Contains(Statuses(), s.Status.Value) {
		c.Errorf(s.Status.Pos, "status %q is none of XEP-0453", s.Status.Value).
			Hintf("one of: %s", strings.Join(Statuses(), ", ")).DidYouMean(s.Status.Value, Statuses())
	}
	return Support{Status: s.Status.Value, Since: s.Since.Value, Note: oneLine(s.Note)}
}

// oneLine makes a single line of a text.
func oneLine(s syntax.String) string { return strings.Join(strings.Fields(s.Value), " ") }

func texts(s syntax.Strings) []string {
	var list []string
	for _, t := range s.List {
		list = append(list, oneLine(t))
	}
	return list
}

package docs

import "html/template"

// page is what the templates make a file of. Exactly one of its last fields is set.
type page struct {
	// Path is the page's path below the root of the site; Root leads back to the root.
	Path, Root string
	// Title stands in the window's title.
	Title string
	// Site is the name of the whole; Current is the key of the entry of the menu that leads here.
	Site, Current string

	Index      *indexView
	Elements   []group
	Namespaces []namespaceRow
	Requests   []requestRow
	Features   []featureRow
	Forms      []formRow
	HasForms   bool
	Package    *packageView
}

// link is text that leads somewhere; without an address it is only text.
type link struct {
	Text, Href string
}

// indexView is the first page.
type indexView struct {
	Description string
	Counts      []count
	// HasStatus says that rows have a status.
	HasStatus bool
	Groups    []packageGroup
}

// count is a number with what it counts.
type count struct {
	N    int
	What string
	Href string
}

// packageGroup is one table of packages.
type packageGroup struct {
	Title, ID string
	Rows      []packageRow
}

// packageRow is a package in a table.
type packageRow struct {
	Package  link
	Spec     string
	Title    string
	Status   string
	Note     string
	Elements int
	Forms    int
	Examples int
}

// group is a part of a long list.
type group struct {
	Title, ID string
	Rows      []elementRow
}

// elementRow is an element in a list.
type elementRow struct {
	Name      string
	Namespace string
	Kind      string
	Type      link
	Package   link
	Spec      string
}

// namespaceRow is a namespace in the list of all.
type namespaceRow struct {
	URI      string
	Places   []link
	Elements []link
}

// requestRow is an IQ request in the list of all, or at its package.
type requestRow struct {
	IQType  string
	Wire    string
	Request link
	Answer  link
	Package link
	Doc     template.HTML
}

// formRow is a form in the list of all.
type formRow struct {
	Type     link
	FormType string
	Title    string
	Fields   int
}

// featureRow is a disco feature in the list of all.
type featureRow struct {
	Feature string
	Types   []link
}

// packageView is the page of a package.
type packageView struct {
	Name, ImportPath, ImportLine string
	Spec, Title, Version         string
	SpecLink                     string
	Status, Note                 string
	Source                       string
	Doc                          []template.HTML
	Namespaces                   []namespaceView
	// Documented says that some of the namespaces have a text.
	Documented         bool
	Features           []string
	Imports, Importers []link
	Requests           []requestRow
	Elements, Types    []*structView
	Enums              []*enumView
	Forms              []*formView
	Orphans            []*exampleView
	Previous, Next     link
}

// namespaceView is a namespace of a package.
type namespaceView struct {
	Name, URI string
	Doc       template.HTML
}

// structView is a type of a package.
type structView struct {
	ID, Name, Ref string
	Kind          string
	// Wires are the elements that the type stands for.
	Wires    []wireView
	Doc      []template.HTML
	SpecLink string
	Section  string
	Facts    []fact
	Fields   []fieldView
	Open     string
	Handler  *codeView
	Examples []*exampleView
	More     []*exampleView
	// Below says that it stands below another one in the table of contents.
	Below bool
}

// wireView is an element's name and namespace; Const is the namespace's constant.
type wireView struct {
	Name, Namespace string
	Const           link
}

// fact is a line of what is known of a type.
type fact struct {
	Name  string
	Text  string
	Links []link
	Codes []string
}

// fieldView is a row of the table of fields.
type fieldView struct {
	ID, Name string
	Kind     string
	Wire     string
	// Namespace is that of the attribute or child, where it is another than that of its parent.
	Namespace string
	Type      template.HTML
	Tags      []string
	Doc       template.HTML
	Values    []link
	SpecLink  string
	// Within says that it is an alternative of the choice above it; Choice is the name of a choice's interface, where it is declared.
	Within bool
	Choice string
}

// formView is a form of a package.
type formView struct {
	ID, Name, Ref     string
	FormType          string
	Doc               []template.HTML
	SpecLink, Section string
	Facts             []fact
	Fields            []formFieldView
	Use               *codeView
}

// formFieldView is a field of a form. One that only shows text has no name.
type formFieldView struct {
	ID, Var, Kind, Name string
	Type                template.HTML
	Tags                []string
	Label, Desc         string
	Doc                 template.HTML
	Values              []link
	SpecLink            string
}

// enumView is an enum of a package.
type enumView struct {
	ID, Name, Ref string
	Base          string
	Doc           []template.HTML
	SpecLink      string
	Section       string
	Values        []valueView
	Facts         []fact
}

// valueView is a value of an enum.
type valueView struct {
	ID, Value, Name string
	Doc             template.HTML
	SpecLink        string
}

// exampleView is an example with its code.
type exampleView struct {
	ID    string
	Title string
	XML   template.HTML
	Code  *codeView
}

// codeView is Go code to copy.
type codeView struct {
	HTML    template.HTML
	Imports string
}

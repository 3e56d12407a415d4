// Package rule has the codes of what can be wrong with a schema in YAML, with what it refers to, and with the place that
// packages are written to. Every diagnostic of the compiler has one, and `stanzagen explain CODE` says more about it.
package rule

// The codes, from the form of a file to what is made of it.
const (
	YAML        = "yaml"
	YAMLFeature = "yaml-feature"
	KeyUnknown  = "key-unknown"
	KeyMissing  = "key-missing"
	KeyTwice    = "key-twice"
	KeyKind     = "key-kind"
	KeyClash    = "key-clash"
	KeyUseless  = "key-useless"

	PackageName = "package-name"
	GoName      = "go-name"
	GoNameTaken = "go-name-taken"
	XMLName     = "xml-name"
	XMLText     = "xml-text"
	ChildName   = "child-name"
	Twice       = "twice"
	Ambiguous   = "ambiguous"
	Namespace   = "namespace"
	Import      = "import"

	TypeUnknown = "type-unknown"
	TypeKind    = "type-kind"
	TypeUnused  = "type-unused"
	Recursion   = "recursion"
	Value       = "value"
	EnumBase    = "enum-base"
	EnumNames   = "enum-names"
	Choice      = "choice"
	Like        = "like"
	When        = "when"
	Place       = "place"
	Sender      = "sender"
	Feature     = "feature"
	Request     = "request"
	FormField   = "form-field"
	FieldValue  = "form-value"
	Ref         = "ref"
	DocRepeats  = "doc-repeats"
	Example     = "example"

	Input  = "input"
	Output = "output"
)

// Rule is what a code stands for.
type Rule struct {
	// Code names the rule in diagnostics.
	Code string
	// Summary says in a few words what breaks it.
	Summary string
	// Doc says why it is there, and what to do.
	Doc string
}

// Rules returns the rules in the order in which they are explained. The slice is the caller's own.
func Rules() []Rule {
	return []Rule{
		{YAML, "a file is no YAML that can be a schema", "The text has to be UTF-8 and one YAML document of bounded size with something in it. Messages of the YAML parser are passed on with their places; the mistake is often in the line before: a quote that is not closed, a tab, or a colon in a text that is not quoted."},
		{YAMLFeature, "a schema uses an anchor, an alias or a tag of YAML", "They hide from readers what is written where, and a few of them make a text of gigabytes. Write the value again; a shape that stands twice is `like:`."},
		{KeyUnknown, "a key does not belong there", "It may be misspelt, or belong to another level: `in` is a key of elements and not of types. The tables in schema/README.md have all keys."},
		{KeyMissing, "a key that has to be there is not", "The tables in schema/README.md say which keys are required."},
		{KeyTwice, "a key stands twice in one mapping", "YAML does not say which counts. Take one of them out."},
		{KeyKind, "something else stands behind a key than it wants", "A list where a text is wanted, a text where a mapping is, nothing at all. The tables in schema/README.md say what each key wants."},
		{KeyClash, "two keys do not go together", "Each of them says what the other one says, too, or makes it meaningless. Decide for one."},
		{KeyUseless, "a key has no meaning for a field of that kind", "Defaults are for what may be absent, bounds for integers, `empty` for texts, and so on. Take the key out, or see whether the type is the one that was meant."},

		{PackageName, "a package has a name that Go does not like", "Names of packages are short, of small letters and digits, no keywords, and not those of packages that all generated code uses."},
		{GoName, "a name cannot be that of something exported in Go", "Exported names begin with a capital letter and go on with letters and digits. Where the name on the wire does not make one, `go:` gives it."},
		{GoNameTaken, "two things have the same name in Go", "Types, constants and functions share the scope of the package, fields and methods that of the struct. `go:` gives one of them another name; those of types are `type:`."},
		{XMLName, "a name cannot stand in XML", "Names of elements and attributes begin with a letter or an underscore, have no spaces, and are written without a prefix: `ns:` says the namespace."},
		{XMLText, "a text has characters that XML does not allow", "Control characters, other than tabs and line ends, cannot be written in XML at all, not even escaped."},
		{ChildName, "the name of a child is missing, or not one that its type can have", "Children with a simple value and types without `name:` need a name; elements and stanzas bring theirs along."},
		{Twice, "something is listed twice", "One of the two would never be used. A child that may be repeated is `many: true`."},
		{Ambiguous, "two elements cannot be told apart", "They have the same name on the wire, so that a decoder could not know which type is meant. `when:` tells elements of one name apart; enums that name elements of one namespace have no value in common."},
		{Namespace, "a namespace is missing, wrong, or not known by that key", "Every element has one. With one `namespace:` all are in it; with several, `ns:` says the key where it is not the one that is called \"\"."},
		{Import, "an import does not lead to a package whose types can be used", "`imports:` names packages of this project or of the same run by their names, others with the path of their schema and their import path. Packages cannot import each other in a circle, and one that is not used is a mistake."},

		{TypeUnknown, "there is no type of that name", "Types are the scalars of the language, enums, elements and types of the file, and those of imports as `pkg.Type`."},
		{TypeKind, "a type is of a kind that cannot stand there", "Attributes and texts have simple values; elements, stanzas, flags and texts in several languages are children."},
		{TypeUnused, "no element leads to a nested type", "Nobody could ever meet it. Name it as the type of a child, or take it out."},
		{Recursion, "an element requires itself inside", "It would have no end. One of the children on the way round has to be optional, or to be repeated without being required."},
		{Value, "a value is none of its type", "Defaults, fixed values, bounds and values of enums have to be valid as a peer's would have to be."},
		{EnumBase, "an enum has no values, or not of a possible type", "The base of an enum is string or an integer type; with `numbers:`, the values are words beside numbers."},
		{EnumNames, "values of an enum cannot be names of elements", "Where `names:` uses an enum, its values stand on the wire as names: they are texts, and names as XML has them."},
		{Choice, "an alternative of one_of cannot be told from the others", "Each has a name and a Go type of its own. What may stand several times, or has any name, is no alternative."},
		{Like, "like does not lead to a shape that can be copied", "It names an element, type or form of the file or of an import, not a request; the shape is copied whole, and not round in a circle."},
		{When, "what tells elements of one name apart cannot do so", "`when:` looks at the value of an attribute that is no field, or at a child that is. Conditions of one name look at the same attribute, or all at children, and differ."},
		{Place, "it is not said where an element stands, or not in a known word", "`in:` lists some of message, presence, iq, stream (a nonza) and any (inside others). It decides which handlers an element can have."},
		{Sender, "there is no sender rule of that name", "The rules are in schema/README.md, in the section about who may send what."},
		{Feature, "a disco feature is not one", "Features are texts without white space, each once in a list. Most are namespaces."},
		{Request, "an IQ request or its answer is not possible", "Each request has one type and one type of answer, which is an element of the top level, or `empty`."},
		{FormField, "a field of a data form is not possible", "XEP-0004 says which types fields have; FORM_TYPE and its value come from `form_type:`."},
		{FieldValue, "the value or the options of a field of a data form are not possible", "Options are for lists, a default is one of them, and a fixed field has something to show."},
		{Ref, "the spec, or a section of it, is not written in the known way", "`XEP-0184` with the anchor of a section, `RFC 6120` with section-8.3; they make the links of the comments."},
		{DocRepeats, "a doc begins with the Go name", "The name is put in front of it: `doc: is the id.` becomes \"ID is the id.\""},
		{Example, "an example is not one of this schema", "Examples are well-formed, without comments, and contain an element of the schema; each feeds a round-trip test."},

		{Input, "the files that were given cannot be compiled together", "Schemas are .yaml and .xsd files, each given once, or directories of them. The import path follows from go.mod, or is given with --import-path."},
		{Output, "the output cannot be written", "Files that stanzagen has not made are never overwritten or removed. Move them away, or write to another directory with -o."},
	}
}

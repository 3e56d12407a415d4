package discovery

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/form"
	"stanza.invalid/gen/hashes"
)

// ErrIllFormed is wrapped by the error for an answer that no hash can stand for: something is
// in it twice, or something that a hash does not cover.
var ErrIllFormed = errors.New("discovery: the information is ill-formed")

// errAmbiguous is for an answer with whose hash of XEP-0115 another answer could go as well.
var errAmbiguous = errors.New("discovery: the hash could stand for something else")

func illFormed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrIllFormed, fmt.Sprintf(format, args...))
}

// function returns a hash function, nil for one that is not to be relied on. SHA-1 is good
// enough for XEP-0115, which has nothing else, and for nothing beyond.
func function(a hashes.Algorithm) func() hash.Hash {
	switch a {
	case hashes.AlgorithmSHA1:
		return sha1.New
	case hashes.AlgorithmSHA224:
		return sha256.New224
	case hashes.AlgorithmSHA256:
		return sha256.New
	case hashes.AlgorithmSHA384:
		return sha512.New384
	case hashes.AlgorithmSHA512:
		return sha512.New
	case hashes.AlgorithmSHA3256:
		return func() hash.Hash { return sha3.New256() }
	case hashes.AlgorithmSHA3512:
		return func() hash.Hash { return sha3.New512() }
	}
	return nil
}

// strength orders hash functions for XEP-0390; 0 is for those that are not used.
func strength(a hashes.Algorithm) int {
	return 1 + slices.Index([]hashes.Algorithm{
		hashes.AlgorithmSHA256, hashes.AlgorithmSHA3256, hashes.AlgorithmSHA384, hashes.AlgorithmSHA512, hashes.AlgorithmSHA3512,
	}, a)
}

func sum(f func() hash.Hash, text string) []byte {
	h := f()
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Verification returns the verification string of XEP-0115, section 5.1.
func Verification(info *disco.Info, a hashes.Algorithm) (string, error) {
	f := function(a)
	if f == nil {
		return "", fmt.Errorf("discovery: no hash function %q", a)
	}
	d, err := digest(info, false)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(sum(f, d.joined())), nil
}

// Hash returns the capability hash of XEP-0390, section 4.1.
func Hash(info *disco.Info, a hashes.Algorithm) (hashes.Hash, error) {
	f := function(a)
	if f == nil || strength(a) == 0 {
		return hashes.Hash{}, fmt.Errorf("discovery: no hash function %q", a)
	}
	d, err := digest(info, true)
	if err != nil {
		return hashes.Hash{}, err
	}
	return hashes.Hash{Algorithm: a, Value: sum(f, d.separated())}, nil
}

// digested is what hashes cover of an answer, in order, and nothing else.
type digested struct {
	identities []disco.Identity
	features   []string
	forms      []digestedForm
}

type digestedForm struct {
	typ    string
	fields []digestedField // without FORM_TYPE
}

type digestedField struct {
	name   string
	values []string
}

// digest finds what hashes cover. XEP-0390 is strict: what its hash does not cover must not be
// there; XEP-0115 ignores forms without a type.
func digest(info *disco.Info, strict bool) (*digested, error) {
	d := &digested{}
	if strict && len(info.Extensions) > 0 {
		return nil, illFormed("%s", info.Extensions[0].Name())
	}
	for _, id := range info.Identities {
		d.identities = append(d.identities, disco.Identity{Category: id.Category, Type: id.Type, Lang: id.Lang, Name: id.Name})
	}
	compare := func(a, b disco.Identity) int {
		return slices.Compare([]string{a.Category, a.Type, a.Lang, a.Name}, []string{b.Category, b.Type, b.Lang, b.Name})
	}
	slices.SortFunc(d.identities, compare)
	for i := range d.identities {
		if i > 0 && compare(d.identities[i-1], d.identities[i]) == 0 {
			return nil, illFormed("an identity twice")
		}
	}
	for _, f := range info.Features {
		d.features = append(d.features, f.Var)
	}
	slices.Sort(d.features)
	if twice(d.features) {
		return nil, illFormed("a feature twice")
	}
	for i := range info.Forms {
		f, err := digestForm(&info.Forms[i], strict)
		if err != nil {
			return nil, err
		}
		if f != nil {
			d.forms = append(d.forms, *f)
		}
	}
	slices.SortStableFunc(d.forms, func(a, b digestedForm) int { return strings.Compare(a.typ, b.typ) })
	for i := range d.forms {
		if i > 0 && d.forms[i-1].typ == d.forms[i].typ {
			return nil, illFormed("two forms of type %q", d.forms[i].typ)
		}
	}
	return d, nil
}

// digestForm returns nil for a form that XEP-0115 ignores.
func digestForm(f *form.Form, strict bool) (*digestedForm, error) {
	if strict && (f.Reported != nil || len(f.Items) > 0) {
		return nil, illFormed("a form with a table")
	}
	d := &digestedForm{}
	typed := false
	for _, field := range f.Fields {
		values := slices.Clone(field.Values)
		slices.Sort(values)
		if field.Var != "FORM_TYPE" {
			d.fields = append(d.fields, digestedField{field.Var, values})
			continue
		}
		values = slices.Compact(values)
		switch {
		case typed:
			return nil, illFormed("two types of a form")
		case len(values) > 1:
			return nil, illFormed("a form of several types")
		case len(values) == 1 && (field.Type == form.FieldTypeHidden || strict && field.Type == ""):
			typed, d.typ = true, values[0]
		}
	}
	if !typed {
		if strict {
			return nil, illFormed("a form without a type")
		}
		return nil, nil
	}
	slices.SortStableFunc(d.fields, func(a, b digestedField) int { return strings.Compare(a.name, b.name) })
	for i := range d.fields {
		if i > 0 && d.fields[i-1].name == d.fields[i].name {
			return nil, illFormed("a field twice: %q", d.fields[i].name)
		}
	}
	return d, nil
}

func twice(sorted []string) bool {
	for i := range sorted {
		if i > 0 && sorted[i-1] == sorted[i] {
			return true
		}
	}
	return false
}

// joined is what XEP-0115 hashes.
func (d *digested) joined() string {
	var b strings.Builder
	for _, id := range d.identities {
		b.WriteString(id.Category + "/" + id.Type + "/" + id.Lang + "/" + id.Name + "<")
	}
	for _, f := range d.features {
		b.WriteString(f + "<")
	}
	for _, f := range d.forms {
		for _, s := range f.factors() {
			b.WriteString(s + "<")
		}
	}
	return b.String()
}

// factors returns what of a form is hashed, in order.
func (f *digestedForm) factors() []string {
	all := []string{f.typ}
	for _, field := range f.fields {
		all = append(all, field.name)
		all = append(all, field.values...)
	}
	return all
}

// unambiguous says whether an answer may be cached by its hash of XEP-0115. That hash covers a
// list of texts without saying what they are: an answer is refused which hides features of
// another by showing them as something else.
func (d *digested) unambiguous() error {
	var all []string
	for _, id := range d.identities {
		// "http://jabber.org/protocol/muc" reads like an identity without a type
		if id.Category == "" || id.Type == "" || strings.ContainsAny(id.Category+id.Type+id.Lang, "/:") {
			return errAmbiguous
		}
		all = append(all, id.Category, id.Type, id.Lang, id.Name)
	}
	if len(d.identities) == 0 || len(d.features) == 0 {
		return errAmbiguous
	}
	all = append(all, d.features...)
	for _, f := range d.forms {
		all = append(all, f.factors()...)
	}
	if slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, "<") }) {
		return errAmbiguous
	}
	// a form whose type sorts behind the features may be made of the last of them
	if len(d.forms) > 0 && d.forms[0].typ > d.features[len(d.features)-1] {
		return errAmbiguous
	}
	return nil
}

// The separators of XEP-0390, which XML cannot contain.
const (
	fileSeparator, groupSeparator, recordSeparator, unitSeparator = "\x1c", "\x1d", "\x1e", "\x1f"
)

// separated is what XEP-0390 hashes.
func (d *digested) separated() string {
	var b strings.Builder
	for _, f := range sortedBy(d.features, func(f string) string { return f + unitSeparator }) {
		b.WriteString(f)
	}
	b.WriteString(fileSeparator)
	for _, id := range sortedBy(d.identities, func(id disco.Identity) string {
		return id.Category + unitSeparator + id.Type + unitSeparator + id.Lang + unitSeparator + id.Name + unitSeparator + recordSeparator
	}) {
		b.WriteString(id)
	}
	b.WriteString(fileSeparator)
	for _, f := range sortedBy(d.forms, separatedForm) {
		b.WriteString(f)
	}
	b.WriteString(fileSeparator)
	return b.String()
}

func separatedForm(f digestedForm) string {
	fields := append([]digestedField{{"FORM_TYPE", []string{f.typ}}}, f.fields...)
	return strings.Join(sortedBy(fields, func(f digestedField) string {
		values := sortedBy(f.values, func(v string) string { return v + unitSeparator })
		return f.name + unitSeparator + strings.Join(values, "") + recordSeparator
	}), "") + groupSeparator
}

func sortedBy[T any](all []T, f func(T) string) []string {
	texts := make([]string, 0, len(all))
	for _, v := range all {
		texts = append(texts, f(v))
	}
	slices.Sort(texts)
	return texts
}

// info makes an answer of what was hashed: the rest of one, which nobody has vouched for, is
// not for others.
func (d *digested) info() *disco.Info {
	info := &disco.Info{Identities: slices.Clone(d.identities)}
	for _, f := range d.features {
		info.Features = append(info.Features, disco.Feature{Var: f})
	}
	for _, f := range d.forms {
		x := form.Form{Type: form.TypeResult, Fields: []form.Field{{Var: "FORM_TYPE", Type: form.FieldTypeHidden, Values: []string{f.typ}}}}
		for _, field := range f.fields {
			x.Fields = append(x.Fields, form.Field{Var: field.name, Values: field.values})
		}
		info.Forms = append(info.Forms, x)
	}
	return info
}

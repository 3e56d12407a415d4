package typed

import (
	"errors"
	"slices"
	"strings"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// maxFaults is how many faults of one payload are looked for.
const maxFaults = 64

// mend says what does not fit in an element, of which v was read up to the first fault, and reads what does: it takes out what
// does not fit and decodes the rest, until that goes well. What it returns is nil if nothing is left.
func (rd *reading) mend(t *Type, r wire.Raw, v stanza.Decoder, err error) (stanza.Decoder, wire.Raw) {
	mended := r
	origins := elements(r) // what the elements of mended were, in document order
	gone := map[part]int{} // what was taken out
	for range maxFaults {
		fault, ok := errors.AsType[*wire.DecodeError](err)
		cut, attr := locate(mended, err)
		at := slices.Index(elements(mended), cut)
		if ok && fault.Reason == missing && gone[partOf(fault)] > 0 {
			gone[partOf(fault)]-- // there was one, which did not fit
		} else if at >= 0 {
			rd.Invalid = append(rd.Invalid, Invalid{Err: err, Element: rd.original(origins[at]), Attr: attr})
		} else {
			rd.Invalid = append(rd.Invalid, Invalid{Err: err, Element: rd.original(r)})
		}
		if cut == mended && attr == "" && ok && fault.Reason == missing {
			rd.from(mended, origins)
			return v, mended // what is there was read
		}
		if cut.IsZero() || cut == mended && attr == "" {
			return nil, r
		}
		if attr != "" {
			gone[part{cut.Name(), attr}]++
		} else if parent := parentOf(mended, cut); !parent.IsZero() {
			gone[part{parent.Name(), cut.Local()}]++
		}
		text, failed := without(mended, cut, attr)
		if failed != nil {
			return nil, r
		}
		if attr == "" {
			origins = slices.Delete(origins, at, at+len(elements(cut)))
		}
		if mended, failed = wire.Parse(text); failed != nil {
			return nil, r
		}
		v = t.make()
		if !v.Matches(mended.Name()) || !stanza.Fits(v, mended) {
			return nil, r
		}
		if err = v.DecodeXML(mended); err == nil {
			rd.from(mended, origins)
			return v, mended
		}
	}
	return nil, r
}

// from notes what the elements of a mended one were.
func (rd *reading) from(mended wire.Raw, origins []wire.Raw) {
	for i, el := range elements(mended) {
		if i < len(origins) {
			rd.origins[el] = origins[i]
		}
	}
}

// elements returns an element and all in it in document order.
func elements(r wire.Raw) (all []wire.Raw) {
	search(r, func(el wire.Raw) bool {
		all = append(all, el)
		return false
	})
	return all
}

// missing is the reason of a DecodeError for what is not there.
const missing = "is missing"

// part is an attribute or child of the elements of a name.
type part struct {
	of   wire.Name
	name string
}

func partOf(e *wire.DecodeError) part { return part{e.Element, e.Attr + e.Child} }

func parentOf(root, r wire.Raw) (parent wire.Raw) {
	search(root, func(el wire.Raw) bool {
		if slices.Contains(children(el), r) {
			parent = el
		}
		return !parent.IsZero()
	})
	return parent
}

// invalid notes an error of decoding r.
func (rd *reading) invalid(r wire.Raw, err error) {
	at, attr := locate(r, err)
	rd.Invalid = append(rd.Invalid, Invalid{Err: err, Element: rd.original(at), Attr: attr})
}

// locate returns where in r a fault is: the element, and its attribute if that is the fault and there. Of a child whose
// text does not fit it is the child, or, if it is missing, the parent.
func locate(r wire.Raw, err error) (wire.Raw, string) {
	fault, ok := errors.AsType[*wire.DecodeError](err)
	if !ok {
		return wire.Raw{}, ""
	}
	var found wire.Raw
	var attr string
	search(r, func(el wire.Raw) bool {
		if el.Name() != fault.Element {
			return false
		}
		missing := fault.Reason == missing
		switch {
		case fault.Attr != "":
			v, there := attrValue(el, fault.Attr)
			if missing != !there || !missing && !strings.HasPrefix(v, fault.Value) {
				return false
			}
			found = el
			if there {
				attr = fault.Attr
			}
			return true
		case fault.Child != "":
			for _, c := range children(el) {
				if c.Local() == fault.Child && (missing || strings.HasPrefix(c.Text(), fault.Value)) {
					if missing {
						return false
					}
					found = c
					return true
				}
			}
			found = el
			return missing
		}
		if !strings.HasPrefix(el.Text(), fault.Value) {
			return false
		}
		found = el
		return true
	})
	return found, attr
}

// search goes through the elements in document order until found says yes.
func search(r wire.Raw, found func(wire.Raw) bool) bool {
	if found(r) {
		return true
	}
	for c := r.Children(); c.Next(); {
		if search(c.Raw(), found) {
			return true
		}
	}
	return false
}

// attrValue returns an attribute by its name in a DecodeError.
func attrValue(r wire.Raw, name string) (string, bool) {
	for a := r.Attrs(); a.Next(); {
		if a.Name() == name || a.Name() == "" && a.Expanded().String() == name {
			return a.Value(), true
		}
	}
	return "", false
}

// without returns r as text without one of its elements, or, with a name, without that attribute of it.
func without(r, cut wire.Raw, attr string) (string, error) {
	b, err := appendWithout(nil, r, "", cut, attr)
	return string(b), err
}

func appendWithout(b []byte, r wire.Raw, ns string, cut wire.Raw, attr string) ([]byte, error) {
	if r == cut && attr == "" {
		return b, nil
	}
	tag := len(b)
	b, err := wire.AppendOpen(b, r.Name(), ns)
	if err != nil {
		return b, err
	}
	var x wire.Extra
	for a := r.Attrs(); a.Next(); {
		if n := a.Expanded(); r != cut || a.Name() != attr && n.String() != attr {
			x.Attrs = append(x.Attrs, wire.Attr{Name: n, Value: a.Value()})
		}
	}
	if b, err = x.AppendAttrs(b, tag); err != nil {
		return b, err
	}
	b = append(b, '>')
	if b, err = wire.AppendText(b, r.Text()); err != nil {
		return b, err
	}
	for c := r.Children(); c.Next(); {
		if b, err = appendWithout(b, c.Raw(), r.Space(), cut, attr); err != nil {
			return b, err
		}
	}
	return append(append(append(b, "</"...), r.Local()...), '>'), nil
}

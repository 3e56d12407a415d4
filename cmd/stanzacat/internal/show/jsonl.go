package show

import (
	"bytes"
	"encoding/json"
	"io"

	"stanza.invalid/cmd/stanzacat/internal/paste"
)

// line is what -o jsonl has for each element.
type line struct {
	N        int       `json:"n"`
	Name     string    `json:"name"`
	Payloads []payload `json:"payloads"`
	Unknown  []string  `json:"unknown"`
	Invalid  []string  `json:"invalid"`
	XML      string    `json:"xml"`
}

type payload struct {
	Name string  `json:"name"`
	Type *string `json:"type"`
}

// fault is what it has for what is no element.
type fault struct {
	N     int    `json:"n"`
	Error string `json:"error"`
}

func jsonLine(w io.Writer, r *Record) error {
	switch {
	case r.Kind == paste.Footer:
		return nil // no element
	case r.Err != nil:
		return encode(w, fault{r.N, r.Err.Error()})
	}
	return encode(w, lineOf(r))
}

func lineOf(r *Record) line {
	l := line{N: r.N, Name: r.Element.Name.String(), Payloads: []payload{}, Unknown: []string{}, Invalid: []string{}, XML: r.Element.XML}
	for _, p := range r.Element.Payloads {
		l.Payloads = append(l.Payloads, payload{p.Raw.Name().String(), typeName(p.Type)})
	}
	for _, u := range r.Element.Unknown {
		l.Unknown = append(l.Unknown, u.Path)
	}
	for _, i := range r.Element.Invalid {
		l.Invalid = append(l.Invalid, i.Err.Error())
	}
	return l
}

// encode writes a value as one line of JSON, with <, > and & as they are.
func encode(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

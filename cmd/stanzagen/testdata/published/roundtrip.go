// Roundtrip decodes and encodes published examples with types that were made of published XSDs. It reads the files of its
// arguments, each line an example, and writes a line of JSON for each element of an example and type that takes it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"os"
	"path"
	"reflect"

	"example.org/published/together/all"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

type example struct {
	ID        string
	Fragments []struct{ XML string }
}

// verdict is what happened to one element.
type verdict struct {
	Package, Example string
	// Name is the element.
	Name string
	// Named says that the schema names all that is in the element.
	Named bool
	// Error is empty if the element came out as it went in. Refused says that it never went in.
	Error   string
	Refused bool
}

func main() {
	byName := map[wire.Name][]all.Entry{}
	for _, e := range all.Types() {
		for _, n := range e.Names {
			byName[n] = append(byName[n], e)
		}
	}
	out := json.NewEncoder(os.Stdout)
	for _, file := range os.Args[1:] {
		data, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var e example
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				log.Fatal(err)
			}
			for i, f := range e.Fragments {
				r, err := wire.Parse(f.XML)
				if err != nil {
					continue // not what may stand in a stream
				}
				walk(r, func(r wire.Raw) {
					for _, t := range byName[r.Name()] {
						v := verdict{Package: path.Base(t.Package), Example: fmt.Sprintf("%s#%d", e.ID, i), Name: r.Name().String()}
						refused, err := try(t.New, r, &v.Named)
						if v.Refused = refused; err != nil {
							v.Error = err.Error()
						}
						if err := out.Encode(v); err != nil {
							log.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// walk visits an element and all that is in it.
func walk(r wire.Raw, visit func(wire.Raw)) {
	visit(r)
	for c := r.Children(); c.Next(); {
		walk(c.Raw(), visit)
	}
}

// try decodes and encodes an element with the codec and, if the schema names all that is in it, with encoding/xml,
// which gets what the codec writes: without prefixes, whose declarations it takes for attributes.
func try(create func() stanza.Decoder, r wire.Raw, named *bool) (refused bool, err error) {
	v := create()
	if err := v.DecodeXML(r); err != nil {
		_, ok := errors.AsType[*wire.DecodeError](err)
		return ok, err
	}
	written, err := v.AppendXML(nil, "")
	if err != nil {
		return false, fmt.Errorf("cannot be written: %w", err)
	}
	if err := same(r, written); err != nil {
		return false, err
	}
	*named = !hasExtra(reflect.ValueOf(v))
	if !*named {
		return false, nil
	}
	std := create()
	if err := xml.Unmarshal(written, std); err != nil {
		return false, fmt.Errorf("encoding/xml: %w", err)
	}
	if written, err = xml.Marshal(std); err != nil {
		return false, fmt.Errorf("encoding/xml: %w", err)
	}
	if err := same(r, written); err != nil {
		return false, fmt.Errorf("encoding/xml: %w", err)
	}
	return false, nil
}

// same reports how what was written differs from r.
func same(r wire.Raw, written []byte) error {
	want, err := infoset(r.String())
	if err != nil {
		return err
	}
	got, err := infoset(string(written))
	if err != nil {
		return fmt.Errorf("was written as %s: %w", written, err)
	}
	if got != want {
		return fmt.Errorf("was written as %s", written)
	}
	return nil
}

// hasExtra reports whether something in v had no field.
func hasExtra(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return false
		}
		if v.Type() == reflect.TypeFor[*wire.Extra]() {
			return true
		}
		return hasExtra(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if hasExtra(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && hasExtra(v.Field(i)) {
				return true
			}
		}
	}
	return false
}
